"""Which route a request goes to: werkzeug's choice, as on Flask.

FastAPI takes the first route that matches, answers HEAD and OPTIONS with 405, and knows no slash redirects once
Dash's catch-all is there. Flask took the most specific rule, and had all of these.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from werkzeug.routing import Map, MapAdapter, RequestRedirect, Rule
from werkzeug.sansio.utils import get_host

from .answers import from_werkzeug, make_response
from .current import current_request
from .plain_request import trusted_hosts
from .threads import in_thread

_PARAMETER = re.compile(r"{(\w+)(?::(\w+))?}")
_VARIABLE = re.compile(r"<(?:(\w+):)?(\w+)>")


class FlaskRoute(BaseRoute):
    """One rule of Flask's and its view, which may return whatever a Flask view may."""

    def __init__(self, rule: str, view: Any, name: str, methods: Any = None, **options: Any) -> None:
        self.path, self.name = rule, name
        self.endpoint = view
        self.methods = {str(m).upper() for m in methods or getattr(view, "methods", None) or ("GET",)}
        self.options = options  # of werkzeug's Rule
        self.owners: tuple[Any, ...] = ()

    def under(self, prefix: str, owner: Any, renamed: str | None = None) -> FlaskRoute:
        """The same route in a router that is included under a prefix, or under another name."""
        name = self.name if renamed is None else renamed + self.name.removeprefix(owner.name)
        made = FlaskRoute(prefix + self.path, self.endpoint, name, self.methods, **self.options)
        made.owners = (owner, *self.owners)
        return made

    def matches(self, scope: Any) -> tuple[Match, Any]:
        return Match.NONE, {}  # Dispatch finds it in werkzeug's map

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        if self.endpoint is None:
            raise KeyError(self.name)
        arguments = dict(scope["path_params"])
        if "request" in inspect.signature(self.endpoint).parameters:
            arguments.setdefault("request", current_request())
        if inspect.iscoroutinefunction(self.endpoint):
            answer = await self.endpoint(**arguments)
        else:
            answer = await in_thread(self.endpoint, **arguments)
        await make_response(answer)(scope, receive, send)


class Proceed:
    """What a view gives to what stands around it, until it is known that it may run."""


class Routes:
    """The routes of a FastAPI router, read when the first request comes."""

    def __init__(self, server: Any) -> None:
        self.server, self.router = server, server.router
        self._map: Map | None = None
        self._routes: dict[int, tuple[Any, tuple[Any, ...]]] = {}  # by the id of the rule

    def find(self, scope: Any) -> Any:
        """The route for a request, or the answer that needs none: a redirect, the methods allowed.

        Raises:
            NotFound: no route has this path.
            MethodNotAllowed: none has it with this method.
            SecurityError: it is for a host that is not among ``TRUSTED_HOSTS``.
        """
        adapter = self.adapter(scope)
        if trusted_hosts(scope) is not None:
            get_host(scope["scheme"], host_of(scope), trusted_hosts=trusted_hosts(scope))
        try:
            rule, values = adapter.match(_path(scope), scope["method"], return_rule=True)
            route, owners = self._routes[id(rule)]
        except RequestRedirect as redirect:
            return from_werkzeug(redirect.get_response())
        scope.update({"dash.route": route, "dash.routers": owners, "dash.rule": rule, "path_params": values})
        if scope["method"] == "OPTIONS" and not handles(route, "OPTIONS"):
            return self.allowed(scope)
        return route

    def allowed(self, scope: Any) -> Response:
        """The answer that says which methods a path has."""
        allowed = ", ".join(self.adapter(scope).allowed_methods(_path(scope)))
        answer = Response(b"", headers={"Allow": allowed, "Content-Type": "text/html; charset=utf-8"})
        del answer.headers["content-length"]  # added when hooks have seen it, as on Flask
        return answer

    def adapter(self, scope: Any) -> MapAdapter:
        """Werkzeug's map of the routes, bound to a request: it finds rules and builds URLs."""
        if self._map is None:
            self._map = self._read()
        query = scope.get("query_string", b"").decode("latin-1")
        scheme = {"ws": "http", "wss": "https"}.get(scope["scheme"], scope["scheme"])
        host = get_host(scheme, host_of(scope))  # without the port that goes without saying
        root, method = scope.get("root_path", "") or "/", scope.get("method", "GET")
        return self._map.bind(host, root, url_scheme=scheme, default_method=method, query_args=query)

    def map(self) -> Map:
        """The rules there are by now."""
        return self._map or self._read()

    def _read(self) -> Map:
        self._routes.clear()
        #: an empty werkzeug map with converters and rules for slashes
        settings = getattr(self.server, "url_map", None) or Map()
        url_map = Map(strict_slashes=settings.strict_slashes, merge_slashes=settings.merge_slashes)
        url_map.converters = settings.converters
        for router in {id(o): o for _, _, owners in routes_with_owners(self.router) for o in owners}.values():
            router.routes.sort(key=_rank)  # FastAPI takes the first that matches
        known = {r.name: r.endpoint for r, _, _ in routes_with_owners(self.router) if getattr(r, "endpoint", None)}
        for route, prefix, owners in routes_with_owners(self.router):  # of rules alike, the first that was added
            if "GET" in (getattr(route, "methods", None) or ()):
                route.methods.add("HEAD")
            if isinstance(route, FlaskRoute) and route.endpoint is None:
                route.endpoint = known.get(route.name)  # another rule's
            if getattr(route, "methods", None):
                route.methods.update(getattr(getattr(route, "endpoint", None), "required_methods", ()))
            for rule in _rules(route, prefix):
                url_map.add(rule)
                self._routes[id(rule)] = (route, owners)
        return url_map


def host_of(scope: Any) -> str:
    """The host a request is for, as it says."""
    return str(dict(scope["headers"]).get(b"host", b"localhost").decode("latin-1"))


def _path(scope: Any) -> str:
    """The path of a request below the app's own."""
    path, root = str(scope["path"]), scope.get("root_path", "")
    return path[len(root) :] if root and path.startswith(root) else path


def _rules(route: Any, prefix: str) -> Iterator[Rule]:
    """What a route answers, as werkzeug says it."""
    path, name = prefix + getattr(route, "path", ""), getattr(route, "name", "")
    methods: Any = getattr(route, "methods", None)
    options = getattr(route, "options", None)
    if isinstance(options, dict):  # a FlaskRoute
        yield Rule(path, methods={*methods, "OPTIONS"}, endpoint=name, **options)
    elif methods:
        strict = getattr(route, "strict_slashes", None)
        yield Rule(as_rule(path), methods={*methods, "OPTIONS"}, endpoint=name, strict_slashes=strict)
    elif hasattr(route, "app") and hasattr(route, "path"):  # what is mounted answers for itself
        yield Rule(path + "/<path:path>", endpoint=name)
        yield Rule(path + "/", endpoint=name)


def handles(route: Any, method: str) -> bool:
    """Whether a route answers a method by itself."""
    methods = getattr(route, "methods", None)
    return methods is None or method in methods


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


def endpoint_of_route(route: Any) -> str | None:
    """The endpoint that a route had on Flask; None for no route."""
    name = getattr(route, "name", None)
    return flask_name(name) if name and name.startswith("/") else name


def flask_name(name: str) -> str:
    """What Dash calls one of its routes on Flask."""
    return _PARAMETER.sub(lambda m: f"<{m[2] or 'string'}:{m[1]}>", name)


def as_path(rule: str) -> str:
    """``/x/<int:n>`` → ``/x/{n:int}``."""
    return _VARIABLE.sub(lambda m: f"{{{m[2]}:{m[1]}}}" if m[1] and m[1] != "string" else f"{{{m[2]}}}", rule)


#: how werkzeug weighs converters: a path takes what nothing else wants
_WEIGHTS = {"int": 50, "float": 50, "uuid": 100, "path": 200}


def _rank(route: Any) -> tuple[tuple[int, int], ...]:
    """werkzeug's order of rules: fixed parts before converters, paths last."""
    parts = []
    for part in getattr(route, "path", "").split("/")[1:]:
        converters = _PARAMETER.findall(part)
        parts.append((_WEIGHTS.get(converters[0][1], 100), 0) if converters else (0, -len(part)))
    return tuple(parts)
