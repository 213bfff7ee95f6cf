"""The request that is being served, for callbacks, layouts and helpers that are not given one."""

from __future__ import annotations

import contextvars
import functools
import sys
from typing import Any, cast

from starlette.datastructures import State
from starlette.requests import HTTPConnection, Request

_current: contextvars.ContextVar[HTTPConnection | None] = contextvars.ContextVar("current_request", default=None)
_context: contextvars.ContextVar[AppContext | None] = contextvars.ContextVar("app_context", default=None)


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


def has_context() -> bool:
    """Whether a request is being served, or an ``app_context`` was pushed."""
    return _context.get() is not None or has_request()


def current_state() -> State:
    """``flask.g``: ``request.state`` of the request being served, or what a pushed ``app_context`` has instead.

    Raises:
        RuntimeError: there is neither.
    """
    context = _context.get()
    state: State = current_request().state if context is None or context.state is None else context.state
    return state


def vars_of(owner: HTTPConnection | State) -> dict[str, Any]:
    """What is kept on a request's or a context's state, as a dictionary."""
    state: dict[str, Any] = (owner if isinstance(owner, State) else owner.state)._state
    return state


def copy_current_request_context(function: Any) -> Any:
    """A function that sees the current request wherever it is called, such as in a thread."""
    context = contextvars.copy_context()

    @functools.wraps(function)
    def in_context(*args: Any, **kwargs: Any) -> Any:
        return context.copy().run(function, *args, **kwargs)

    return in_context


def notify(signal: str, server: Any, **values: Any) -> None:
    """Send one of the signals, if the app has them: see ``signals.py``."""
    module = sys.modules.get(f"{__package__}.signals")
    if module is not None:
        getattr(module, signal).send(server, **values)


def serving(connection: HTTPConnection | None) -> contextvars.Token[Any]:
    """Make a connection the current one; the server calls this."""
    _context.set(None)  # a request has a context of its own, whatever was pushed before
    return _current.set(connection)


def done(token: contextvars.Token[Any]) -> None:
    """Make the connection the current one that was so before."""
    _current.reset(token)


class AppContext:
    """``flask.Flask.app_context()``; around each websocket callback, too.

    Extensions keep in it what must not outlive it, and ``teardown_appcontext`` functions run at its end.
    """

    def __init__(self, server: Any, shares_state: bool = False) -> None:
        self.app = server
        self.values: dict[str, Any] = {}
        #: None where hooks that ran on a handshake share theirs
        self.state = None if shares_state else State(self.values)
        self._outer: list[AppContext | None] = []

    def push(self) -> None:
        """Enter it."""
        self._outer.append(_context.get())
        _context.set(self)

    def pop(self, error: BaseException | None = None) -> None:
        """Leave it; the error is what ended it, if any."""
        if len(self._outer) == 1:
            for function in reversed(self.app.context_hooks):
                function(error)
        _context.set(self._outer.pop())

    def __enter__(self) -> AppContext:
        self.push()
        return self

    def __exit__(self, _kind: Any, error: BaseException | None, _trace: Any) -> None:
        self.pop(error)


def app_context() -> AppContext | None:
    """The context that was pushed last; None for a request's own, and outside of both."""
    return _context.get()


def context_values() -> dict[str, Any]:
    """What extensions keep for as long as the innermost context lives.

    Raises:
        RuntimeError: there is neither a request nor a pushed context.
    """
    context = _context.get()
    return vars_of(current_request()) if context is None else context.values
