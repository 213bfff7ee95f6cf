"""A test client for code that was written for ``Flask.test_client()``."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterable, Iterator
from typing import Any

from starlette.requests import Request
from werkzeug.exceptions import HTTPException
from werkzeug.test import Client, EnvironBuilder, TestResponse
from werkzeug.wrappers import Response

from . import current
from .asked import AskedRequest
from .dispatch import GivenBody
from .scopes import scope_of


class _Response(TestResponse):
    def get_json(self, force: bool = False, silent: bool = False, **_: Any) -> Any:
        return json.loads(self.get_data()) if self.is_json or force else None


class _TestClient(Client):
    def __enter__(self) -> _TestClient:
        return self

    def __exit__(self, *_: Any) -> None:
        pass

    @contextlib.contextmanager
    def session_transaction(self, *args: Any, **options: Any) -> Iterator[Any]:
        """The client's session, to be read and changed."""
        server: Any = self.application.server  # type: ignore[attr-defined]
        environ = EnvironBuilder(*args, **options).get_environ()
        self._add_cookies_to_wsgi(environ)
        session = server.sessions.open(Request(scope_of(environ)))
        yield session
        response = Response()
        server.sessions.save(session, response)
        self._update_cookies_from_response("localhost", "/", response.headers.getlist("Set-Cookie"))


def client(server: Any) -> Client:
    """A client that calls the app in place; answers have ``status_code``, ``data``, ``json``, ``location`` …"""
    return _TestClient(_AsWSGI(server), _Response, use_cookies=True)


@contextlib.contextmanager
def request_context(server: Any, *args: Any, **options: Any) -> Iterator[Any]:
    """A request that is not sent, for code that looks at one; the arguments are those of werkzeug's builder."""
    environ = EnvironBuilder(*args, **options).get_environ()
    scope = {**scope_of(environ), "app": server, "state": {}}
    scope["dash.body"] = GivenBody(environ["wsgi.input"].read())
    connection = AskedRequest(scope)
    scope["session"] = server.sessions.open(connection)
    with contextlib.suppress(HTTPException):
        server.dispatch.routes.find(scope)
    outer = current.serving(connection)
    try:
        yield connection
    finally:
        current.done(outer)


class _AsWSGI:
    """An ASGI app as the WSGI app that werkzeug's client wants."""

    def __init__(self, server: Any) -> None:
        self.server = server

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        status, headers, body = asyncio.run(self._ask(environ))
        start_response(f"{status} ", headers)
        return [body]

    async def _ask(self, environ: dict[str, Any]) -> tuple[int, list[tuple[str, str]], bytes]:
        incoming = [{"type": "http.request", "body": environ["wsgi.input"].read(), "more_body": False}]
        sent: list[Any] = []

        async def receive() -> Any:
            return incoming.pop() if incoming else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.server(scope_of(environ), receive, send)
        head = next(m for m in sent if m["type"] == "http.response.start")
        body = b"".join(m.get("body", b"") for m in sent if m["type"] == "http.response.body")
        return head["status"], [(k.decode("latin-1"), v.decode("latin-1")) for k, v in head["headers"]], body
