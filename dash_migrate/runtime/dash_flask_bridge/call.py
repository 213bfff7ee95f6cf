"""Flask's thread asks Dash's ASGI server, and runs for it whatever would block."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import os
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any

import flask
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from .wsgi import EXCHANGE, SPOOL, Exchange

current_call: contextvars.ContextVar[Call | None] = contextvars.ContextVar("dash_flask_bridge_call", default=None)


class Call:
    """One request handed from a Flask view to Dash's ASGI server.

    The worker thread that runs Flask waits here. What Dash runs for the request (callback, layout, index)
    is sent back to this thread, so nothing blocks the event loop and thread-local state stays together.
    """

    def __init__(self, backend: Any, environ: dict[str, Any], path: str) -> None:
        self.backend, self.environ, self.path = backend, environ, path
        self.exchange: Exchange | None = environ.get(EXCHANGE)
        self.loop = self.exchange.loop if self.exchange is not None else background_loop()
        self.events: queue.SimpleQueue[tuple[str, Any, Any]] = queue.SimpleQueue()
        self.error: BaseException | None = None

    def answer(self) -> flask.Response:
        """The Flask response for the answer of the ASGI server.

        Raises:
            Exception: what the Dash view raised, for Flask's error handlers to see.
        """
        body = self._body()
        context = contextvars.copy_context()
        context.run(current_call.set, self)
        self.loop.call_soon_threadsafe(self._start, body, context=context)
        head = self._next("head")
        data, more = self._next("body")
        length = next((int(v) for k, v in head.get("headers", ()) if k.lower() == b"content-length"), None)
        while more and length is not None and length <= SPOOL:  # in pieces, but no stream
            piece, more = self._next("body")
            data += piece
        if self.error is not None:
            raise self.error
        headers = [(k.decode("latin-1"), v.decode("latin-1")) for k, v in head.get("headers", ())]
        content: Any = self._stream(data) if more else data
        response = flask.Response(content, status=head["status"], headers=headers)
        if not any(name.lower() == "content-type" for name, _ in headers):
            del response.headers["Content-Type"]
            if self.path == self.backend.callback_path and data:
                response.headers["Content-Type"] = "application/json"
        return response

    def _body(self) -> bytes:
        request = flask.request
        if self.path == self.backend.callback_path:  # 415, 413 and 400 come from the view, in this order
            with contextlib.suppress(HTTPException):
                return request.get_data() if request.is_json else b""
            return b""
        limit = request.max_content_length
        if limit is not None and (request.content_length or 0) > limit:
            raise RequestEntityTooLarge
        if self.exchange is not None:
            return self.exchange.body.everything()
        return request.get_data(cache=True)

    def _start(self, body: bytes) -> None:
        task = asyncio.get_running_loop().create_task(self._run(body))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    async def _run(self, body: bytes) -> None:
        messages = [{"type": "http.request", "body": body, "more_body": False}]
        finished = False

        async def receive() -> Any:
            if messages:
                return messages.pop()
            if self.exchange is not None:
                await self.exchange.disconnected()
                return {"type": "http.disconnect"}
            return await asyncio.get_running_loop().create_future()

        async def send(message: Any) -> None:
            nonlocal finished
            if message["type"] == "http.response.start":
                self.events.put(("head", message, None))
            elif message["type"] == "http.response.body" and not finished:
                more = message.get("more_body", False)
                finished = not more
                taken = self.loop.create_future() if more else None
                self.events.put(("body", (message.get("body", b""), more), taken))
                if taken is not None:
                    await taken  # back pressure: the client sets the pace

        try:
            await self.backend.server.inner(self._scope(), receive, send)
        except BaseException as error:
            if finished:
                raise
            self.events.put(("error", error, None))

    def _scope(self) -> dict[str, Any]:
        environ = self.environ
        path = self.path.encode("latin-1", "replace").decode("utf-8", "replace")
        headers = [
            (key[5:].replace("_", "-").lower().encode("latin-1"), str(value).encode("latin-1"))
            for key, value in environ.items()
            if key.startswith("HTTP_")
        ]
        for key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            if environ.get(key):
                headers.append((key.replace("_", "-").lower().encode("latin-1"), str(environ[key]).encode("latin-1")))
        method = environ["REQUEST_METHOD"]
        scope: dict[str, Any] = {"type": "http", "asgi": {"version": "3.0"}}
        if self.exchange is not None:
            scope = dict(self.exchange.scope)
        scope.pop("raw_path", None)
        return {
            **scope,
            "method": "GET" if method == "HEAD" else method,
            "scheme": environ["wsgi.url_scheme"],
            "path": environ.get("SCRIPT_NAME", "") + path,
            "raw_path": (environ.get("SCRIPT_NAME", "") + path).encode("utf-8"),
            "root_path": environ.get("SCRIPT_NAME", ""),
            "query_string": environ.get("QUERY_STRING", "").encode("latin-1"),
            "http_version": "1.1",
            "headers": headers,
            "client": (environ.get("REMOTE_ADDR", ""), int(environ.get("REMOTE_PORT") or 0)),
            "server": (environ["SERVER_NAME"], int(environ["SERVER_PORT"] or 0)),
            "state": dict(scope.get("state") or {}),
        }

    def _next(self, wanted: str) -> Any:
        """Wait for the next message of the ASGI side, running what it sends over meanwhile."""
        while True:
            kind, payload, reply = self.events.get()
            if kind == "run":
                outcome = _outcome(payload)
                self.loop.call_soon_threadsafe(_settle, reply, outcome)
            elif kind == "error":
                raise self.error or payload
            else:
                if reply is not None:
                    self.loop.call_soon_threadsafe(_settle, reply, None)
                if kind == wanted:
                    return payload

    def _stream(self, first: bytes) -> Iterator[bytes]:
        yield first
        more = True
        while more:
            data, more = self._next("body")
            yield data

    async def offload(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Run a blocking function in the waiting Flask thread, in the caller's context."""
        reply = asyncio.get_running_loop().create_future()
        job = functools.partial(contextvars.copy_context().run, function, *args, **kwargs)
        self.events.put(("run", job, reply))
        value, error = await reply
        if error is not None:
            raise error
        return value


tasks: set[Any] = set()


def _outcome(job: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    try:
        return job(), None
    except BaseException as error:
        return None, error


def _settle(future: Any, value: Any) -> None:
    if not future.done():
        future.set_result(value)


@functools.lru_cache(maxsize=1)
def _loop_of(_process: int) -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="dash-loop", daemon=True).start()
    return loop


def background_loop() -> asyncio.AbstractEventLoop:
    """The loop Dash runs on when Flask was called as plain WSGI: test_client, DispatcherMiddleware, waitress."""
    return _loop_of(os.getpid())


def on_loop(function: Any) -> Any:
    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        exchange = flask.request.environ.get(EXCHANGE)
        loop = exchange.loop if exchange is not None else background_loop()
        context = contextvars.copy_context()
        done: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()

        async def finish() -> None:
            try:
                done.put((await function(*args, **kwargs), None))
            except BaseException as error:
                done.put((None, error))

        def start() -> None:
            task = asyncio.get_running_loop().create_task(finish())
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        loop.call_soon_threadsafe(start, context=context)
        value, error = done.get()
        if error is not None:
            raise error
        return value

    return run
