"""``url_for`` with Flask's manners: relative, unknown values into the query, ``_external``, ``_anchor``."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from starlette.requests import HTTPConnection

from .current import current_request, has_request
from .routing import endpoint_of_route


def url_for(
    endpoint: str,
    *,
    _anchor: str | None = None,
    _method: str | None = None,
    _scheme: str | None = None,
    _external: bool | None = None,
    **values: Any,
) -> str:
    """The URL of a route by its name; a leading dot stands for the router of the current route.

    Raises:
        werkzeug.routing.BuildError: no route of that name takes these values.
    """
    request = current_request()
    if endpoint.startswith("."):
        own = endpoint_of(request) or ""
        endpoint = own.rpartition(".")[0] + endpoint if "." in own else endpoint[1:]
    defaults = getattr(request.app, "url_default_functions", {})
    parts = endpoint.split(".")
    for name in (None, *(".".join(parts[:n]) for n in range(1, len(parts)))):
        for function in defaults.get(name, ()):
            function(endpoint, values)
    adapter = request.app.dispatch.routes.adapter(request.scope)
    external = _scheme is not None if _external is None else _external
    url: str = adapter.build(endpoint, values, method=_method, url_scheme=_scheme, force_external=external)
    return f"{url}#{quote(_anchor, safe='%!#$&()*+,/:;=?@')}" if _anchor is not None else url


def endpoint_of(request: HTTPConnection) -> str | None:
    """``flask.request.endpoint``: the name of the route a request goes to."""
    return endpoint_of_route(request.scope.get("dash.route")) if has_request() else None
