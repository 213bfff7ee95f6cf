"""A test client for code that was written for ``Flask.test_client()``."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from werkzeug.test import Client, TestResponse

from .scopes import scope_of
from .threads import result_of


class _Response(TestResponse):
    def get_json(self, force: bool = False, silent: bool = False, **_: Any) -> Any:
        return json.loads(self.get_data()) if self.is_json or force else None


class TestClient(Client):
    """Calls the app in place; answers have ``status_code``, ``data``, ``json``, ``location`` …"""

    __test__ = False

    def __init__(self, server: Any, use_cookies: bool = True) -> None:
        super().__init__(_AsWSGI(server), _Response, use_cookies=use_cookies)
        self.server = server

    def __enter__(self) -> TestClient:
        return self

    def __exit__(self, *_: Any) -> None:
        pass

    @contextmanager
    def session_transaction(self, *args: Any, **options: Any) -> Iterator[Any]:
        """The session of this client, to read and to change."""
        from quart import Response

        environ: Any = self._request_from_builder_args(args, options).environ  # type: ignore[attr-defined]
        self._add_cookies_to_wsgi(environ)
        cookies = {"Cookie": environ["HTTP_COOKIE"]} if "HTTP_COOKIE" in environ else {}
        with self.server.test_request_context(*args, headers=cookies, **options) as context:
            yield context.session
            response = Response()
            interface = self.server.session_interface
            result_of(interface.save_session(self.server, context.session, response))
        host = environ["HTTP_HOST"].split(":")[0]
        self._update_cookies_from_response(host, environ["PATH_INFO"], response.headers.getlist("Set-Cookie"))


class _AsWSGI:
    """An ASGI app as the WSGI app that werkzeug's client wants."""

    def __init__(self, server: Any) -> None:
        self.server = server

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        status, headers, body = result_of(self._ask(environ))  # callbacks may ask, too
        start_response(f"{status} ", headers)
        return [body]

    async def _ask(self, environ: dict[str, Any]) -> tuple[int, list[tuple[str, str]], bytes]:
        incoming = [{"type": "http.request", "body": environ["wsgi.input"].read(), "more_body": False}]
        sent: list[Any] = []

        async def receive() -> Any:
            return incoming.pop() if incoming else await asyncio.Event().wait()

        async def send(message: Any) -> None:
            sent.append(message)

        await self.server(scope_of(environ), receive, send)
        head = next(m for m in sent if m["type"] == "http.response.start")
        body = b"".join(m.get("body", b"") for m in sent if m["type"] == "http.response.body")
        return head["status"], [(k.decode("latin-1"), v.decode("latin-1")) for k, v in head["headers"]], body
