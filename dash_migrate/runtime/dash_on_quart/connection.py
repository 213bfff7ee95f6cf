"""One HTTP request from the ASGI server to the app, and its answer back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from quart import Response
from quart.asgi import ASGIHTTPConnection
from quart.utils import cancel_tasks, raise_task_exceptions
from werkzeug.datastructures import Headers
from werkzeug.http import remove_entity_headers
from werkzeug.urls import iri_to_uri

from .answers import close
from .requests import request_from
from .threads import from_thread, in_thread, serves_here


class Connection(ASGIHTTPConnection):
    """Quart's, with the headers of requests and answers as they were behind a WSGI server."""

    async def __call__(self, receive: Any, send: Any) -> None:
        """Take the messages in on the server's event loop, and answer in the thread of the request."""
        request = self._create_request_from_scope(send)
        incoming = asyncio.ensure_future(self.handle_messages(request, receive))
        if serves_here():  # a test client asks from within a request: that goes on in its thread, as on Flask
            await request.body.complete()
            answering = asyncio.ensure_future(self.handle_request(request, send))
        else:
            answering = asyncio.ensure_future(in_thread(self.handle_request, request, from_thread(send)))
        done, pending = await asyncio.wait([incoming, answering], return_when=asyncio.FIRST_COMPLETED)
        await cancel_tasks(pending)
        raise_task_exceptions(done)

    def _create_request_from_scope(self, send: Any) -> Any:
        return request_from(self.app, self.scope)

    async def handle_request(self, request: Any, send: Any) -> None:
        try:
            await super().handle_request(request, send)
        finally:
            if request.after_sending is not None:
                await request.after_sending()

    async def _send_response(self, send: Any, response: Any) -> None:
        headers = final_headers(response)
        raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        status = response.status_code
        bare = self.scope["method"] == "HEAD" or 100 <= status < 200 or status in (204, 304)
        try:
            await send({"type": "http.response.start", "status": status, "headers": raw})
            async with response.response as body:
                async for data in _nothing() if bare else body:
                    chunk = data.encode() if isinstance(data, str) else bytes(data)
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            close(response)


def final_headers(response: Response) -> Headers:
    """What werkzeug would have sent: locations as URIs, no content headers without content."""
    headers = Headers(response.headers)
    if "Location" in headers:
        headers["Location"] = iri_to_uri(headers["Location"])
    if "Content-Location" in headers:
        headers["Content-Location"] = iri_to_uri(headers["Content-Location"])
    status = response.status_code
    if 100 <= status < 200 or status == 204:
        headers.remove("Content-Length")
    elif status == 304:
        remove_entity_headers(headers)
    return headers


async def _nothing() -> AsyncIterator[bytes]:
    for piece in list[bytes]():
        yield piece
