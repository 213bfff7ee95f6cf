"""What extensions use of their framework, under the names Flask has for it. They know the framework only from here."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
from collections.abc import Callable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from werkzeug.exceptions import HTTPException as WerkzeugHTTPException
from werkzeug.local import LocalProxy
from werkzeug.wrappers import Response as WerkzeugResponse

from .answers import RedirectResponse, abort, make_response
from .current import context_values, current_request, has_request, vars_of
from .flask_like import after_this_request, current_server, flash
from .plain_request import wsgi_environ
from .requests import FlaskRequest
from .threads import in_thread
from .urls import url_for

current_app: Any = LocalProxy(current_server)
request: Any = LocalProxy(lambda: FlaskRequest(current_request()))
session: Any = LocalProxy(lambda: current_request().session)

#: what ``abort`` raises
HTTP_ERRORS = (HTTPException, WerkzeugHTTPException)


def g() -> dict[str, Any]:
    """The variables of ``flask.g``; hooks that ran on a websocket's handshake share them with its callbacks."""
    return vars_of(current_request())


def redirect(location: str, code: int = 302) -> Response:
    """``flask.redirect``."""
    return RedirectResponse(location, code)


def make_conditional(response: Any) -> None:
    """Turn an answer (werkzeug's) into 304 if the client has it already."""
    dated = "Date" in response.headers
    response.make_conditional(wsgi_environ(current_request()))
    if not dated:
        response.headers.pop("Date", None)  # the server's


def request_json() -> Any:
    """``flask.request.get_json()``."""
    return request.get_json()


def current_view() -> Any:
    """The view that the current request goes to; None if there is none."""
    return getattr(current_request().scope.get("dash.route"), "endpoint", None)


def add_header(response: Any, name: str, value: str) -> None:
    """Add a header to an answer, beside others of its name."""
    headers = response.headers
    (headers.add if isinstance(response, WerkzeugResponse) else headers.append)(name, value)


def default_options_response() -> Any:
    """The answer to ``OPTIONS`` where a view gives none."""
    return current_request().app.make_default_options_response()


def is_streamed(response: Any) -> bool:
    """Whether the body of an answer is made or read while it is sent."""
    return bool(response.is_streamed)


def body_of(response: Any) -> bytes:
    """The whole body of an answer."""
    data: bytes = response.get_data()
    return data


def pass_through(response: Any, each_part: Callable[[bytes, bool], bytes]) -> None:
    """Pass the parts of a body through a function, which is told whether a part is the last."""
    response.each_part = each_part  # Dispatch does it


def guarded(view: Any, check: Callable[[], Any]) -> Any:
    """A view, plain or async, that runs only if ``check()`` gives None; else what it gives is the answer."""
    made: Any
    if inspect.iscoroutinefunction(view):

        async def run_if_allowed(*args: Any, **kwargs: Any) -> Any:
            refusal = await in_thread(check)
            return await view(*args, **kwargs) if refusal is None else make_response(refusal)

        made = run_if_allowed
    else:

        def if_allowed(*args: Any, **kwargs: Any) -> Any:
            refusal = check()
            return view(*args, **kwargs) if refusal is None else make_response(refusal)

        made = if_allowed
    return same_signature(made, view)


def is_request_parameter(parameter: inspect.Parameter) -> bool:
    """Whether a parameter of a view is there for the framework's request."""
    return parameter.annotation in (Request, "Request")


def without_request(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Arguments of a view as they were before it was given the framework's request."""
    given = tuple(arg for arg in args if not isinstance(arg, HTTPConnection))
    return given, {name: arg for name, arg in kwargs.items() if not isinstance(arg, HTTPConnection)}


def as_answer(value: Any) -> Any:
    """What a view may return here, if it was made where views may return werkzeug's answers."""
    return make_response(value) if isinstance(value, WerkzeugResponse) else value


def same_signature(made: Any, view: Any) -> Any:
    """``functools.wraps``, also for what FastAPI reads of a view."""
    functools.update_wrapper(made, view)
    with contextlib.suppress(NameError, TypeError, ValueError):  # names that only a type checker knows
        made.__signature__ = inspect.signature(view, eval_str=True)
    return made


def plain(function: Any) -> Any:
    """``Flask.ensure_sync``: an async function as one that plain code can call."""
    if not inspect.iscoroutinefunction(function):
        return function
    return lambda *args, **kwargs: asyncio.run(function(*args, **kwargs))


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
