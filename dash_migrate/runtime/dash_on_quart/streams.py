"""The request kept for later: while its answer is streamed, and in other threads."""

from __future__ import annotations

import contextvars
import functools
from collections.abc import Callable, Iterator
from typing import Any

from .contexts import RequestContext


def stream_with_context(generator_or_function: Any) -> Any:
    """Keep the request for a generator that makes the answer while it is sent; teardown waits for its end.

    Args:
        generator_or_function: a generator; or, as a decorator, a function that makes one.
    """
    if callable(generator_or_function):
        function: Callable[..., Any] = generator_or_function

        @functools.wraps(function)
        def decorated(*args: Any, **kwargs: Any) -> Any:
            return stream_with_context(function(*args, **kwargs))

        return decorated
    RequestContext.current().streams = True
    return _in_context(iter(generator_or_function), contextvars.copy_context())


def _in_context(pieces: Iterator[Any], context: contextvars.Context) -> Iterator[Any]:
    try:
        while True:
            piece = context.run(next, pieces, _END)
            if piece is _END:
                return
            yield piece
    finally:
        if hasattr(pieces, "close"):
            context.run(pieces.close)


_END = object()


def copy_current_request_context(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with the current request around it, for another thread to call."""
    context = contextvars.copy_context()

    @functools.wraps(function)
    def within(*args: Any, **kwargs: Any) -> Any:
        return context.copy().run(function, *args, **kwargs)

    return within
