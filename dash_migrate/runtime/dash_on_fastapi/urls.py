"""``url_for`` with Flask's manners: relative, unknown values into the query, ``_external``, ``_anchor``."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from starlette.requests import HTTPConnection
from werkzeug.routing import Map, Rule
from werkzeug.urls import _urlencode

from .current import current_request, has_request
from .routing import flat_routes


def url_for(
    endpoint: str,
    *,
    _anchor: str | None = None,
    _method: str | None = None,
    _scheme: str | None = None,
    _external: bool | None = None,
    **values: Any,
) -> str:
    """The URL of a route by its name.

    Raises:
        LookupError: no route of that name takes these values.
    """
    request = current_request()
    path, used = _path(request.app, endpoint, values, _method)
    path = request.scope.get("root_path", "") + path
    rest = {key: value for key, value in values.items() if key not in used and value is not None}
    query = _urlencode(rest)
    url = f"{path}?{query}" if query else path
    if _external or _scheme is not None:
        url = f"{_scheme or request.url.scheme}://{request.headers.get('host', 'localhost')}{url}"
    return f"{url}#{quote(_anchor, safe='%!#$&()*+,/:;=?@')}" if _anchor is not None else url


def _path(server: Any, endpoint: str, values: dict[str, Any], method: str | None) -> tuple[str, set[str]]:
    best: tuple[str, set[str]] | None = None
    for route, prefix in flat_routes(server.router):
        if getattr(route, "name", None) != endpoint:
            continue
        if hasattr(route, "options"):  # a FlaskRoute: werkzeug builds it
            built = _built(prefix + route.path, route.options, values)
            if built is not None and (best is None or len(built[1]) > len(best[1])):
                best = built
            continue
        if not hasattr(route, "param_convertors"):
            continue
        if method is not None and method not in (getattr(route, "methods", None) or ()):
            continue
        wanted = set(route.param_convertors)
        if wanted <= set(values) and (best is None or len(wanted) > len(best[1])):
            given = {name: _text(values[name], route.param_convertors[name]) for name in wanted}
            best = (prefix + route.path_format.format(**given), wanted)
    if best is None:
        raise LookupError(f"Could not build url for endpoint {endpoint!r} with values {sorted(values)!r}.")
    return best


def _built(rule: str, options: dict[str, Any], values: dict[str, Any]) -> tuple[str, set[str]] | None:
    made = Rule(rule, endpoint="x", **options)
    adapter = Map([made]).bind("localhost")
    wanted = made.arguments - set(made.defaults or ())
    if not wanted <= set(values):
        return None
    return adapter.build("x", {k: v for k, v in values.items() if k in made.arguments}), set(made.arguments)


def _text(value: Any, converter: Any) -> str:
    safe = "!$&'()*+,/:;=@" if type(converter).__name__ == "PathConvertor" else "!$&'()*+,:;=@"
    return quote(str(value), safe=safe)


def endpoint_of(request: HTTPConnection) -> str | None:
    """``flask.request.endpoint``: the name of the route a request goes to."""
    route = request.scope.get("dash.route")
    return getattr(route, "name", None) if has_request() else None
