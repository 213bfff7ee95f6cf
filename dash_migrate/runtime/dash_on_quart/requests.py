"""Requests as Flask read them: header names, JSON errors, form values, uploaded files."""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, NoReturn
from urllib.parse import parse_qsl

from quart import Request as QuartRequest
from quart import current_app
from quart.datastructures import FileStorage as QuartFileStorage
from quart.formparser import FormDataParser as QuartFormDataParser
from werkzeug.datastructures import CombinedMultiDict, Headers, MultiDict
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

from .body import Body, Stream

#: what Flask says to a body that is not declared to be JSON
NOT_JSON = "Did not attempt to load JSON data because the request Content-Type was not 'application/json'."


class FileStorage(QuartFileStorage):
    """An uploaded file."""

    async def save(self, destination: Any, buffer_size: int = 16384) -> None:
        """Save the file to a path, or into an open file."""
        if hasattr(destination, "write"):
            _copy(self.stream, destination, buffer_size)
            return
        with Path(destination).open("wb") as target:
            _copy(self.stream, target, buffer_size)


def _copy(source: Any, target: Any, size: int) -> None:
    while chunk := source.read(size):
        target.write(chunk)


class FormDataParser(QuartFormDataParser):
    """Quart's, with Flask's way to decode a simple form."""

    file_storage_class = FileStorage

    async def _parse_urlencoded(self, body: Any, *_: Any) -> Any:
        pairs = parse_qsl((await body).decode(), keep_blank_values=True, errors="werkzeug.url_quote")
        cls: Any = self.cls or MultiDict
        return cls(pairs), cls()

    parse_functions: ClassVar[Any] = {  # type: ignore[misc]
        **QuartFormDataParser.parse_functions,
        "application/x-www-form-urlencoded": _parse_urlencoded,
    }


class Request(QuartRequest):
    """Quart's request, with what Flask made of the same bytes."""

    body_class: Any = Body
    body: Any
    form_data_parser_class = FormDataParser

    #: whether this stands for the callbacks of a websocket
    for_websocket = False
    #: why the host it is for is none of ours
    refused: Exception | None = None
    #: what is to be done once the answer is out
    after_sending: Callable[[], Awaitable[None]] | None = None
    #: whether the body was read as it is, and whether as a form before that, which leaves nothing of it
    _kept = _form_read = False

    @cached_property
    def stream(self) -> Any:
        """The body as a file, to be read in pieces."""
        return io.BufferedReader(Stream(self.body))

    @property
    async def values(self) -> CombinedMultiDict[str, Any]:
        """Query arguments, then form fields."""
        sources = [self.args]
        if self.method in ("POST", "PUT", "PATCH"):
            sources.append(await self.form)
        return CombinedMultiDict([s if isinstance(s, MultiDict) else MultiDict(s) for s in sources])

    async def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        """The body as JSON.

        Raises:
            UnsupportedMediaType: it is not declared to be JSON, unless ``force`` or ``silent``.
            BadRequest: it is no JSON, unless ``silent``.
        """
        if cache and self._cached_json[silent] is not Ellipsis:
            return self._cached_json[silent]
        if not (force or self.is_json):
            if silent:
                return None
            raise UnsupportedMediaType(NOT_JSON)
        try:
            found = self.json_module.loads(await self.get_data(cache))  # bytes: any Unicode encoding, and no other
        except ValueError as error:
            found = None if silent else self.on_json_loading_failed(error)
        if cache:
            self._cached_json[silent] = found
        return found

    def on_json_loading_failed(self, error: Exception) -> NoReturn:
        shown = current_app and current_app.debug
        raise BadRequest(f"Failed to decode JSON object: {error}" if shown else None)

    async def _load_form_data(self) -> None:
        parsed = self.mimetype in self.form_data_parser_class.parse_functions
        if self.mimetype == "multipart/form-data" and not self.mimetype_params.get("boundary"):
            parsed = False  # nothing can be made of it, and all is left
        self._form_read = self._form_read or (not self._kept and parsed)
        await super()._load_form_data()

    async def get_data(self, cache: bool = True, as_text: bool = False, parse_form_data: bool = False) -> Any:
        if parse_form_data:
            await self._load_form_data()
        if self._form_read and self.body.is_cut:
            raise RequestEntityTooLarge  # Flask asks for more
        data: bytes = b"" if self._form_read else await super().get_data(cache, False, False)
        self._kept = self._kept or cache
        return data.decode(errors="replace") if as_text else data


class RequestHeaders(Headers):
    """Headers of a request; names may have underscores, and a missing one is no mistake of the client's."""

    def _get_key(self, key: Any) -> str:
        if isinstance(key, str):
            name = key.replace("_", "-").lower()
            for own, value in self:
                if own.lower() == name:
                    return value
        raise KeyError(key)

    def __getitem__(self, key: Any) -> Any:
        return self._get_key(key)


def headers_of(scope: Any) -> Headers:
    """The headers of an ASGI request as a WSGI server would have passed them on."""
    found: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1").strip(" \t")
        if "_" in name:
            continue  # X_User must not pass for X-User
        name = name.title()
        # HTTP/2 splits cookies; in HTTP/1.1 a second header is a mistake, and reads as WSGI servers made it read
        joint = "; " if name == "Cookie" and not scope.get("http_version", "1.1").startswith("1") else ","
        found[name] = found[name] + joint + value if name in found else value
    return RequestHeaders(found)


def request_from(server: Any, scope: Any) -> Any:
    """The request of an ASGI scope."""
    headers = headers_of(scope)
    headers["Remote-Addr"] = (scope.get("client") or ("",))[0]
    request = server.request_class(
        scope["method"],
        scope["scheme"],
        scope["path"].removeprefix(scope.get("root_path", "")),
        scope["query_string"],
        headers,
        scope.get("root_path", ""),
        scope.get("http_version", "1.1"),
        scope,
        max_content_length=server.config["MAX_CONTENT_LENGTH"],
        send_push_promise=_no_push,
    )
    del request.headers["Remote-Addr"]  # only there to become remote_addr
    return request


async def _no_push(*_: Any) -> None:
    """HTTP/2 pushes are not made."""
