"""Who is really connected, and what they sent, as Flask was told by its server."""

from __future__ import annotations

from typing import Any


def as_connected(scope: Any, receive: Any) -> Any:
    """The scope with the client of the connection itself, where the server lets us ask.

    uvicorn believes ``X-Forwarded-For`` from whom it trusts (``--forwarded-allow-ips``); Flask's servers did not.
    Of ``X-Forwarded-Proto`` gunicorn did, so the scheme is the server's to tell.
    """
    if scope["type"] not in ("http", "websocket"):
        return scope
    scope = {**scope, "path": _path(scope)}
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is None:
        return scope
    peer = transport.get_extra_info("peername")
    if not isinstance(peer, (tuple, list)) or len(peer) < 2:
        return scope
    return {**scope, "client": (str(peer[0]), int(peer[1]))}


def _path(scope: Any) -> str:
    """The path with one slash at its start: to rules and gates alike ``//admin`` was ``/admin``."""
    path, root = str(scope["path"]), str(scope.get("root_path") or "")
    if "://" in path and not path.startswith("/"):  # some servers leave a whole URL as it is
        path = "/" + path.partition("://")[2].partition("/")[2]
    path = path.removeprefix(root) if root else path
    return f"{root}/{path.lstrip('/')}"


def as_passed_on(scope: Any) -> Any:
    """The scope as Flask saw it: each header once, none with an underscore; one slash at the start of the path."""
    joined: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if b"_" in name:
            continue  # X_User must not pass for X-User
        # HTTP/2 splits cookies; in HTTP/1.1 a second header is a mistake, and reads as WSGI servers made it read
        split = name == b"cookie" and not scope.get("http_version", "1.1").startswith("1")
        value = value.strip(b" \t")  # not all servers do
        joined[name] = joined[name] + (b"; " if split else b",") + value if name in joined else value
    return {**scope, "headers": list(joined.items()), "path": _path(scope)}


def misleads(scope: Any) -> bool:
    """Whether ``request.url`` has another path than the request: Starlette before 1.0 believes any ``Host``."""
    host: bytes = dict(scope["headers"]).get(b"host", b"")
    if not set(b"/?#\\@") & set(host):
        return False
    from starlette.datastructures import URL

    return URL(scope={**scope, "path": "/~"}).path != "/~"


async def refuse(scope: Any, receive: Any, send: Any) -> None:
    """Answer that this is no request."""
    await receive()
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": "refused"})
        return
    await send({"type": "http.response.start", "status": 400, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})
