"""ASGI in, WSGI through Flask, ASGI out."""

from __future__ import annotations

import asyncio
import contextvars
import io
import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor, TimeoutError
from typing import Any, cast
from urllib.parse import unquote_to_bytes

from werkzeug.exceptions import InternalServerError

log = logging.getLogger("dash_flask_bridge")

EXCHANGE = "dash_flask_bridge.exchange"  # environ key: the ASGI side of this WSGI request
HANDSHAKE = "dash_flask_bridge.handshake"  # environ key: a websocket asks to come in

#: Requests that may be inside Flask at the same time; each holds one thread (a stream for its whole life).
THREADS = int(os.environ.get("DASH_FLASK_BRIDGE_THREADS", "100"))

#: Bytes of a request body, or of an answer of known length, that are kept in memory.
SPOOL = 1 << 20

#: Seconds in which a client that is answered before it has sent its whole body may send the rest.
LINGER = 2.0

#: Seconds after which a waiting worker thread looks whether the server is still there.
LOOK_AROUND = 5.0


class Exchange:
    """One ASGI request on its way through a WSGI app."""

    def __init__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scope, self.receive, self.send = scope, receive, send
        self.loop = asyncio.get_running_loop()
        self.body = Body(self._next_chunk)
        self._watch: asyncio.Task[None] | None = None
        self._ahead: asyncio.Queue[Any] = asyncio.Queue()  # what came in while the answer went out
        self._ahead_size = 0
        self._room = asyncio.Event()

    async def run(self, wsgi: Callable[..., Any], pool: ThreadPoolExecutor) -> None:
        context = contextvars.copy_context()
        try:
            await self.loop.run_in_executor(pool, context.run, self._run_wsgi, wsgi)
        finally:
            if self._watch is not None:
                self._watch.cancel()

    def wait(self, coroutine: Any) -> Any:
        """From the worker thread: run on the event loop, give back the result.

        Raises:
            ConnectionError: the server is stopping.
        """
        try:
            future = asyncio.run_coroutine_threadsafe(coroutine, self.loop)
        except RuntimeError as error:
            coroutine.close()
            raise ConnectionError("the server has stopped") from error
        while True:
            try:
                return future.result(LOOK_AROUND)
            except CancelledError as error:
                raise ConnectionError("the server is stopping") from error
            except TimeoutError as error:
                if future.done():
                    return future.result()
                if self.loop.is_closed():
                    raise ConnectionError("the server has stopped") from error

    async def disconnected(self) -> None:
        """Returns when the client has gone (the body must have been read)."""
        await asyncio.shield(self._watching())

    def _watching(self) -> asyncio.Task[None]:
        if self._watch is None:
            self._watch = self.loop.create_task(self._watch_client())
        return self._watch

    async def _watch_client(self) -> None:
        """Ends when the client has gone; keeps what it still sends of its body."""
        while True:
            message = await self.receive()
            self._ahead.put_nowait(message)
            if message["type"] == "http.disconnect":
                return
            self._ahead_size += len(message.get("body", b""))
            while self._ahead_size > SPOOL:
                self._room.clear()
                await self._room.wait()

    def _next_chunk(self) -> tuple[bytes, bool]:
        message = self.wait(self._next_message())
        if message["type"] == "http.disconnect":
            return b"", False
        return message.get("body", b""), message.get("more_body", False)

    @property
    def unread(self) -> bool:
        """Whether the client may still be sending a body that nobody read."""
        headers = {name.lower(): value for name, value in self.scope["headers"]}
        sends = headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers
        return sends and self.body.more and b"expect" not in headers

    def linger(self) -> None:
        """Take what the client still sends: cut off, it would not read the answer."""
        end, taken = time.monotonic() + LINGER, 0
        while self.body.more and taken < SPOOL:
            message = self.wait(self._next_in_time(end - time.monotonic()))
            taken += len(message.get("body", b""))
            self.body.more = message.get("more_body", False)

    async def _next_in_time(self, seconds: float) -> Any:
        try:
            return await asyncio.wait_for(self._next_message(), max(seconds, 0))
        except asyncio.TimeoutError:
            return {}

    async def _next_message(self) -> Any:
        if self._watch is None:
            return await self.receive()
        message = await self._ahead.get()
        self._ahead_size -= len(message.get("body", b""))
        self._room.set()
        return message

    def _run_wsgi(self, wsgi: Callable[..., Any]) -> None:
        answer = Answer(self)
        environ = environ_of(self.scope, self.receive, self.body)
        environ[EXCHANGE] = self
        try:
            chunks = wsgi(environ, answer.start_response)
            try:
                for chunk in chunks:
                    answer.write(chunk)
            finally:
                close = getattr(chunks, "close", None)
                if close is not None:
                    close()
        except ConnectionError:
            return
        except Exception:
            if answer.started:
                raise  # too late for an error page: the server cuts the connection, as Flask's did
            log.exception("the WSGI app failed on %s %s", self.scope.get("method"), self.scope.get("path"))
            answer.held = list(InternalServerError()(environ, answer.start_response))
        answer.finish()

    async def emit(self, head: dict[str, Any] | None, data: bytes, more: bool) -> None:
        """Send a piece of the answer.

        Raises:
            ConnectionError: the client has gone.
        """
        if more and self._watching().done():
            raise ConnectionError("the client has gone")
        if head is not None:
            await self.send({"type": "http.response.start", **head})
        await self.send({"type": "http.response.body", "body": data, "more_body": more})


class Answer:
    """What a WSGI app answers: held back while it is known to be short, streamed otherwise."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.head: dict[str, Any] = {}
        self.length: int | None = None
        self.held: list[bytes] = []
        self.started = False

    def start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        if exc_info is not None and self.started:
            raise exc_info[1].with_traceback(exc_info[2])
        self.head = {
            "status": int(status.split(" ", 1)[0]),
            "headers": [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in headers],
        }
        self.length = next((int(v) for k, v in self.head["headers"] if k == b"content-length"), None)
        return self.write

    def write(self, chunk: bytes) -> None:
        self.held.append(chunk)
        if self.length is None or self.length > SPOOL:
            self._emit(more=True)

    def finish(self) -> None:
        if self.exchange.unread:
            self._emit(more=True)
            self.exchange.linger()
        self._emit(more=False)

    def _emit(self, more: bool) -> None:
        data = b"".join(self.held)
        self.held.clear()
        if more and not data:
            return
        self.exchange.wait(self.exchange.emit(None if self.started else self.head, data, more))
        self.started = True


class Body(io.RawIOBase):
    """``wsgi.input``: reads the ASGI body when asked to, and remembers it for Dash's own view."""

    def __init__(self, next_chunk: Callable[[], tuple[bytes, bool]]) -> None:
        self._next_chunk = next_chunk
        self._kept = tempfile.SpooledTemporaryFile(SPOOL)  # noqa: SIM115
        self._size = self._position = 0
        self.more = True

    def readable(self) -> bool:
        return True

    def _fill(self) -> None:
        chunk, self.more = self._next_chunk()
        self._kept.seek(self._size)
        self._size += self._kept.write(chunk)

    def readinto(self, buffer: Any) -> int:
        while self._position >= self._size and self.more:
            self._fill()
        self._kept.seek(self._position)
        data = self._kept.read(min(len(buffer), self._size - self._position))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def everything(self) -> bytes:
        """The whole body, whoever read what of it before."""
        while self.more:
            self._fill()
        self._kept.seek(0)
        return self._kept.read()


def environ_of(scope: Any, receive: Any, body: Any) -> dict[str, Any]:
    """The WSGI environ of an ASGI scope, as a WSGI server on the same socket would have made it.

    uvicorn believes ``X-Forwarded-For`` from whom it trusts; a WSGI server does not. So the peer of the connection
    is asked, and trust stays where the app puts it (``ProxyFix``). Of ``X-Forwarded-Proto`` gunicorn did the same.
    """
    client, scheme = client_of(scope, receive), scope.get("scheme", "http")
    server = scope.get("server") or ("localhost", 80)
    root = scope.get("root_path", "")
    raw = scope.get("raw_path")
    raw = raw.split(b"?", 1)[0] if raw else None
    path = (unquote_to_bytes(raw) if raw else scope["path"].encode("utf-8")).decode("latin-1")
    if "://" in path and not path.startswith("/"):  # some servers leave a whole URL as it is: no gate knows that path
        path = "/" + path.partition("://")[2].partition("/")[2]
    prefix = root.encode("utf-8").decode("latin-1")
    if prefix and path.startswith(prefix):
        path = path[len(prefix) :]
    target = (raw or scope["path"].encode("utf-8")).decode("latin-1")
    query = scope.get("query_string", b"").decode("latin-1")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.get("method", "GET"),
        "SCRIPT_NAME": prefix,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "REQUEST_URI": f"{target}?{query}" if query else target,
        "RAW_URI": f"{target}?{query}" if query else target,
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1] or ""),
        "SERVER_PROTOCOL": "HTTP/" + scope.get("http_version", "1.1"),
        "REMOTE_ADDR": client[0],
        "REMOTE_PORT": str(client[1]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": {"ws": "http", "wss": "https"}.get(scheme, scheme),
        "wsgi.input": io.BufferedReader(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1").strip(" \t")
        if "_" in name:
            continue  # as WSGI servers do: X_User must not pass for X-User
        key = name.upper().replace("-", "_")
        key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else "HTTP_" + key
        # HTTP/2 splits cookies; in HTTP/1.1 a second header is a mistake, and reads as WSGI servers made it read
        joint = "; " if key == "HTTP_COOKIE" and not scope.get("http_version", "1.1").startswith("1") else ","
        environ[key] = environ[key] + joint + value if key in environ else value
    if "CONTENT_LENGTH" not in environ and "HTTP_TRANSFER_ENCODING" in environ:
        environ["wsgi.input_terminated"] = True
    return environ


def client_of(scope: Any, receive: Any) -> tuple[str, int]:
    client = tuple(scope.get("client") or ("", 0))
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is not None:
        peer = transport.get_extra_info("peername")
        if isinstance(peer, (tuple, list)) and len(peer) >= 2:
            client = (str(peer[0]), int(peer[1]))
    return cast("tuple[str, int]", client)
