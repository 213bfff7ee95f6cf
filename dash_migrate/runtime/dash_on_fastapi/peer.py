"""Who is really connected, and what they sent, as Flask was told by its server."""

from __future__ import annotations

from typing import Any


def as_connected(scope: Any, receive: Any) -> Any:
    """The scope with the client of the connection itself, where the server lets us ask.

    uvicorn believes ``X-Forwarded-For`` from whom it trusts (``--forwarded-allow-ips``); Flask's servers did not.
    Of ``X-Forwarded-Proto`` gunicorn did, so the scheme is the server's to tell.
    """
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is None:
        return scope
    peer = transport.get_extra_info("peername")
    if not isinstance(peer, (tuple, list)) or len(peer) < 2:
        return scope
    return {**scope, "client": (str(peer[0]), int(peer[1]))}


def as_passed_on(scope: Any) -> Any:
    """The scope as Flask saw it: each header once, none with an underscore; one slash at the start of the path."""
    joined: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if b"_" in name:
            continue  # X_User must not pass for X-User
        # HTTP/2 splits cookies; in HTTP/1.1 a second header is a mistake, and reads as WSGI servers made it read
        split = name == b"cookie" and not scope.get("http_version", "1.1").startswith("1")
        joined[name] = joined[name] + (b"; " if split else b",") + value if name in joined else value
    root = scope.get("root_path", "")
    path = scope["path"].removeprefix(root) if root else scope["path"]
    return {**scope, "headers": list(joined.items()), "path": f"{root}/{path.lstrip('/')}"}
