"""Who is really connected, and what they sent, as Flask was told by its server."""

from __future__ import annotations

from typing import Any


def as_connected(scope: Any, receive: Any) -> Any:
    """The scope with the client and scheme of the connection itself, where the server lets us ask.

    uvicorn believes ``X-Forwarded-For`` and ``-Proto`` from this machine; Flask's servers did not.
    """
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is None:
        return scope
    peer = transport.get_extra_info("peername")
    if not isinstance(peer, (tuple, list)) or len(peer) < 2:
        return scope
    secure = "s" if transport.get_extra_info("sslcontext") else ""
    scheme = ("ws" if scope["type"] == "websocket" else "http") + secure
    return {**scope, "client": (str(peer[0]), int(peer[1])), "scheme": scheme}


def as_passed_on(scope: Any) -> Any:
    """The scope with the headers as a WSGI server passed them on: each name once, none with an underscore."""
    joined: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if b"_" in name:
            continue  # X_User must not pass for X-User
        # HTTP/2 splits cookies; in HTTP/1.1 a second header is a mistake, and reads as WSGI servers made it read
        split = name == b"cookie" and not scope.get("http_version", "1.1").startswith("1")
        joined[name] = joined[name] + (b"; " if split else b",") + value if name in joined else value
    return {**scope, "headers": list(joined.items())}
