"""Dash's ASGI servers, with Flask in front."""

from __future__ import annotations

import asyncio
import functools
import inspect
import io
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, cast

import flask
from flask import Flask
from flask.ctx import RequestContext

from .wsgi import HANDSHAKE, THREADS, Exchange, environ_of

if TYPE_CHECKING:
    from .front import Front

log = logging.getLogger("dash_flask_bridge")


class Entry:
    """What every ASGI server here has in common: Flask first, then ``inner``."""

    front: Front

    async def inner(self, scope: Any, receive: Any, send: Any) -> None:
        raise NotImplementedError

    async def through_flask(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await Exchange(scope, receive, send).run(self.front.flask, self.front.pool)
        elif scope["type"] == "websocket":
            await Handshake(self, scope, receive, send).run()
        else:
            await self.inner(scope, receive, send)


class Handshake:
    """A websocket that asks to come in: Flask's hooks decide, Dash's callbacks see Flask's request and session."""

    def __init__(self, entry: Entry, scope: Any, receive: Any, send: Any) -> None:
        self.entry, self.scope, self.receive, self.send = entry, scope, receive, send
        self.admitted = False
        self.state: dict[str, Any] = {}
        path = scope["path"]
        self.backend: Any = next((b for b in entry.front.backends if path.startswith(b.index_path + "_dash-ws")), None)

    def admit(self) -> None:
        """Called where Dash's own view would run: no gate has refused."""
        self.admitted = True
        if flask.request.method != "GET":
            return
        self.state = dict(vars(flask.g._get_current_object()))
        self.environ, self.session = dict(flask.request.environ), cast(Any, flask.session)._get_current_object()

    async def run(self) -> None:
        front, loop = self.entry.front, asyncio.get_running_loop()
        if self.backend is not None:
            await loop.run_in_executor(front.pool, self._ask_flask, front.flask)
        if self.backend is None or not self.admitted:
            await self.receive()  # websocket.connect
            await self.send({"type": "websocket.close", "code": 1008, "reason": "refused"})
            return
        with RequestContext(front.flask, self.environ, session=self.session):
            vars(flask.g._get_current_object()).update(self.state)
            await self.backend.server.inner(self.scope, self.receive, self.send)

    def _ask_flask(self, wsgi: Callable[..., Any]) -> None:
        """Pass Flask's gates twice: as the handshake, and as the callback request that it stands for.

        Gates go by path and method; what may not post a callback may not open a websocket to send one.
        """
        callback = {
            "path": self.backend.callback_path,
            "method": "POST",
            "raw_path": None,
            "query_string": b"",
        }
        body = b'{"output": "", "outputs": [], "inputs": [], "state": [], "changedPropIds": []}'
        as_json = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        self._knock(wsgi, environ_of({**self.scope, "method": "GET"}, self.receive, io.BytesIO()))
        if self.admitted:
            self.admitted = False
            scope = {**self.scope, **callback, "headers": [*self.scope["headers"], *as_json]}
            self._knock(wsgi, environ_of(scope, self.receive, io.BytesIO(body)))

    def _knock(self, wsgi: Callable[..., Any], environ: dict[str, Any]) -> None:
        environ[HANDSHAKE] = self
        try:
            chunks = wsgi(environ, lambda *_: lambda _data: None)
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        except Exception:
            log.exception("a hook failed on a websocket handshake")
            self.admitted = False


@functools.cache
def server_class(backend: str) -> type:
    if backend == "fastapi":
        from fastapi import FastAPI

        class FastAPIServer(Entry, FastAPI):
            """Dash's FastAPI server; requests reach it through Flask."""

            def __init__(self, front: Front) -> None:
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

    class QuartServer(Entry, Quart):
        """Dash's Quart server; requests reach it through Flask."""

        def __init__(self, front: Front) -> None:
            super().__init__(front.flask.name, static_folder=None)
            self.front = front
            # Flask has no limits of this kind
            self.config.update(MAX_CONTENT_LENGTH=None, BODY_TIMEOUT=None, RESPONSE_TIMEOUT=None)
            self.config: Any = SharedConfig(self.config, front.flask.config)
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


class SharedConfig(dict[str, Any]):
    """Quart's own settings, and Flask's for every other key: packages reach them through ``app.server``."""

    def __init__(self, own: Any, flask_config: Any) -> None:
        super().__init__(own)
        self._flask = flask_config

    def __missing__(self, key: str) -> Any:
        return self._flask[key]

    def __contains__(self, key: object) -> bool:
        return dict.__contains__(self, key) or key in self._flask

    def get(self, key: str, default: Any = None) -> Any:
        return super().get(key, self._flask.get(key, default))

    def __setitem__(self, key: str, value: Any) -> None:
        if dict.__contains__(self, key):
            super().__setitem__(key, value)
        else:
            self._flask[key] = value


class Shell(Entry):
    """The ASGI server of a Flask app whose Dash apps are made later, or elsewhere."""

    def __init__(self, front: Front) -> None:
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


class WSGIEntry:
    """An ASGI server for a WSGI callable that is not a Flask app (DispatcherMiddleware, own middleware)."""

    def __init__(self, wsgi: Callable[..., Any]) -> None:
        self.wsgi = wsgi
        self.pool = ThreadPoolExecutor(THREADS, thread_name_prefix="wsgi")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await Exchange(scope, receive, send).run(self.wsgi, self.pool)
        elif scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1008})
