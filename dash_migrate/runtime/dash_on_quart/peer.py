"""Who is really connected. uvicorn believes ``X-Forwarded-For`` and ``-Proto`` from this machine; Flask did not."""

from __future__ import annotations

from typing import Any


def as_connected(scope: Any, receive: Any) -> Any:
    """The scope with the client and scheme of the connection itself, where the server lets us ask."""
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is None:
        return scope
    peer = transport.get_extra_info("peername")
    if not isinstance(peer, (tuple, list)) or len(peer) < 2:
        return scope
    secure = "s" if transport.get_extra_info("sslcontext") else ""
    scheme = ("ws" if scope["type"] == "websocket" else "http") + secure
    return {**scope, "client": (str(peer[0]), int(peer[1])), "scheme": scheme}
