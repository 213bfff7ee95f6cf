"""The request as werkzeug reads it."""

from __future__ import annotations

from typing import Any

from starlette.requests import HTTPConnection
from werkzeug.datastructures import EnvironHeaders
from werkzeug.sansio.request import Request as PlainRequest


def as_werkzeug(request: HTTPConnection) -> PlainRequest:
    """The request as Flask's views read it: ``args``, ``headers``, ``authorization``, ``accept_languages`` …

    Missing keys answer 400, the first of repeated keys counts, ``get`` takes ``type=``. Bodies are read by the other
    functions here.
    """
    known = request.scope.get("dash.werkzeug")
    if known is None:
        environ = wsgi_environ(request)
        known = request.scope["dash.werkzeug"] = PlainRequest(
            method=environ["REQUEST_METHOD"],
            scheme=environ["wsgi.url_scheme"],
            server=(environ["SERVER_NAME"], int(environ["SERVER_PORT"] or 0)),
            root_path=environ["SCRIPT_NAME"],
            path=request.scope["path"],
            query_string=request.scope.get("query_string", b""),
            headers=EnvironHeaders(environ),
            remote_addr=environ["REMOTE_ADDR"],
        )
        known.trusted_hosts = trusted_hosts(request.scope)
    found: PlainRequest = known
    return found


def headers_of(request: HTTPConnection) -> Any:
    """``flask.request.headers``, for what Starlette's do otherwise: spelling, pairs, ``get(type=)``."""
    return as_werkzeug(request).headers


def trusted_hosts(scope: Any) -> Any:
    """The setting ``TRUSTED_HOSTS`` of the app."""
    return getattr(scope.get("app"), "config", {}).get("TRUSTED_HOSTS")


def wsgi_environ(connection: HTTPConnection) -> dict[str, Any]:
    """As much of a WSGI environ as werkzeug's helpers look at: method, paths and headers."""
    scope = connection.scope
    server = scope.get("server") or ("localhost", 80)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.get("method", "GET"),
        "SCRIPT_NAME": scope.get("root_path", ""),
        "PATH_INFO": scope["path"].encode("utf-8").decode("latin-1"),
        "QUERY_STRING": scope.get("query_string", b"").decode("latin-1"),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1] or ""),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": (scope.get("client") or ("", 0))[0],
        "wsgi.url_scheme": {"ws": "http", "wss": "https"}.get(scope["scheme"], scope["scheme"]),
    }
    for raw_name, raw_value in scope["headers"]:
        key = raw_name.decode("latin-1").upper().replace("-", "_")
        key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else "HTTP_" + key
        value = raw_value.decode("latin-1")
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    return environ
