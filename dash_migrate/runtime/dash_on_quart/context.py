"""What extensions use of their framework, under the names Flask has for it. They know the framework only from here."""

from __future__ import annotations

import contextvars
import functools
import inspect
from collections.abc import AsyncIterator, Callable
from typing import Any

import quart
from quart import abort, after_this_request, current_app, g, redirect, request, session, url_for
from quart import has_request_context as has_request
from werkzeug.exceptions import HTTPException

from .answers import is_streamed, response_from
from .threads import result_of

#: what ``abort`` raises
HTTP_ERRORS = (HTTPException,)

_websocket_values: contextvars.ContextVar[dict[str, Any] | None] = contextvars.ContextVar("values", default=None)


def flash(message: Any, category: str = "message") -> None:
    """``flask.flash``."""
    result_of(quart.flash(message, category))


def make_response(*args: Any) -> Any:
    """``flask.make_response``."""
    return response_from(current_app, args[0] if len(args) == 1 else args)


def request_json() -> Any:
    """``flask.request.get_json()``."""
    return result_of(request.get_json())


def make_conditional(response: Any) -> None:
    """Turn an answer into 304 if the client has it already."""
    result_of(response.make_conditional(request))


def context_values() -> dict[str, Any]:
    """What extensions keep for as long as the request lives, or the callback, if it came over a websocket."""
    if not (has_request() and request.for_websocket):  # type: ignore[attr-defined]
        return g.__dict__
    values = _websocket_values.get()
    if values is None:
        values = {}
        _websocket_values.set(values)
    return values


def guarded(view: Any, check: Callable[[], Any]) -> Any:
    """A view, plain or async, that runs only if ``check()`` gives None; else what it gives is the answer."""
    made: Any
    if inspect.iscoroutinefunction(view):

        async def run_if_allowed(*args: Any, **kwargs: Any) -> Any:
            refusal = await current_app.ensure_async(check)()
            return await view(*args, **kwargs) if refusal is None else make_response(refusal)

        made = run_if_allowed
    else:

        def if_allowed(*args: Any, **kwargs: Any) -> Any:
            refusal = check()
            return view(*args, **kwargs) if refusal is None else make_response(refusal)

        made = if_allowed
    return same_signature(made, view)


def plain(function: Any) -> Any:
    """``Flask.ensure_sync``: an async function as one that plain code can call."""
    if not inspect.iscoroutinefunction(function):
        return function
    return lambda *args, **kwargs: result_of(function(*args, **kwargs))


def same_signature(made: Any, view: Any) -> Any:
    """``functools.wraps``."""
    return functools.update_wrapper(made, view)


def is_request_parameter(parameter: inspect.Parameter) -> bool:
    """Whether a parameter of a view is there for the framework's request: never."""
    return False


def without_request(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Arguments of a view without the framework's request."""
    return args, kwargs


def as_answer(value: Any) -> Any:
    """What a view may return."""
    return value


def current_view() -> Any:
    """The view that the current request goes to; None if there is none."""
    return current_app.view_functions.get(request.endpoint or "")


def add_header(response: Any, name: str, value: str) -> None:
    """Add a header to an answer, beside others of its name."""
    response.headers.add(name, value)


def default_options_response() -> Any:
    """The answer to ``OPTIONS`` where a view gives none."""
    return result_of(current_app.make_default_options_response())


# the bodies of answers


def body_of(response: Any) -> bytes:
    """The whole body of an answer."""
    data: bytes = result_of(response.get_data(as_text=False))
    return data


def pass_through(response: Any, each_part: Callable[[bytes, bool], bytes]) -> None:
    """Pass the parts of a body through a function, which is told whether a part is the last, empty one."""
    response.response = response.iterable_body_class(_passed(response.response, each_part))


async def _passed(body: Any, each_part: Callable[[bytes, bool], bytes]) -> AsyncIterator[bytes]:
    async with body as parts:
        async for part in parts:
            yield each_part(part.encode() if isinstance(part, str) else bytes(part), False)
    yield each_part(b"", True)


__all__ = [
    "HTTP_ERRORS",
    "abort",
    "add_header",
    "after_this_request",
    "as_answer",
    "body_of",
    "context_values",
    "current_app",
    "current_view",
    "default_options_response",
    "flash",
    "g",
    "guarded",
    "has_request",
    "is_request_parameter",
    "is_streamed",
    "make_conditional",
    "make_response",
    "pass_through",
    "plain",
    "redirect",
    "request",
    "request_json",
    "same_signature",
    "session",
    "url_for",
    "without_request",
]
