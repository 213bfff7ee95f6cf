"""Which route a request goes to: werkzeug's choice, as on Flask.

FastAPI takes the first route that matches, answers HEAD and OPTIONS with 405, and knows no slash redirects once
Dash's catch-all is there. Flask took the most specific rule, and had all of these.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, RequestRedirect, Rule

from .answers import from_werkzeug

_PARAMETER = re.compile(r"{(\w+)(?::(\w+))?}")

#: the paths below a mount
TAILS: tuple[str, str] = ("/<path:path>", "/")

#: how werkzeug weighs converters: a path takes what nothing else wants
_WEIGHTS = {"int": 50, "float": 50, "uuid": 100, "path": 200}


class Routes:
    """The routes of a FastAPI router, read when the first request comes."""

    def __init__(self, router: Any, settings: Any = None) -> None:
        self.router = router
        #: an empty werkzeug map with converters and rules for slashes
        self.settings = settings or Map()
        self._map: Map | None = None
        self._routes: list[tuple[Any, tuple[Any, ...]]] = []

    def find(self, scope: Any) -> Any:
        """The route for a request, or the answer that needs none: a redirect, the methods allowed.

        Raises:
            HTTPException: 404 or 405.
        """
        if self._map is None:
            self._map = self._read()
        host = dict(scope["headers"]).get(b"host", b"localhost").decode("latin-1")
        query = scope.get("query_string", b"").decode("latin-1")
        path, root = scope["path"], scope.get("root_path", "")
        path = path[len(root) :] if root and path.startswith(root) else path
        adapter = self._map.bind(host, root or "/", url_scheme=scope["scheme"], query_args=query)
        try:
            place, values = adapter.match(path, scope["method"])
            route, owners = self._routes[place]
        except RequestRedirect as redirect:
            return from_werkzeug(redirect.get_response())
        except NotFound:
            raise HTTPException(404) from None
        except MethodNotAllowed as wrong:
            raise HTTPException(405, headers={"Allow": ", ".join(wrong.valid_methods or ())}) from None
        scope["dash.route"], scope["dash.routers"], scope["dash.values"] = route, owners, values
        if scope["method"] == "OPTIONS" and not handles(route, "OPTIONS"):
            allowed = ", ".join(adapter.allowed_methods(path))
            return Response(b"", headers={"Allow": allowed, "Content-Type": "text/html; charset=utf-8"})
        return route

    def _read(self) -> Map:
        self.router.routes.sort(key=lambda route: _rank(getattr(route, "path", "")))  # stable
        rules: list[Rule] = []
        for place, (route, prefix, owner) in enumerate(routes_with_owners(self.router)):
            self._routes.append((route, owner))
            path = prefix + getattr(route, "path", "")
            methods = getattr(route, "methods", None)
            options = getattr(route, "options", None)
            if isinstance(options, dict):  # a FlaskRoute
                rules.append(Rule(path, methods={*methods, "OPTIONS"}, endpoint=place, **options))
            elif methods:
                rules.append(Rule(as_rule(path), methods={*methods, "OPTIONS"}, endpoint=place))
            elif hasattr(route, "app") and hasattr(route, "path"):  # what is mounted answers for itself
                rules += [Rule(path + tail, endpoint=place) for tail in TAILS]
        url_map = Map(strict_slashes=self.settings.strict_slashes, merge_slashes=self.settings.merge_slashes)
        url_map.converters = self.settings.converters
        for rule in rules:
            url_map.add(rule)
        return url_map


def handles(route: Any, method: str) -> bool:
    """Whether a route answers a method by itself."""
    methods = getattr(route, "methods", None)
    return methods is None or method in methods


def flat_routes(router: Any) -> Iterator[tuple[Any, str]]:
    """Every route with the prefix it is included under."""
    for route, prefix, _ in routes_with_owners(router):
        yield route, prefix


def routes_with_owners(
    router: Any, prefix: str = "", owners: tuple[Any, ...] = ()
) -> Iterator[tuple[Any, str, tuple[Any, ...]]]:
    """Every route with its prefix and the routers it is in, the innermost last."""
    for route in router.routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from routes_with_owners(inner, prefix + route.include_context.prefix, (*owners, inner))
        elif not (owners and isinstance(getattr(route, "options", None), dict)):  # a FlaskRoute is there already
            yield route, prefix, (*owners, *getattr(route, "owners", ()))


def as_rule(path: str) -> str:
    """``/x/{n:int}`` → ``/x/<int:n>``."""
    return _PARAMETER.sub(lambda m: f"<{m[2]}:{m[1]}>" if m[2] and m[2] != "str" else f"<{m[1]}>", path)


def _rank(path: str) -> tuple[tuple[int, int], ...]:
    """werkzeug's order of rules: fixed parts before converters, paths last."""
    parts = []
    for part in path.split("/")[1:]:
        converters = _PARAMETER.findall(part)
        parts.append((_WEIGHTS.get(converters[0][1], 100), 0) if converters else (0, -len(part)))
    return tuple(parts)
