"""Answers as Flask and werkzeug give them, made of what FastAPI sends."""

from __future__ import annotations

import http
from collections.abc import Callable
from typing import Any, cast

from starlette import responses
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from werkzeug.datastructures import Headers, ResponseCacheControl
from werkzeug.exceptions import HTTPException as WerkzeugHTTPException
from werkzeug.exceptions import InternalServerError, default_exceptions
from werkzeug.exceptions import abort as werkzeug_abort
from werkzeug.http import HTTP_STATUS_CODES, dump_cookie, parse_cache_control_header
from werkzeug.utils import get_content_type
from werkzeug.utils import redirect as werkzeug_redirect
from werkzeug.wrappers import Response as WerkzeugResponse

from .answer_headers import AnswerHeaders
from .current import current_request, has_request
from .json_text import settings
from .plain_request import wsgi_environ
from .streams import pieces_of


class Response(responses.Response):
    """FastAPI's, with Flask's content types and cookies (no ``SameSite`` unless it is asked for)."""

    def __init__(self, content: Any = None, status_code: Any = 200, *args: Any, **options: Any) -> None:
        super().__init__(content, _code(status_code), *args, **options)

    def init_headers(self, headers: Any = None) -> None:
        given = Headers(headers or {})
        if self.media_type is not None and "content-type" not in given:
            given["content-type"] = content_type(self.media_type)
        first = {name.lower(): value for name, value in reversed(list(given))}
        super().init_headers(first)
        for name in first:
            for value in given.getlist(name)[1:]:
                self.headers.append(name, value)

    @property
    def headers(self) -> AnswerHeaders:
        """The headers; names in any case."""
        if not hasattr(self, "_headers"):
            self._headers: AnswerHeaders = AnswerHeaders(raw=self.raw_headers)
        return self._headers

    @property
    def mimetype(self) -> str:
        """The content type without its parameters."""
        return self.headers.get("content-type", "").split(";")[0]

    @mimetype.setter
    def mimetype(self, value: str) -> None:
        self.headers["content-type"] = content_type(value)

    @property
    def content_type(self) -> str | None:
        """The content type."""
        return self.headers.get("content-type")

    @content_type.setter
    def content_type(self, value: str) -> None:
        self.headers["content-type"] = value

    @property
    def status(self) -> str:
        """Code and phrase."""
        return f"{self.status_code} {HTTP_STATUS_CODES.get(self.status_code, '')}".strip().upper()

    @status.setter
    def status(self, value: Any) -> None:
        self.status_code = int(str(value).split(" ", 1)[0])

    @property
    def location(self) -> str | None:
        """Where a redirect leads."""
        return self.headers.get("location")

    @location.setter
    def location(self, value: str) -> None:
        self.headers["location"] = value

    def get_data(self, as_text: bool = False) -> Any:
        """The body."""
        return bytes(self.body).decode() if as_text else bytes(self.body)

    def set_data(self, value: str | bytes) -> None:
        """Change the body."""
        self.body = value.encode() if isinstance(value, str) else value
        self.headers["content-length"] = str(len(self.body))

    data = property(get_data, set_data)

    @property
    def cache_control(self) -> Any:
        """The directives of ``Cache-Control``, to be changed in place."""

        def write(directives: Any) -> None:
            self.headers["cache-control"] = directives.to_header()

        return parse_cache_control_header(self.headers.get("cache-control"), write, ResponseCacheControl)

    def set_cookie(self, key: str, value: str = "", *args: Any, **options: Any) -> None:
        cookie = dump_cookie(key, str(value), *args, **options)
        self.raw_headers.append((b"set-cookie", cookie.encode("latin-1")))

    def call_on_close(self, function: Callable[[], Any]) -> Callable[[], Any]:
        """Call a function once the answer is sent."""
        self.__dict__.setdefault("on_close", []).append(function)
        return function

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        scope.setdefault("dash.closing", []).extend(self.__dict__.get("on_close", ()))
        await super().__call__(scope, receive, send)

    def delete_cookie(self, key: str, path: str = "/", domain: str | None = None, **options: Any) -> None:
        self.set_cookie(key, max_age=0, expires=0, path=path, domain=domain, **options)


def _code(status: Any) -> int:
    """The number of a status: ``404``, ``"404 NOT FOUND"``."""
    return int(status) if isinstance(status, int) else int(str(status).split(" ", 1)[0])


class HTMLResponse(Response):
    """A page: what Flask makes of a string."""

    media_type = "text/html"


class JSONResponse(Response):
    """JSON as ``flask.jsonify`` writes it: sorted keys, ASCII, HTTP dates, decimals and UUIDs as strings."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return settings().page(content).encode("utf-8")


class RedirectResponse(Response):
    """A redirect with the small page Flask sends along; 302 unless another code is given."""

    def __init__(self, url: str, status_code: int = 302, headers: Any = None) -> None:
        made = werkzeug_redirect(str(url), status_code)
        super().__init__(made.get_data(), status_code, headers)
        self.raw_headers += [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in _described(made)]


class StreamingResponse(responses.StreamingResponse, Response):
    """An answer that is made while it is sent; ``text/html`` unless another media type is given."""

    media_type = "text/html"

    def __init__(self, content: Any, *args: Any, **options: Any) -> None:
        super().__init__(content if hasattr(content, "__aiter__") else pieces_of(content), *args, **options)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["method"] == "HEAD":
            self.body_iterator = pieces_of([b""])  # hooks see that it would be sent in parts
        await super().__call__(scope, receive, send)


def _described(made: WerkzeugResponse) -> list[tuple[str, str]]:
    sent = made.get_wsgi_headers({"REQUEST_METHOD": "GET"})  # with a location that may be sent
    return [(k, v) for k, v in sent if k.lower() != "content-length"]


def make_response(value: Any = "", status: Any = None, headers: Any = None) -> responses.Response:
    """The answer for whatever a Flask view may return: text, bytes, dicts, lists, generators, answers, WSGI apps.

    Raises:
        TypeError: it is none of these.
    """
    if isinstance(value, tuple):
        value, status, headers = _parts(value)
    elif status is not None and headers is None:
        value, status, headers = _parts((value, status))  # the second may be the headers
    response: responses.Response
    if isinstance(value, responses.Response):
        response = value
    elif isinstance(value, WerkzeugResponse):
        response = from_werkzeug(value)
    elif isinstance(value, WerkzeugHTTPException):
        response = error_page(value)
    elif isinstance(value, (str, bytes, bytearray)):
        response = HTMLResponse(bytes(value) if isinstance(value, bytearray) else value, headers=headers)
        headers = None
    elif isinstance(value, (dict, list)):
        response = JSONResponse(value)
    elif hasattr(value, "__next__"):
        response = StreamingResponse(value, headers=headers)
        headers = None
    elif callable(value) and has_request():  # a WSGI app
        response = from_werkzeug(WerkzeugResponse.force_type(value, wsgi_environ(current_request())))
    else:
        raise TypeError(f"a view must not return {type(value).__name__}")
    if status is not None:
        response.status_code = _code(status)
    _update(response, headers)
    return response


def _update(response: responses.Response, headers: Any) -> None:
    """Set headers; of pairs with the same name the last counts, as in ``Headers.update``."""
    given = Headers()
    given.update(headers or {})
    _set(response, given)


def _set(response: responses.Response, given: Headers) -> None:
    """Set headers; a name that comes twice is sent twice."""
    for name in {name.lower() for name, _ in given}:
        first, *more = given.getlist(name)
        response.headers[name] = first
        for value in more:
            response.headers.append(name, value)


def respond(
    content: Any, status_code: Any = 200, headers: Any = None, media_type: str = "text/html", content_type: Any = None
) -> Any:
    """``flask.Response`` for a body that may be text, bytes or made while it is sent."""
    code = _code(status_code)
    if isinstance(content, (list, tuple)):  # parts of one body
        content = b"".join(part.encode() if isinstance(part, str) else part for part in content)
    made = Response if content is None or isinstance(content, (str, bytes)) else StreamingResponse
    response = made(content, code, media_type=media_type)
    _set(response, Headers(headers or {}))
    if content_type is not None:
        response.headers["Content-Type"] = content_type
    return response


def stream_with_context(function: Any) -> Any:
    """``flask.stream_with_context``: what is made while it is sent sees the request anyway."""
    return function


class FullResponse(WerkzeugResponse):
    """``flask.Response`` with all that werkzeug's can do; views may return it."""

    default_mimetype = "text/html"


def full_response(*value: Any) -> FullResponse:
    """``flask.make_response``, giving a ``FullResponse``."""
    given = value if len(value) > 1 else value[0] if value else ""
    if isinstance(given, WerkzeugResponse):
        return cast("FullResponse", FullResponse.force_type(given))
    made = make_response(given)
    return FullResponse(bytes(made.body), made.status_code, list(made.headers.items()))


def _parts(value: tuple[Any, ...]) -> tuple[Any, Any, Any]:
    if len(value) == 3:
        return value[0], value[1], value[2]
    if len(value) != 2:
        raise TypeError("a view must return (body, status, headers), (body, status) or (body, headers)")
    if isinstance(value[1], (dict, list, tuple)) or hasattr(value[1], "items"):
        return value[0], None, value[1]
    return value[0], value[1], None


def error_page(error: BaseException) -> responses.Response:
    """The page werkzeug gives for an HTTP error, and for any other exception the one for 500."""
    made = as_werkzeug_error(error)
    response = from_werkzeug(made.get_response())
    for name, value in (getattr(error, "headers", None) or {}).items():
        response.headers[name] = value
    return response


def _phrase(code: int) -> str:
    """What FastAPI fills in where no detail is given."""
    try:
        return http.HTTPStatus(code).phrase
    except ValueError:
        return ""


def as_werkzeug_error(error: BaseException) -> WerkzeugHTTPException:
    """An HTTP error as error handlers are given it: werkzeug's exception, with FastAPI's attributes too."""
    made: Any
    if isinstance(error, WerkzeugHTTPException):
        made = error
    elif isinstance(error, HTTPException):
        made = default_exceptions.get(error.status_code, WerkzeugHTTPException)()
        made.code = error.status_code
        if error.detail and error.detail != _phrase(error.status_code):
            made.description = error.detail
    else:
        made = InternalServerError(original_exception=error)
    for name, value in (("status_code", made.code), ("detail", made.description)):
        if made is not error or not hasattr(made, name):  # an app's own exception may have them
            setattr(made, name, value)
    return cast("WerkzeugHTTPException", made)


def handler_key(key: Any) -> Any:
    """What an error handler is registered for: werkzeug's own classes stand for their status."""
    code = getattr(key, "code", None)
    return code if isinstance(key, type) and default_exceptions.get(code) is key else key  # type: ignore[arg-type]


def handler_keys(error: WerkzeugHTTPException) -> list[Any]:
    """What the handler of an HTTP error may be registered for, the most specific first."""
    own = default_exceptions.get(error.code or 0)
    keys: list[Any] = [] if own in type(error).__mro__ else [error.code]
    for cls in type(error).__mro__:
        keys += [error.code, cls] if cls is own else [cls]
    return keys


def abort(status: Any, *args: Any, **kwargs: Any) -> None:
    """``flask.abort``: stop with an HTTP error, or with an answer.

    Raises:
        werkzeug.exceptions.HTTPException: for the app's error handlers.
        Answered: an answer of FastAPI's was given instead of a code.
    """
    given = kwargs.get("response", status)
    if isinstance(given, responses.Response):
        raise Answered(given)
    werkzeug_abort(status, *args, **kwargs)


class Answered(Exception):
    """Carries an answer out of the code that made it."""

    def __init__(self, response: responses.Response) -> None:
        super().__init__(response)
        self.response = response


def from_werkzeug(made: WerkzeugResponse, request: HTTPConnection | None = None) -> responses.Response:
    """A werkzeug answer as one that FastAPI can send.

    Args:
        made: the answer.
        request: the request, for answers that depend on its method.
    """
    environ: dict[str, Any] = {"REQUEST_METHOD": "GET"} if request is None else wsgi_environ(request)
    iterable, status, headers = made.get_wsgi_response(environ)
    code = int(status.split(" ", 1)[0])
    if code == 304:  # hooks still see what is not sent with it
        headers += [(k, v) for k, v in made.headers if k not in Headers(headers)]
    response: Response
    if made.is_streamed or made.direct_passthrough:
        response = StreamingResponse(iterable, code)
    else:
        response = Response(b"".join(iterable), code)
    if environ["REQUEST_METHOD"] == "HEAD" or not isinstance(response, StreamingResponse):
        response.call_on_close(made.close)
    response.raw_headers = [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in headers]
    return response


def content_type(mimetype: str) -> str:
    """A mimetype with the charset Flask adds to text."""
    if "charset" in mimetype:
        return mimetype
    return get_content_type(mimetype, "utf-8")
