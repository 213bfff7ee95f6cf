"""The request that is being served, for callbacks, layouts and helpers that are not given one."""

from __future__ import annotations

import contextvars
from typing import Any, cast

from starlette.requests import HTTPConnection, Request

_current: contextvars.ContextVar[HTTPConnection | None] = contextvars.ContextVar("current_request", default=None)


def current_request() -> Request:
    """The request being served, also in threads; in websocket callbacks the handshake they came over.

    Raises:
        RuntimeError: nothing is being served.
    """
    connection = _current.get()
    if connection is None:
        raise RuntimeError("Working outside of request context.")
    return cast("Request", connection)


def has_request() -> bool:
    """Whether a request is being served."""
    return _current.get() is not None


def vars_of(request: HTTPConnection) -> dict[str, Any]:
    """What is kept on ``request.state``, as a dictionary."""
    state: dict[str, Any] = request.state._state
    return state


def serving(connection: HTTPConnection | None) -> contextvars.Token[Any]:
    """Make a connection the current one; the server calls this."""
    return _current.set(connection)
