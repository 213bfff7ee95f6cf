"""What Flask's request offers and FastAPI's does not: first values, types, bodies in plain functions."""

from __future__ import annotations

import asyncio
import io
import json
from typing import Any

from starlette.requests import HTTPConnection
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType
from werkzeug.formparser import parse_form_data
from werkzeug.wsgi import LimitedStream

from .plain_request import as_werkzeug, wsgi_environ
from .routing import endpoint_of_route


def args_of(request: HTTPConnection) -> Any:
    """``flask.request.args``."""
    return as_werkzeug(request).args


def cookies_of(request: HTTPConnection) -> Any:
    """``flask.request.cookies``: the first of a name counts, values are read as UTF-8."""
    return as_werkzeug(request).cookies


def body_of(request: HTTPConnection, cache: bool = True, as_text: bool = False, parse_form_data: bool = False) -> Any:
    """``flask.request.get_data()``: the whole body, as text if asked for; nothing is left of one read as a form first.

    Raises:
        RequestEntityTooLarge: it is larger than the app's ``MAX_CONTENT_LENGTH``.
    """
    if parse_form_data:
        _parsed(request)
    rest = request.scope.get("dash.form_rest")  # what reading a form left
    data = _whole_body(request) if rest is None else rest.read()
    if rest is not None and cache:
        request.scope["dash.form_rest"] = io.BytesIO(data)
    data = data[: _setting(request, "MAX_CONTENT_LENGTH")]  # Flask stops there, if it was not told the length
    if cache:
        request.scope["dash.body_kept"] = True
    return data.decode("utf-8", "replace") if as_text else data


def _setting(request: HTTPConnection, name: str, default: Any = None) -> Any:
    return getattr(request.app, "config", {}).get(name, default)


def _whole_body(request: HTTPConnection) -> bytes:
    limit = _setting(request, "MAX_CONTENT_LENGTH")
    length = as_werkzeug(request).content_length
    if limit is not None and (length or 0) > limit:
        raise RequestEntityTooLarge
    reader: BodyReader = request.scope["dash.body"]
    return reader.wait()


def json_of(request: HTTPConnection, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
    """``flask.request.get_json()``.

    Raises:
        UnsupportedMediaType: the body is not declared to be JSON.
        BadRequest: it is not JSON.
    """
    if not (force or as_werkzeug(request).is_json):
        if silent:
            return None
        raise UnsupportedMediaType(
            "Did not attempt to load JSON data because the request Content-Type was not 'application/json'."
        )
    try:
        return json.loads(body_of(request))
    except ValueError:
        if silent:
            return None
        raise BadRequest() from None


def form_of(request: HTTPConnection) -> Any:
    """``flask.request.form``."""
    return _parsed(request)[0]


def files_of(request: HTTPConnection) -> Any:
    """``flask.request.files``: werkzeug's FileStorage objects."""
    return _parsed(request)[1]


def values_of(request: HTTPConnection) -> Any:
    """``flask.request.values``: the query string, then, for methods that have one, the form."""
    from werkzeug.datastructures import CombinedMultiDict

    has_form = request.scope["method"] in ("POST", "PUT", "PATCH")
    return CombinedMultiDict([args_of(request), *([form_of(request)] if has_form else [])])


def stream_of(request: HTTPConnection) -> Any:
    """``flask.request.stream``."""
    if "dash.stream" not in request.scope:
        limit = None if as_werkzeug(request).content_length is not None else _setting(request, "MAX_CONTENT_LENGTH")
        body = io.BytesIO(body_of(request))
        request.scope["dash.stream"] = body if limit is None else LimitedStream(body, limit, is_max=True)
    return request.scope["dash.stream"]


def environ_of(request: HTTPConnection) -> dict[str, Any]:
    """``flask.request.environ``, as far as it describes the request."""
    return wsgi_environ(request)


class FlaskRequest:
    """Flask's request as an object, for functions that are handed it as a whole."""

    def __init__(self, request: HTTPConnection) -> None:
        self._request = request

    args = property(lambda self: args_of(self._request))
    form = property(lambda self: form_of(self._request))
    files = property(lambda self: files_of(self._request))
    values = property(lambda self: values_of(self._request))
    json = property(lambda self: json_of(self._request))
    data = property(lambda self: body_of(self._request))
    stream = property(lambda self: stream_of(self._request))
    environ = property(lambda self: environ_of(self._request))
    method = property(lambda self: self._request.scope["method"])
    path = property(lambda self: self._request.scope["path"])
    view_args = property(lambda self: self._request.scope.get("path_params") if self.endpoint else None)

    @property
    def endpoint(self) -> str | None:
        """The name of the route the request goes to."""
        return endpoint_of_route(self._request.scope.get("dash.route"))

    @property
    def url_rule(self) -> Any:
        """The rule the request matched, as werkzeug has it."""
        return self._request.scope.get("dash.rule")

    @property
    def blueprint(self) -> str | None:
        """The name of the router of the route, with dots for those it is in."""
        name = self.endpoint
        return name.rpartition(".")[0] or None if name else None

    @property
    def blueprints(self) -> list[str]:
        """The names of the routers around the route, the innermost first."""
        names = (self.blueprint or "").split(".")
        return [".".join(names[:n]) for n in range(len(names), 0, -1)] if self.blueprint else []

    @property
    def max_content_length(self) -> int | None:
        """The app's limit for bodies, in bytes."""
        limit: int | None = self._request.app.config["MAX_CONTENT_LENGTH"]
        return limit

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        """The body as JSON."""
        return json_of(self._request, force, silent)

    def get_data(self, cache: bool = True, as_text: bool = False, parse_form_data: bool = False) -> Any:
        """The body."""
        return body_of(self._request, cache, as_text, parse_form_data)

    @property
    def url_root(self) -> str:
        """The URL of the app's root."""
        return as_werkzeug(self._request).root_url

    @property
    def script_root(self) -> str:
        """The path the app is mounted at, without a slash at its end."""
        return as_werkzeug(self._request).root_path.rstrip("/")

    def __getattr__(self, name: str) -> Any:
        return getattr(as_werkzeug(self._request), name)


def _parsed(request: HTTPConnection) -> Any:
    known = request.scope.get("dash.form")
    if known is None:
        mimetype = as_werkzeug(request).mimetype
        if mimetype not in ("multipart/form-data", "application/x-www-form-urlencoded"):
            known = (ImmutableMultiDict(), ImmutableMultiDict())
        else:
            environ = wsgi_environ(request)
            data = _whole_body(request)
            environ["wsgi.input"] = io.BytesIO(data)
            if environ.pop("HTTP_TRANSFER_ENCODING", None):  # it is no longer in chunks
                environ["wsgi.input_terminated"] = True
            stream, fields, uploads = parse_form_data(
                environ,
                max_content_length=_setting(request, "MAX_CONTENT_LENGTH"),
                max_form_memory_size=_setting(request, "MAX_FORM_MEMORY_SIZE", 500_000),
                max_form_parts=_setting(request, "MAX_FORM_PARTS", 1_000),
            )
            known = (ImmutableMultiDict(fields), ImmutableMultiDict(uploads))
            if "dash.body_kept" not in request.scope:
                request.scope["dash.form_rest"] = stream
        request.scope["dash.form"] = known
    return known


class BodyReader:
    """Reads a request's body once, for whoever asks: plain functions in threads, and FastAPI itself."""

    def __init__(self, receive: Any) -> None:
        self._receive = receive
        self._loop = asyncio.get_running_loop()
        self._lock = asyncio.Lock()
        self._data: bytes | None = None
        self._given = False

    async def read(self) -> bytes:
        """The whole body."""
        async with self._lock:
            if self._data is None:
                parts, more = [], True
                while more:
                    message = await self._receive()
                    parts.append(message.get("body", b""))
                    more = message.get("more_body", False)
                self._data = b"".join(parts)
            return self._data

    def wait(self) -> bytes:
        """The whole body, for code that runs in a thread."""
        if self._data is None:
            return asyncio.run_coroutine_threadsafe(self.read(), self._loop).result()
        return self._data

    async def receive(self) -> Any:
        """The ASGI channel for those further in: the body in one piece, then what the connection says."""
        if self._given:
            return await self._receive()
        self._given = True
        return {"type": "http.request", "body": await self.read(), "more_body": False}
