"""What views return, made into responses as Flask makes them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from quart import Response, request
from quart.wrappers.response import DataBody, ResponseBody
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException
from werkzeug.sansio.response import Response as AnyResponse
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Response as WerkzeugResponse

from .threads import off_loop

NO_RESPONSE = (
    "The view function did not return a valid response. The return type must be a string, dict, list, tuple with"
    " headers or status, or Response instance, but it was a {}."
)


def response_from(app: Any, value: Any) -> Response:
    """The response for what a view, a hook or an error handler returned.

    Raises:
        TypeError: it is nothing that Flask would have taken.
    """
    status: Any = None
    headers: Any = None
    if isinstance(value, tuple):
        if len(value) == 3:
            value, status, headers = value
        elif len(value) == 2 and isinstance(value[1], (Headers, dict, tuple, list)):
            value, headers = value
        elif len(value) == 2:
            value, status = value
        else:
            raise TypeError("a tuple must be (body, status, headers), (body, status) or (body, headers)")
    if isinstance(value, (str, bytes, bytearray, Iterator, AsyncIterator)):
        body = bytes(value) if isinstance(value, bytearray) else value
        response = app.response_class(body, headers=headers)
        headers = None  # all of several of one name; below, they would replace each other
    else:
        response = _from_body(app, value)
    if isinstance(status, (str, bytes, bytearray)):
        response.status = status if isinstance(status, str) else status.decode()
    elif status is not None:
        response.status_code = status
    if headers:
        response.headers.update(headers)
    return response  # type: ignore[no-any-return]


def _from_body(app: Any, body: Any) -> Response:
    if isinstance(body, HTTPException):
        body = body.get_response()
    if isinstance(body, WerkzeugResponse):
        return from_werkzeug(body)
    if isinstance(body, AnyResponse):
        return body  # type: ignore[return-value]
    if isinstance(body, (dict, list)):
        return app.json.response(body)  # type: ignore[no-any-return]
    if callable(body):  # a WSGI app
        environ = EnvironBuilder(
            request.path,
            request.host_url,
            request.query_string.decode("latin-1"),
            request.method,
            headers=[*request.headers],
        )
        return from_werkzeug(WerkzeugResponse.from_app(body, environ.get_environ()))
    raise TypeError(NO_RESPONSE.format(type(body).__name__))


def from_werkzeug(answer: WerkzeugResponse) -> Response:
    """The same answer as a response of Quart: hooks need to know only one kind."""
    body: Any = b"".join(answer.iter_encoded()) if answer.is_sequence else PlainBody(answer.response)
    response = Response(body, answer.status_code, answer.headers)
    if "Content-Type" not in answer.headers:
        del response.headers["Content-Type"]
    response.direct_passthrough = answer.direct_passthrough  # type: ignore[attr-defined]
    for function in answer._on_close:
        call_on_close(response, function)
    return response


def is_streamed(response: Any) -> bool:
    """Whether the body of an answer is made or read while it is sent."""
    body = response.response
    return not (
        isinstance(body, DataBody) or (isinstance(body, PlainBody) and isinstance(body.iterable, (list, tuple)))
    )


def call_on_close(response: Any, function: Callable[[], Any]) -> Callable[[], Any]:
    """Have a function called once the answer is out."""
    response.__dict__.setdefault("on_close", []).append(function)
    return function


def close(response: Any) -> None:
    """The answer is out, or given up."""
    for function in response.__dict__.pop("on_close", ()):
        with off_loop():
            function()


class PlainBody(ResponseBody):
    """The pieces of an answer from a plain iterable, taken in the thread of the request."""

    def __init__(self, iterable: Any) -> None:
        self.iterable = iterable

    async def __aenter__(self) -> Any:
        if not isinstance(self.iterable, AsyncIterator):
            self.iterable = _taken_here(self.iterable)
        return self.iterable

    async def __aexit__(self, *_: Any) -> None:
        if isinstance(self.iterable, AsyncIterator):
            await self.iterable.aclose()  # type: ignore[attr-defined]


async def _taken_here(iterable: Any) -> AsyncIterator[Any]:
    pieces = iter(iterable)
    try:
        while True:
            with off_loop():
                piece = next(pieces, _END)
            if piece is _END:
                return
            yield piece
    finally:
        with off_loop():
            getattr(iterable, "close", _nothing)()


#: generators of views: Quart would run each of their steps in another thread
Response.iterable_body_class = PlainBody  # type: ignore[assignment]

# attributes that Flask's responses have, too
Response.direct_passthrough = False  # type: ignore[attr-defined]
Response.is_streamed = property(is_streamed)  # type: ignore[attr-defined]
Response.call_on_close = call_on_close  # type: ignore[attr-defined]

_END = object()


def _nothing() -> None:
    pass
