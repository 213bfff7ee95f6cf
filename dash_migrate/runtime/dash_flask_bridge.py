"""Keep Flask code running around a Dash app that is served by FastAPI or Quart.

Put here by dash-migrate; yours to keep, read and change. It needs nothing but Dash and its backend.

Every HTTP request goes through the Flask app first, exactly as it did when Flask was the server:
WSGI wrappers, ``before_request``, session, ``after_request``, error handlers and teardown all run, in a
worker thread, off the event loop. Routes of the Flask app answer as before. Where Dash's own view would
have run inside Flask, the request is handed to Dash's FastAPI or Quart server, and its answer goes back out
through Flask. Callbacks, layout functions and hooks run in that same worker thread, with ``flask.request``,
``session``, ``g`` and ``current_app`` in place. Websocket handshakes pass the same gates.

    app = Dash(__name__, backend=flask_bridge("fastapi"))               # Dash makes its Flask app
    app = Dash(__name__, backend=flask_bridge("fastapi", flask_app))    # or lives in yours
    flask_of(app).before_request(check_login)                           # what app.server was on Flask
    server = app.server                                                 # ASGI: uvicorn app:server
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import inspect
import io
import logging
import os
import queue
import re
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast
from urllib.parse import unquote_to_bytes

import flask
from dash import Dash
from dash.backends import get_backend
from dash.backends._flask import FlaskDashServer, FlaskRequestAdapter, FlaskResponseAdapter
from flask import Flask
from flask.ctx import RequestContext
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.routing import RequestRedirect
from werkzeug.utils import get_content_type
from werkzeug.wrappers import Response as WerkzeugResponse

__all__ = ["asgi_server", "before_first_request", "flask_bridge", "flask_of", "flask_view", "serve"]

log = logging.getLogger("dash_flask_bridge")

#: Requests that may be inside Flask at the same time; each holds one thread (a stream for its whole life).
THREADS = int(os.environ.get("DASH_FLASK_BRIDGE_THREADS", "100"))
#: Bytes of a request body that are kept in memory before a temporary file takes over.
SPOOL = 1 << 20

_EXCHANGE = "dash_flask_bridge.exchange"  # environ key: the ASGI side of this WSGI request
_HANDSHAKE = "dash_flask_bridge.handshake"  # environ key: a websocket asks to come in


# --- for application code -----------------------------------------------------------------------------------


def flask_bridge(backend: str, flask_app: Any = None) -> type:
    """The Dash backend class that runs Flask around Dash on ``backend``.

    Args:
        backend: ``"fastapi"`` or ``"quart"`` (``"flask"`` gives Dash's plain Flask backend).
        flask_app: the Flask app Dash is to live in; None or a bool lets Dash have its own.

    Raises:
        ImportError: the extra for the backend is not installed.
    """
    bound = None if flask_app is None or isinstance(flask_app, bool) else flask_of(flask_app)
    if backend.lower() == "flask":
        return type("FlaskBackend", (FlaskDashServer,), {"create_app": _create_flask(bound)})
    mixin = {"fastapi": _fastapi_parts, "quart": _quart_parts}[backend.lower()]()
    return type("FlaskBridge", mixin, {"create_app": _create_server(backend.lower(), bound)})


def flask_of(server: Any) -> Flask:
    """The Flask app of a Dash app, of its ASGI server, or the Flask app itself.

    Raises:
        TypeError: the object has no Flask app around it.
    """
    if isinstance(server, Flask):
        return server
    for owner in (server, getattr(server, "backend", None), getattr(server, "server", None)):
        found = getattr(getattr(owner, "front", None), "flask", None)
        if isinstance(found, Flask):
            return found
        if isinstance(owner, Flask):
            return owner
    raise TypeError(f"{type(server).__name__} object has no Flask app around it")


def asgi_server(server: Any, backend: str | None = None) -> Any:
    """What an ASGI server such as uvicorn can load, for a Flask app, a Dash app or any WSGI callable.

    Args:
        server: the object; one that is an ASGI server already comes back as it is.
        backend: for a Flask app whose Dash apps are not made yet, the backend they will have.
    """
    if isinstance(server, Flask):
        return _front_of(server).entry(backend)
    if hasattr(server, "backend") and hasattr(server, "callback_map"):
        return server.server
    if inspect.iscoroutinefunction(getattr(server, "__call__", None)):  # noqa: B004
        return server
    return _WSGIEntry(server)


def flask_view(app: Any) -> Any:
    """A Dash app as it looked on Flask, for extensions that take the app and use ``app.server``."""
    return _FlaskView(app)


def before_first_request(server: Any) -> Callable[[Any], Any]:
    """A decorator for a function to run once, before the first request: what Flask had up to 2.2."""
    flask_app = flask_of(server)

    def register(function: Any) -> Any:
        lock, done = threading.Lock(), threading.Event()

        @functools.wraps(function)
        def once() -> None:
            if done.is_set():
                return
            with lock:
                if not done.is_set():
                    function()
                    done.set()

        flask_app.before_request_funcs.setdefault(None, []).insert(0, once)
        return function

    return register


def serve(server: Any, host: str | None = None, port: Any = None, debug: bool | None = None, **options: Any) -> None:
    """Run a server as ``Flask.run`` did, until interrupted: same defaults, same reloader, no re-import.

    Args:
        server: a Flask app, a Dash app or an ASGI server.
        host: default 127.0.0.1.
        port: default 5000.
        debug: turns the reloader on unless ``use_reloader`` says otherwise.
        options: Flask's run options; ``ssl_context`` as a ``(cert, key)`` pair, ``use_reloader``,
            ``extra_files``, ``exclude_patterns``, ``reloader_type`` and ``reloader_interval`` are honoured,
            ``threaded`` is always so, anything else is named in a warning.
    """
    entry = asgi_server(server)
    if debug is not None:
        flask_of(server).debug = bool(debug)
    if os.environ.get("FLASK_RUN_FROM_CLI") == "true":
        return
    reload_options = {
        key: options.pop(key)
        for key in ("extra_files", "exclude_patterns", "reloader_type")
        if options.get(key) is not None
    }
    if "reloader_interval" in options:
        reload_options["interval"] = options.pop("reloader_interval")
    use_reloader = options.pop("use_reloader", debug)
    ssl_context = options.pop("ssl_context", None)
    for quiet in ("threaded", "use_debugger", "load_dotenv", "use_evalex", "passthrough_errors", "request_handler"):
        options.pop(quiet, None)
    if ssl_context is not None and not isinstance(ssl_context, tuple):
        raise ValueError("ssl_context must be a (certificate file, key file) pair here")
    for name, value in options.items():
        if value is not None:
            log.warning("run(%s=%r) has no counterpart on an ASGI server and is left out", name, value)
    start = functools.partial(_run_asgi, entry, host or "127.0.0.1", int(port or 5000), ssl_context)
    if use_reloader:
        from werkzeug.serving import run_with_reloader

        run_with_reloader(start, **reload_options)
    else:
        start()


# --- the Flask app around Dash ------------------------------------------------------------------------------


class _Front:
    """A Flask app and the Dash apps that live in it."""

    def __init__(self, flask_app: Flask) -> None:
        self.flask = flask_app
        self.shell: Any = None  # an ASGI server that was asked for before any Dash app was made
        self.backends: list[Any] = []
        self.pool = ThreadPoolExecutor(THREADS, thread_name_prefix="flask")
        self._dispatch = flask_app.dispatch_request
        flask_app.dispatch_request = self.dispatch_request  # type: ignore[method-assign]

    def entry(self, backend: str | None = None) -> Any:
        """The ASGI server that serves this Flask app and everything in it."""
        if self.shell is None and self.backends:
            return self.backends[0].server
        if self.shell is None:
            self.shell = _server_class(backend)(self) if backend else _Shell(self)
        return self.shell

    def new_server(self, backend: str) -> Any:
        """The ASGI server for one more Dash app; the first takes the one that was asked for before."""
        made = _server_class(backend)
        if not self.backends and isinstance(self.shell, made):
            return self.shell
        return made(self)

    def mirror(self, backend: Any, rule: str, endpoint: str, methods: list[str], target: str) -> None:
        """Give Flask the rule Dash would have added, answered by Dash's own view at ``target``."""

        def view(**_view_args: Any) -> Any:
            handshake = flask.request.environ.get(_HANDSHAKE)
            if handshake is not None:
                handshake.admit()
                return "", 204
            override = backend.overridden_dispatch() if target == backend.callback_path else None
            return self.ask_dash(backend, target) if override is None else override()

        self.flask.add_url_rule(rule, endpoint=endpoint, view_func=view, methods=methods)

    def dispatch_request(self) -> Any:
        """Flask's dispatch, plus: websocket handshakes, and routes that only the ASGI server knows."""
        request = flask.request
        handshake = request.environ.get(_HANDSHAKE)
        if handshake is not None:  # as open as the callbacks it leads to
            return self.flask.ensure_sync(self.flask.view_functions[handshake.backend.callback_path])()
        error = request.routing_exception
        if error is not None and not isinstance(error, RequestRedirect):
            for backend in self.backends:
                if backend.knows(request.method, request.path):
                    return self.ask_dash(backend, None)
        return self._dispatch()

    def ask_dash(self, backend: Any, target: str | None) -> flask.Response:
        """Let the ASGI server answer the current Flask request.

        Args:
            backend: the Dash backend whose server is asked.
            target: path of the view to run; None keeps the path of the request.
        """
        path = flask.request.path
        if target is None or (target == backend.index_path != path and backend.knows("GET", path)):
            target = path
        return _Call(backend, flask.request.environ, target).answer()


def _front_of(flask_app: Flask) -> _Front:
    front = flask_app.extensions.get("dash_flask_bridge")
    if front is None:  # kept on the Flask app: this module may be imported under two names
        front = flask_app.extensions["dash_flask_bridge"] = _Front(flask_app)
    return cast("_Front", front)


# --- ASGI in, WSGI through Flask, ASGI out --------------------------------------------------------------------


class _Exchange:
    """One ASGI request on its way through a WSGI app."""

    def __init__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scope, self.receive, self.send = scope, receive, send
        self.loop = asyncio.get_running_loop()
        self.body = _Body(self._next_chunk)
        self._watch: asyncio.Task[None] | None = None

    async def run(self, wsgi: Callable[..., Any], pool: ThreadPoolExecutor) -> None:
        context = contextvars.copy_context()
        try:
            await self.loop.run_in_executor(pool, context.run, self._run_wsgi, wsgi)
        finally:
            if self._watch is not None:
                self._watch.cancel()

    def wait(self, coroutine: Any) -> Any:
        """From the worker thread: run on the event loop, give back the result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()

    async def disconnected(self) -> None:
        """Returns when the client has gone (the body must have been read)."""
        if self._watch is None:
            self._watch = self.loop.create_task(self._await_disconnect())
        await asyncio.shield(self._watch)

    async def _await_disconnect(self) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            pass

    def _next_chunk(self) -> tuple[bytes, bool]:
        message = self.wait(self.receive())
        if message["type"] == "http.disconnect":
            return b"", False
        return message.get("body", b""), message.get("more_body", False)

    def _run_wsgi(self, wsgi: Callable[..., Any]) -> None:
        answer = _Answer(self)
        environ = environ_of(self.scope, self.receive, self.body)
        environ[_EXCHANGE] = self
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
            answer.start_response("500 ", [("Content-Type", "text/plain; charset=utf-8")])
            answer.held = [b"Internal Server Error"]
        answer.finish()

    async def emit(self, head: dict[str, Any] | None, data: bytes, more: bool) -> None:
        """Send a piece of the answer.

        Raises:
            ConnectionError: the client has gone.
        """
        if more:
            if self._watch is None:
                self._watch = self.loop.create_task(self._await_disconnect())
            elif self._watch.done():
                raise ConnectionError("the client has gone")
        if head is not None:
            await self.send({"type": "http.response.start", **head})
        await self.send({"type": "http.response.body", "body": data, "more_body": more})


class _Answer:
    """What a WSGI app answers: held back while it is known to be short, streamed otherwise."""

    def __init__(self, exchange: _Exchange) -> None:
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
        self._emit(more=False)

    def _emit(self, more: bool) -> None:
        data = b"".join(self.held)
        self.held.clear()
        if more and not data:
            return
        self.exchange.wait(self.exchange.emit(None if self.started else self.head, data, more))
        self.started = True


class _Body(io.RawIOBase):
    """``wsgi.input``: reads the ASGI body when asked to, and remembers it for Dash's own view."""

    def __init__(self, next_chunk: Callable[[], tuple[bytes, bool]]) -> None:
        self._next_chunk = next_chunk
        self._kept = tempfile.SpooledTemporaryFile(SPOOL)  # noqa: SIM115
        self._size = self._position = 0
        self._more = True

    def readable(self) -> bool:
        return True

    def _fill(self) -> None:
        chunk, self._more = self._next_chunk()
        self._kept.seek(self._size)
        self._size += self._kept.write(chunk)

    def readinto(self, buffer: Any) -> int:
        while self._position >= self._size and self._more:
            self._fill()
        self._kept.seek(self._position)
        data = self._kept.read(min(len(buffer), self._size - self._position))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def everything(self) -> bytes:
        """The whole body, whoever read what of it before."""
        while self._more:
            self._fill()
        self._kept.seek(0)
        return self._kept.read()


def environ_of(scope: Any, receive: Any, body: Any) -> dict[str, Any]:
    """The WSGI environ of an ASGI scope, as a WSGI server on the same socket would have made it.

    uvicorn believes ``X-Forwarded-For`` and ``-Proto`` from this machine; a WSGI server does not. So the
    peer of the connection is asked, and trust stays where the app puts it (``ProxyFix``).
    """
    client, scheme = _peer(scope, receive)
    server = scope.get("server") or ("localhost", 80)
    root = scope.get("root_path", "")
    raw = scope.get("raw_path")
    raw = raw.split(b"?", 1)[0] if raw else None
    path = (unquote_to_bytes(raw) if raw else scope["path"].encode("utf-8")).decode("latin-1")
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
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        if "_" in name:
            continue  # as WSGI servers do: X_User must not pass for X-User
        key = name.upper().replace("-", "_")
        key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else "HTTP_" + key
        joint = "; " if key == "HTTP_COOKIE" else ","
        environ[key] = environ[key] + joint + value if key in environ else value
    if "CONTENT_LENGTH" not in environ and "HTTP_TRANSFER_ENCODING" in environ:
        environ["wsgi.input_terminated"] = True
    return environ


def _peer(scope: Any, receive: Any) -> tuple[tuple[str, int], str]:
    client = tuple(scope.get("client") or ("", 0))
    scheme = scope.get("scheme", "http")
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is not None:
        peer = transport.get_extra_info("peername")
        if isinstance(peer, (tuple, list)) and len(peer) >= 2:
            client = (str(peer[0]), int(peer[1]))
            scheme = "https" if transport.get_extra_info("sslcontext") else "http"
    return cast("tuple[str, int]", client), scheme


# --- Flask's thread asks Dash's ASGI server -------------------------------------------------------------------

_current_call: contextvars.ContextVar[_Call | None] = contextvars.ContextVar("dash_flask_bridge_call", default=None)


class _Call:
    """One request handed from a Flask view to Dash's ASGI server.

    The worker thread that runs Flask waits here. What Dash runs for the request (callback, layout, index)
    is sent back to this thread, so nothing blocks the event loop and thread-local state stays together.
    """

    def __init__(self, backend: Any, environ: dict[str, Any], path: str) -> None:
        self.backend, self.environ, self.path = backend, environ, path
        self.exchange: _Exchange | None = environ.get(_EXCHANGE)
        self.loop = self.exchange.loop if self.exchange is not None else _background_loop()
        self.events: queue.SimpleQueue[tuple[str, Any, Any]] = queue.SimpleQueue()
        self.error: BaseException | None = None

    def answer(self) -> flask.Response:
        """The Flask response for the answer of the ASGI server.

        Raises:
            Exception: what the Dash view raised, for Flask's error handlers to see.
        """
        body = self._body()
        context = contextvars.copy_context()
        context.run(_current_call.set, self)
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
        limit = request.max_content_length
        if limit is not None and (request.content_length or 0) > limit:
            raise RequestEntityTooLarge
        if self.exchange is not None:
            return self.exchange.body.everything()
        return request.get_data(cache=True)

    def _start(self, body: bytes) -> None:
        task = asyncio.get_running_loop().create_task(self._run(body))
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)

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
        scope = dict(self.exchange.scope) if self.exchange is not None else {"type": "http", "asgi": {"version": "3.0"}}
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

    async def offload(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run a blocking function in the waiting Flask thread, in the caller's context."""
        reply = asyncio.get_running_loop().create_future()
        job = functools.partial(contextvars.copy_context().run, function, *args, **kwargs)
        self.events.put(("run", job, reply))
        value, error = await reply
        if error is not None:
            raise error
        return value


_tasks: set[Any] = set()


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


def _background_loop() -> asyncio.AbstractEventLoop:
    """The loop Dash runs on when Flask was called as plain WSGI: test_client, DispatcherMiddleware, waitress."""
    return _loop_of(os.getpid())


# --- Dash's ASGI servers, with Flask in front -----------------------------------------------------------------


class _Entry:
    """What every ASGI server here has in common: Flask first, then ``inner``."""

    front: _Front

    async def inner(self, scope: Any, receive: Any, send: Any) -> None:
        raise NotImplementedError

    async def through_flask(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await _Exchange(scope, receive, send).run(self.front.flask, self.front.pool)
        elif scope["type"] == "websocket":
            await _Handshake(self, scope, receive, send).run()
        else:
            await self.inner(scope, receive, send)


class _Handshake:
    """A websocket that asks to come in: Flask's hooks decide, Dash's callbacks see Flask's request and session."""

    def __init__(self, entry: _Entry, scope: Any, receive: Any, send: Any) -> None:
        self.entry, self.scope, self.receive, self.send = entry, scope, receive, send
        self.admitted = False
        self.state: dict[str, Any] = {}
        path = scope["path"]
        self.backend = next((b for b in entry.front.backends if path.startswith(b.index_path + "_dash-ws")), None)

    def admit(self) -> None:
        """Called where Dash's own view would run: no gate has refused."""
        self.admitted = True
        if flask.request.method != "GET":
            return
        self.state = dict(vars(flask.g._get_current_object()))  # type: ignore[attr-defined]
        self.environ, self.session = dict(flask.request.environ), flask.session._get_current_object()  # type: ignore[attr-defined]

    async def run(self) -> None:
        front, loop = self.entry.front, asyncio.get_running_loop()
        if self.backend is not None:
            await loop.run_in_executor(front.pool, self._ask_flask, front.flask)
        if self.backend is None or not self.admitted:
            await self.receive()  # websocket.connect
            await self.send({"type": "websocket.close", "code": 1008, "reason": "refused"})
            return
        with RequestContext(front.flask, self.environ, session=self.session):
            vars(flask.g._get_current_object()).update(self.state)  # type: ignore[attr-defined]
            await self.backend.server.inner(self.scope, self.receive, self.send)

    def _ask_flask(self, wsgi: Callable[..., Any]) -> None:
        """Pass Flask's gates twice: as the handshake, and as the callback request that it stands for.

        Gates go by path and method; what may not post a callback may not open a websocket to send one.
        """
        callback = {"path": self.backend.callback_path, "method": "POST", "raw_path": None, "query_string": b""}
        body = b'{"output": "", "outputs": [], "inputs": [], "state": [], "changedPropIds": []}'
        as_json = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        self._knock(wsgi, environ_of({**self.scope, "method": "GET"}, self.receive, io.BytesIO()))
        if self.admitted:
            self.admitted = False
            scope = {**self.scope, **callback, "headers": [*self.scope["headers"], *as_json]}
            self._knock(wsgi, environ_of(scope, self.receive, io.BytesIO(body)))

    def _knock(self, wsgi: Callable[..., Any], environ: dict[str, Any]) -> None:
        environ[_HANDSHAKE] = self
        try:
            chunks = wsgi(environ, lambda *_: lambda _data: None)
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        except Exception:
            log.exception("a hook failed on a websocket handshake")
            self.admitted = False


def _create_flask(bound: Flask | None) -> Any:
    @staticmethod  # type: ignore[misc]
    def create_app(name: str = "__main__", config: dict[str, Any] | None = None) -> Flask:
        return bound if bound is not None else FlaskDashServer.create_app(name, config)

    return create_app


def _create_server(backend: str, bound: Flask | None) -> Any:
    @staticmethod  # type: ignore[misc]
    def create_app(name: str = "__main__", config: dict[str, Any] | None = None) -> Any:
        front = _front_of(bound if bound is not None else FlaskDashServer.create_app(name, config))
        return front.new_server(backend)

    return create_app


@functools.cache
def _server_class(backend: str) -> type:
    if backend == "fastapi":
        from fastapi import FastAPI

        class FastAPIServer(_Entry, FastAPI):
            """Dash's FastAPI server; requests reach it through Flask."""

            def __init__(self, front: _Front) -> None:
                # Flask had no /docs: Dash's pages answer there, as before
                super().__init__(docs_url=None, redoc_url=None, openapi_url=None)
                self.front, self.name = front, front.flask.name

            def __getattr__(self, name: str) -> Any:
                """Flask's names that FastAPI lacks: code that was not seen using the server stays safe."""
                if name.startswith("_") or "front" not in vars(self):
                    raise AttributeError(name)
                return getattr(self.front.flask, name)

            def __setattr__(self, name: str, value: Any) -> None:
                lost = "front" in vars(self) and not hasattr(FastAPI, name) and name not in vars(self)
                if lost and hasattr(Flask, name):
                    setattr(self.front.flask, name, value)
                else:
                    super().__setattr__(name, value)

            async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
                await self.through_flask(scope, receive, send)

            async def inner(self, scope: Any, receive: Any, send: Any) -> None:
                await FastAPI.__call__(self, scope, receive, send)

        return FastAPIServer

    from quart import Quart
    from quart.sessions import SecureCookieSessionInterface

    class NoSessions(SecureCookieSessionInterface):
        """Sessions are Flask's."""

        async def save_session(self, *_: Any) -> None:
            pass

    class QuartServer(_Entry, Quart):
        """Dash's Quart server; requests reach it through Flask."""

        def __init__(self, front: _Front) -> None:
            super().__init__(front.flask.name, static_folder=None)
            self.front = front
            # Flask has no limits of this kind
            self.config.update(MAX_CONTENT_LENGTH=None, BODY_TIMEOUT=None, RESPONSE_TIMEOUT=None)
            self.config = _SharedConfig(self.config, front.flask.config)
            self.session_interface = NoSessions()

        async def asgi_app(self, scope: Any, receive: Any, send: Any) -> None:
            await self.through_flask(scope, receive, send)

        def before_request(self, function: Any) -> Any:
            """A hook that was written for Flask stays with Flask, which sees every request."""
            if inspect.iscoroutinefunction(function):
                return super().before_request(function)
            return self.front.flask.before_request(function)

        def after_request(self, function: Any) -> Any:
            if inspect.iscoroutinefunction(function):
                return super().after_request(function)
            return self.front.flask.after_request(function)

        async def inner(self, scope: Any, receive: Any, send: Any) -> None:
            self.secret_key = self.front.flask.secret_key
            await Quart.asgi_app(self, scope, receive, send)

    return QuartServer


class _SharedConfig(dict[str, Any]):
    """Quart's own settings, and Flask's for every other key: packages reach them through ``app.server``."""

    def __init__(self, own: Any, flask_config: Any) -> None:
        super().__init__(own)
        self._flask = flask_config

    def __missing__(self, key: str) -> Any:
        return self._flask[key]

    def __contains__(self, key: object) -> bool:
        return dict.__contains__(self, key) or key in self._flask

    def get(self, key: str, default: Any = None) -> Any:
        return self[key] if key in self else default

    def __setitem__(self, key: str, value: Any) -> None:
        if dict.__contains__(self, key):
            super().__setitem__(key, value)
        else:
            self._flask[key] = value


class _Shell(_Entry):
    """The ASGI server of a Flask app whose Dash apps are made later, or elsewhere."""

    def __init__(self, front: _Front) -> None:
        self.front = front

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.through_flask(scope, receive, send)

    async def inner(self, scope: Any, receive: Any, send: Any) -> None:
        if self.front.backends:
            await self.front.backends[0].server.inner(scope, receive, send)
        elif scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1008})


class _WSGIEntry:
    """An ASGI server for a WSGI callable that is not a Flask app (DispatcherMiddleware, own middleware)."""

    def __init__(self, wsgi: Callable[..., Any]) -> None:
        self.wsgi = wsgi
        self.pool = ThreadPoolExecutor(THREADS, thread_name_prefix="wsgi")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await _Exchange(scope, receive, send).run(self.wsgi, self.pool)
        elif scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1008})


class _Bridge:
    """The part of a Dash backend that both ASGI backends share: Dash registers here, Flask gets to know."""

    server: Any
    _dash: Any = None

    def __init__(self, server: Any) -> None:
        super().__init__(server)  # type: ignore[call-arg]
        self.flask_backend = FlaskDashServer(self.front.flask)
        self.request_adapter = _request_adapter(self.request_adapter)
        self.response_adapter = _response_adapter(self)
        self.index_path = "/"

    @property
    def websocket_capability(self) -> bool:
        """The page is told of websockets once a callback wants one; until then it is the page Flask served."""
        app = self._dash
        if app is None or not app._got_first_request["setup_server"] or app._websocket_callbacks:
            return True
        return any(callback.get("websocket") for callback in app.callback_map.values())

    @property
    def callback_path(self) -> str:
        """Path, rule and endpoint of Dash's callback view."""
        return self.index_path + "_dash-update-component"

    @property
    def front(self) -> _Front:
        return cast("_Front", self.server.front)

    def knows(self, method: str, path: str) -> bool:
        """Whether the ASGI server has a route of its own for this, besides Dash's."""
        raise NotImplementedError

    def answers_error(self, error: BaseException) -> bool:
        """Whether the ASGI server's answer to this error stands (else Flask's error handlers make one)."""
        return False

    # registration: Dash's own views are mirrored, everything else goes to Flask as it always did

    def setup_backend(self, dash_app: Any) -> None:
        if isinstance(self.server, Flask):
            raise TypeError("init_app() needs asgi_server(flask_app) here")
        self.flask_backend = FlaskDashServer(self.front.flask)
        self.index_path = dash_app.config.routes_pathname_prefix
        self.front.backends.append(self)
        self._dash = dash_app
        super().setup_backend(dash_app)  # type: ignore[misc]
        execute = dash_app._execute_callback

        def execute_callback(function: Any, *args: Any, **kwargs: Any) -> Any:
            callback = execute(function, *args, **kwargs)
            call = _current_call.get()
            if call is None or inspect.iscoroutinefunction(function):
                return callback

            async def in_flask_thread() -> Any:
                result = await call.offload(callback)
                return await result if inspect.isawaitable(result) else result

            return in_flask_thread

        dash_app._execute_callback = execute_callback

    def add_url_rule(
        self, rule: str, view_func: Any, endpoint: str | None = None, methods: list[str] | None = None, **options: Any
    ) -> None:
        owner = getattr(view_func, "__module__", None) or "dash"
        if callable(view_func) and owner != __name__ and owner.split(".")[0] != "dash":
            if inspect.iscoroutinefunction(view_func):
                view_func = _on_loop(view_func)
            self.flask_backend.add_url_rule(rule, view_func, endpoint, methods)  # written for Flask
            return
        methods = list(methods or ["GET"])
        super().add_url_rule(rule, self._in_flask_thread(view_func), endpoint, methods, **options)  # type: ignore[misc]
        self.front.mirror(self, rule or "/", endpoint or rule, methods, rule or "/")

    def _in_flask_thread(self, view: Any) -> Any:
        if not callable(view):
            return view

        @functools.wraps(view)
        async def run(*args: Any, **kwargs: Any) -> Any:
            call = _current_call.get()
            try:
                if inspect.iscoroutinefunction(view):
                    return await view(*args, **kwargs)
                answer = await call.offload(view, *args, **kwargs) if call else view(*args, **kwargs)
                return self.native(answer)
            except Exception as error:
                if call is None or self.answers_error(error):
                    raise
                call.error = error  # Flask's error handlers and log get it, once
                return self.make_response("", status=500)

        run.__signature__ = _signature(view)  # type: ignore[attr-defined]
        return run

    def setup_index(self, dash_app: Any) -> None:
        async def index() -> Any:
            call = _current_call.get()
            page = await call.offload(dash_app.index) if call else dash_app.index()
            return self.make_response(page, mimetype="text/html") if isinstance(page, str) else self.native(page)

        dash_app._add_url("", index, methods=["GET"])

    def setup_catchall(self, dash_app: Any) -> None:
        rule = self.index_path + "<path:path>"
        self.front.mirror(self, rule, rule, ["GET"], self.index_path)
        dash_app.routes.append(rule)

    def _setup_catchall(self) -> None:
        """Flask has the catch-all; Dash's FastAPI middleware would add one of its own at startup."""

    def setup_component_suites(self, dash_app: Any) -> None:
        def serve_suite(package_name: str, fingerprinted_path: str) -> Any:
            return self.flask_backend.serve_component_suites(dash_app, package_name, fingerprinted_path)

        rule = self.index_path + "_dash-component-suites/<string:package_name>/<path:fingerprinted_path>"
        self.flask_backend.add_url_rule(rule, serve_suite, rule)
        dash_app.routes.append(rule)

    def serve_callback(self, dash_app: Any) -> Any:
        dispatch = super().serve_callback(dash_app)  # type: ignore[misc]

        @functools.wraps(dispatch)
        async def checked(*args: Any, **kwargs: Any) -> Any:
            call = _current_call.get()
            if call is not None:
                await call.offload(flask.request.get_json)  # 415 and 400 as Flask gives them
            return await dispatch(*args, **kwargs)

        checked.__signature__ = _signature(dispatch)  # type: ignore[attr-defined]
        return checked

    def before_request(self, func: Any) -> None:
        if func is not None:
            self.flask_backend.before_request(_on_loop(func) if inspect.iscoroutinefunction(func) else func)

    def after_request(self, func: Any) -> None:
        if func is not None:
            self.flask_backend.after_request(func)

    def register_assets_blueprint(self, *args: Any, **kwargs: Any) -> None:
        self.flask_backend.server = self.front.flask
        self.flask_backend.register_assets_blueprint(*args, **kwargs)

    def register_error_handlers(self) -> None:
        super().register_error_handlers()  # type: ignore[misc]
        self.flask_backend.register_error_handlers()

    def register_prune_error_handler(self, *args: Any, **kwargs: Any) -> None:
        self.flask_backend.register_prune_error_handler(*args, **kwargs)

    def register_timing_hooks(self, first_run: bool) -> None:
        self.flask_backend.register_timing_hooks(first_run)

    def register_callback_api_routes(self, paths: Any) -> None:
        self.flask_backend.register_callback_api_routes(paths)

    def enable_compression(self) -> None:
        self.flask_backend.enable_compression()

    def add_redirect_rule(self, app: Any, fullname: str, path: str) -> None:
        self.flask_backend.add_redirect_rule(app, fullname, path)

    def make_response(
        self, data: Any, mimetype: str | None = None, content_type: str | None = None, status: int | None = None
    ) -> Any:
        if content_type is None:
            content_type = get_content_type(mimetype or "text/html", "utf-8")
        return super().make_response(data, content_type=content_type, status=status)  # type: ignore[misc]

    def overridden_dispatch(self) -> Any:
        """The ``dispatch`` of a Dash subclass, which Dash itself has not called since 4.2: often the gate."""
        app = self._dash
        if not hasattr(type(app), "dispatch") or hasattr(Dash, "dispatch"):
            return None
        owner = next(c for c in reversed(type(app).__mro__) if "dispatch" in vars(c))
        for ancestor in owner.__mro__[1:]:
            if ancestor is Dash:  # what super().dispatch() reaches
                Dash.dispatch = lambda dash_app: dash_app.backend.dispatch_callback()  # type: ignore[attr-defined]
        return app.dispatch

    def dispatch_callback(self) -> Any:
        """Run the callback of the current Flask request."""
        return self.front.ask_dash(self, self.callback_path)

    def native(self, answer: Any) -> Any:
        """What a Dash view returned, as an answer of the ASGI server: overrides may make Flask answers."""
        if isinstance(answer, WerkzeugResponse):
            return self.native_response(answer)
        if isinstance(answer, tuple):
            return self.native_response(self.front.flask.make_response(answer))
        return answer

    def native_response(self, answer: Any) -> Any:
        raise NotImplementedError

    def has_request_context(self) -> bool:
        return flask.has_request_context() or bool(super().has_request_context())  # type: ignore[misc]

    def jsonify(self, obj: Any) -> Any:
        if not flask.has_app_context():
            return super().jsonify(obj)  # type: ignore[misc]
        return self.make_response(flask.jsonify(obj).get_data(), content_type="application/json")

    def run(self, dash_app: Any, host: str, port: int, debug: bool, **options: Any) -> None:
        serve(self.server, host, port, debug, **options)


def _signature(function: Any) -> inspect.Signature:
    try:
        return inspect.signature(function, eval_str=True)  # FastAPI looks the names up in the wrong module
    except NameError:
        return inspect.signature(function)


def _on_loop(function: Any) -> Any:
    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        exchange = flask.request.environ.get(_EXCHANGE)
        loop = exchange.loop if exchange is not None else _background_loop()
        context = contextvars.copy_context()
        done: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()

        async def finish() -> None:
            try:
                done.put((await function(*args, **kwargs), None))
            except BaseException as error:
                done.put((None, error))

        def start() -> None:
            task = asyncio.get_running_loop().create_task(finish())
            _tasks.add(task)
            task.add_done_callback(_tasks.discard)

        loop.call_soon_threadsafe(start, context=context)
        value, error = done.get()
        if error is not None:
            raise error
        return value

    return run


def _fastapi_parts() -> tuple[type, ...]:
    base = get_backend("fastapi")
    from starlette.exceptions import HTTPException as StarletteHTTPException
    from starlette.responses import Response
    from starlette.routing import Match

    class FastAPIBridge(_Bridge):
        def native_response(self, answer: Any) -> Any:
            response = Response(answer.get_data(), answer.status_code)
            response.raw_headers = [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in answer.headers]
            return response

        def answers_error(self, error: BaseException) -> bool:
            return isinstance(error, StarletteHTTPException)

        def knows(self, method: str, path: str) -> bool:
            scope = {"type": "http", "method": method, "path": path, "root_path": "", "headers": []}
            return any(
                route.matches(scope)[0] is Match.FULL
                for route in self.server.router.routes
                if getattr(route, "endpoint", None) not in self._views
            )

        def add_url_rule(self, rule: str, view_func: Any, *args: Any, **kwargs: Any) -> None:
            known = len(self.server.router.routes)
            super().add_url_rule(rule, view_func, *args, **kwargs)
            self._views.update(getattr(r, "endpoint", None) for r in self.server.router.routes[known:])

        @functools.cached_property
        def _views(self) -> set[Any]:
            return set()

    return (FastAPIBridge, base)


def _quart_parts() -> tuple[type, ...]:
    base = get_backend("quart")
    from quart import Response

    class QuartBridge(_Bridge):
        def native_response(self, answer: Any) -> Any:
            return Response(answer.get_data(), answer.status_code, list(answer.headers))

        def knows(self, method: str, path: str) -> bool:
            adapter = self.server.url_map.bind("localhost")
            try:
                endpoint, _ = adapter.match(path, method)
            except HTTPException:
                return False
            return endpoint not in self._endpoints

        def add_url_rule(self, rule: str, view_func: Any, *args: Any, **kwargs: Any) -> None:
            known = set(self.server.view_functions)
            super().add_url_rule(rule, view_func, *args, **kwargs)
            self._endpoints.update(set(self.server.view_functions) - known)

        @functools.cached_property
        def _endpoints(self) -> set[str]:
            return set()

    return (QuartBridge, base)


@functools.cache
def _request_adapter(base: type) -> type:
    """Dash's request adapter for a backend, reading what Flask sees: header case, paths, proxies as before."""

    class Adapter(base):  # type: ignore[misc,valid-type]
        def __init__(self) -> None:
            self._flask = FlaskRequestAdapter() if flask.has_request_context() else None
            try:
                super().__init__()
            except (RuntimeError, LookupError):
                if self._flask is None:
                    raise
                self._request = None

        if not inspect.iscoroutinefunction(base.get_json):  # type: ignore[attr-defined]

            def get_json(self) -> Any:
                return self._flask.get_json() if self._flask is not None else super().get_json()

    def seen_by_flask(name: str) -> property:
        def read(self: Any) -> Any:
            return getattr(self._flask if self._flask is not None else super(Adapter, self), name)

        return property(read)

    for name in ("context", "root", "args", "is_json", "cookies", "headers", "full_path", "url", "remote_addr"):
        setattr(Adapter, name, seen_by_flask(name))
    for name in ("origin", "path"):
        setattr(Adapter, name, seen_by_flask(name))
    return Adapter


def _response_adapter(bridge: Any) -> type:
    """Dash's response adapter, filled by callbacks as Flask's was: cookie attributes, status, content type."""

    class Adapter(FlaskResponseAdapter):
        def set_response(self, **kwargs: Any) -> Any:
            return bridge.native_response(super().set_response(**kwargs))

    return Adapter


class _FlaskView:
    """Stands for a Dash app towards code that was written for Flask: ``.server`` is the Flask app."""

    def __init__(self, app: Any) -> None:
        object.__setattr__(self, "_app", app)

    @property
    def __class__(self) -> Any:  # isinstance(view, Dash) holds
        return type(self._app)

    def __getattr__(self, name: str) -> Any:
        if name == "server":
            return flask_of(self._app)
        if name == "backend":
            return getattr(self._app.backend, "flask_backend", self._app.backend)
        return getattr(self._app, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._app, name, value)


def _run_asgi(entry: Any, host: str, port: int, ssl_context: tuple[str, str] | None) -> None:
    cert, key = ssl_context or (None, None)
    try:
        import uvicorn
    except ImportError:
        from hypercorn.asyncio import serve as hypercorn_serve
        from hypercorn.config import Config

        config = Config()
        config.bind = [f"{host}:{port}"]
        config.certfile, config.keyfile = cert, key
        trigger = None if threading.current_thread() is threading.main_thread() else _never
        asyncio.run(hypercorn_serve(entry, config, shutdown_trigger=trigger))
    else:
        uvicorn.run(entry, host=host, port=port, ssl_certfile=cert, ssl_keyfile=key, proxy_headers=False)


async def _never() -> None:
    await asyncio.get_running_loop().create_future()
