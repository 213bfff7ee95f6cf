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

import contextlib
import functools
import inspect
import threading
from collections.abc import Callable, Mapping
from typing import Any

from dash.backends._flask import FlaskDashServer
from flask import Flask

from .backends import FlaskView, fastapi_parts, quart_parts
from .front import flask_of, front_of
from .run import serve as run_server
from .servers import WSGIEntry

__all__ = [
    "asgi_server",
    "before_first_request",
    "bridge_options",
    "flask_bridge",
    "flask_of",
    "flask_view",
    "serve",
]


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
    mixin = {"fastapi": fastapi_parts, "quart": quart_parts}[backend.lower()]()
    return type("FlaskBridge", mixin, {"create_app": _create_server(backend.lower(), bound)})


def bridge_options(backend: str, options: Mapping[str, Any], named: bool = True) -> dict[str, Any]:
    """Arguments of ``Dash(…)`` with ``backend=flask_bridge(…)`` in the place of ``server=``.

    Args:
        backend: as for ``flask_bridge``.
        options: the arguments as they are for Flask.
        named: False gives an app that has no ``name`` that of the Flask app, as Dash did.
    """
    options = dict(options)
    server = options.pop("server", None)
    if not named and server not in (None, True, False):
        options.setdefault("name", flask_of(server).name)
    return {**options, "backend": flask_bridge(backend, server)}


def asgi_server(server: Any, backend: str | None = None) -> Any:
    """What an ASGI server such as uvicorn can load, for a Flask app, a Dash app or any WSGI callable.

    Args:
        server: the object; one that is an ASGI server already comes back as it is.
        backend: for a Flask app whose Dash apps are not made yet, the backend they will have; ``"flask"`` leaves
            the object as it is, for a WSGI server.
    """
    if backend == "flask":
        return getattr(server, "server", server) if hasattr(server, "callback_map") else server
    if isinstance(server, Flask):
        return front_of(server).entry(backend)
    if hasattr(server, "backend") and hasattr(server, "callback_map"):
        return server.server
    if inspect.iscoroutinefunction(getattr(server, "__call__", None)):  # noqa: B004
        return server
    return WSGIEntry(server)


def flask_view(app: Any) -> Any:
    """A Dash app as it looked on Flask, for extensions that take the app and use ``app.server``."""
    return app if isinstance(app.server, Flask) else FlaskView(app)


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
        options: Flask's run options; those that mean nothing to an ASGI server are named in a warning.

    Raises:
        ValueError: ``ssl_context`` is not a (certificate file, key file) pair.
    """
    if isinstance(server, Flask) and "dash_flask_bridge" not in server.extensions:
        server.run(host, port, debug, **options)  # Flask is the backend
        return
    if debug is not None:
        with contextlib.suppress(TypeError):  # a WSGI app that is not Flask's
            flask_of(server).debug = bool(debug)
    run_server(asgi_server(server), host, port, debug, **options)


def _create_flask(bound: Flask | None) -> Any:
    @staticmethod  # type: ignore[misc]
    def create_app(name: str = "__main__", config: dict[str, Any] | None = None) -> Flask:
        return bound if bound is not None else FlaskDashServer.create_app(name, config)

    return create_app


def _create_server(backend: str, bound: Flask | None) -> Any:
    @staticmethod  # type: ignore[misc]
    def create_app(name: str = "__main__", config: dict[str, Any] | None = None) -> Any:
        front = front_of(bound if bound is not None else FlaskDashServer.create_app(name, config))
        return front.new_server(backend)

    return create_app
