"""The Flask app around Dash: the front door for every request."""

from __future__ import annotations

import functools
import inspect
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import flask
from flask import Flask
from werkzeug.routing import RequestRedirect

from .call import Call
from .wsgi import HANDSHAKE, THREADS


class Front:
    """A Flask app and the Dash apps that live in it."""

    def __init__(self, flask_app: Flask) -> None:
        self.flask = flask_app
        self.shell: Any = None  # an ASGI server that was asked for before any Dash app was made
        self.backends: list[Any] = []
        self.pool = ThreadPoolExecutor(THREADS, thread_name_prefix="flask")
        flask_app.__class__ = asgi_callable(type(flask_app))  # type: ignore[arg-type]
        self._dispatch = flask_app.dispatch_request
        flask_app.dispatch_request = self.dispatch_request  # type: ignore[method-assign]

    def entry(self, backend: str | None = None) -> Any:
        """The ASGI server that serves this Flask app and everything in it."""
        if self.shell is None and self.backends:
            return self.backends[0].server
        from .servers import Shell, server_class

        if self.shell is None:
            self.shell = server_class(backend)(self) if backend else Shell(self)
        return self.shell

    def new_server(self, backend: str) -> Any:
        """The ASGI server for one more Dash app; the first takes the one that was asked for before."""
        from .servers import server_class

        made = server_class(backend)
        if not self.backends and isinstance(self.shell, made):
            return self.shell
        return made(self)

    def mirror(self, backend: Any, rule: str, endpoint: str, methods: list[str], target: str) -> None:
        """Give Flask the rule Dash would have added, answered by Dash's own view at ``target``."""

        def view(**_view_args: Any) -> Any:
            handshake = flask.request.environ.get(HANDSHAKE)
            if handshake is not None:
                handshake.admit()
                return "", 204
            override = backend.overridden_dispatch() if target == backend.callback_path else None
            return self.ask_dash(backend, target) if override is None else override()

        self.flask.add_url_rule(rule, endpoint=endpoint, view_func=view, methods=methods)

    def dispatch_request(self) -> Any:
        """Flask's dispatch, plus: websocket handshakes, and routes that only the ASGI server knows."""
        request = flask.request
        handshake = request.environ.get(HANDSHAKE)
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
        return Call(backend, flask.request.environ, target).answer()


@functools.cache
def asgi_callable(kind: type[Flask]) -> type[Flask]:
    """The class of a Flask app that ASGI servers can call too, under whatever name they load it."""

    def call(self: Any, *args: Any) -> Any:
        if len(args) == 2:
            return kind.__call__(self, *args)  # WSGI
        entry = front_of(self).entry()
        if not args:
            return entry  # uvicorn tries whether an object it does not know is a factory
        return entry(*args) if len(args) == 3 else functools.partial(entry, *args)  # ASGI, ASGI 2

    if hasattr(inspect, "markcoroutinefunction"):  # from Python 3.12 on, servers see that it is ASGI 3
        inspect.markcoroutinefunction(call)
    names = {"__module__": kind.__module__, "__qualname__": kind.__qualname__, "__doc__": kind.__doc__}
    return type(kind.__name__, (kind,), {**names, "__call__": call})


def front_of(flask_app: Flask) -> Front:
    front = flask_app.extensions.get("dash_flask_bridge")
    if front is None:  # kept on the Flask app: this module may be imported under two names
        front = flask_app.extensions["dash_flask_bridge"] = Front(flask_app)
    return cast("Front", front)


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
