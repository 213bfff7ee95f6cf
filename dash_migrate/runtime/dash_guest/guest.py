"""A Flask app in front of an ASGI server that is somebody else's."""

from __future__ import annotations

import asyncio
import io
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import flask
from flask import Flask

from .call import Call
from .wsgi import THREADS, Exchange, environ_of

log = logging.getLogger("dash_guest")

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]


def flask_of(app: Any) -> Flask:
    """The Flask app to add routes and hooks to, for a Dash app or its server.

    Raises:
        TypeError: the app has no server yet, or one of a kind that nobody knows.
    """
    server = app if isinstance(app, Flask) else getattr(app, "server", None) or app
    if isinstance(server, Flask):
        return server
    around = getattr(getattr(server, "front", None), "flask", None)  # dash-migrate's bridge: Flask is there already
    if isinstance(around, Flask):
        return around
    guest = vars(server).get("_dash_guest")
    if guest is None:
        guest = vars(server)["_dash_guest"] = Guest(server)
    return guest.flask  # type: ignore[no-any-return]


class Guest:
    """The Flask app of a server, and the way from one to the other."""

    #: what ``Call`` asks of a backend
    callback_path = ""

    def __init__(self, server: Any) -> None:
        self.server = self
        self.asgi: Any = None
        self.pool = ThreadPoolExecutor(THREADS, thread_name_prefix="dash-guest")
        self.flask = Flask("dash_guest", static_folder=None)
        self.flask.secret_key = getattr(server, "secret_key", None)
        for rule in ("/", "/<path:path>"):
            options: dict[str, Any] = {"provide_automatic_options": False, "methods": METHODS}
            self.flask.add_url_rule(rule, "dash_guest_host", self._ask_host, **options)
        if hasattr(server, "asgi_app"):  # Quart
            self.asgi, server.asgi_app = server.asgi_app, self
        elif hasattr(server, "add_middleware"):  # Starlette, FastAPI
            server.add_middleware(_Middleware, guest=self)
        else:
            raise TypeError(f"{type(server).__name__} is neither Flask nor FastAPI nor Quart")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await Exchange(scope, receive, send).run(self.flask, self.pool)
        elif scope["type"] == "websocket" and not await self._admits(scope, receive):
            await receive()  # websocket.connect
            await send({"type": "websocket.close", "code": 1008, "reason": "refused"})
        else:
            await self.asgi(scope, receive, send)

    async def inner(self, scope: Any, receive: Any, send: Any) -> None:
        """The server itself."""
        await self.asgi(scope, receive, send)

    def _ask_host(self, path: str = "") -> Any:
        """What no route of Flask answers is the server's."""
        del path
        environ = flask.request.environ
        return Call(self, environ, environ["PATH_INFO"]).answer()

    async def _admits(self, scope: Any, receive: Any) -> bool:
        environ = environ_of({**scope, "method": "GET"}, receive, io.BytesIO())
        return await asyncio.get_running_loop().run_in_executor(self.pool, self._asks_hooks, environ)

    def _asks_hooks(self, environ: dict[str, Any]) -> bool:
        with self.flask.request_context(environ):
            try:
                return self.flask.preprocess_request() is None
            except Exception:
                log.exception("a hook failed on a websocket handshake")
                return False


class _Middleware:
    """A guest as Starlette's ``add_middleware`` wants it."""

    def __init__(self, app: Any, guest: Guest) -> None:
        guest.asgi, self.guest = app, guest

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.guest(scope, receive, send)
