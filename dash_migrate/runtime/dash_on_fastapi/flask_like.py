"""The parts of a Flask app that code keeps using: config, session, templates, flashed messages, test client."""

from __future__ import annotations

import functools
import importlib
import logging
import os
import sys
import threading
from collections.abc import Callable
from typing import Any, cast

from starlette.requests import HTTPConnection

from .answers import make_response
from .backend import FastAPIBackend
from .config import Config
from .current import AppContext, app_context, current_request, has_request, notify
from .flask_parts import FlaskParts
from .flask_routes import FlaskRoutes
from .json_text import Json
from .peer import as_passed_on
from .requests import BodyReader
from .server import Server
from .session import Sessions
from .threads import in_thread

_made: Any = None


class FlaskLikeServer(FlaskRoutes, FlaskParts, Server):
    """A FastAPI app with ``config``, ``secret_key`` and ``request.session``."""

    def __init__(
        self,
        name: str = "__main__",
        static_url_path: str | None = None,
        static_folder: str | None = "static",
        template_folder: str = "templates",
        instance_path: str | None = None,
        instance_relative_config: bool = False,
    ) -> None:
        super().__init__(name, static_url_path, static_folder)
        self.template_folder = template_folder
        self.template_folders = [os.path.join(self.root_path, template_folder)]
        self.instance_path = instance_path or _instance_path(name, self.root_path)
        self.config = Config(self.instance_path if instance_relative_config else self.root_path)
        self.json = Json()
        self.jinja_options: dict[str, Any] = {}
        self._included: list[Any] = []
        self.extensions: dict[str, Any] = {}
        self.context_processors: list[Callable[[], dict[str, Any]]] = []
        self.sessions = Sessions(self)
        self.closing_hooks.append(self._save_session)
        global _made
        _made = self

    @property
    def secret_key(self) -> Any:
        """The key that signs the session cookie."""
        return self.config["SECRET_KEY"]

    @secret_key.setter
    def secret_key(self, value: Any) -> None:
        self.config["SECRET_KEY"] = value

    @property
    def testing(self) -> bool:
        """Whether the app is under test."""
        return bool(self.config["TESTING"])

    @testing.setter
    def testing(self, value: bool) -> None:
        self.config["TESTING"] = value

    @property
    def session_cookie_name(self) -> str:
        """The name of the session cookie."""
        return str(self.config["SESSION_COOKIE_NAME"])

    @property
    def permanent_session_lifetime(self) -> Any:
        """How long permanent sessions last: a timedelta or seconds."""
        return self.config["PERMANENT_SESSION_LIFETIME"]

    @permanent_session_lifetime.setter
    def permanent_session_lifetime(self, value: Any) -> None:
        self.config["PERMANENT_SESSION_LIFETIME"] = value

    def make_response(self, value: Any) -> Any:
        """The answer for what a view may return."""
        return make_response(value)

    def before_first_request(self, function: Any) -> Any:
        """Run a function once, before the first request."""
        lock, done = threading.Lock(), threading.Event()

        def once() -> None:
            with lock:
                if not done.is_set():
                    function()
                    done.set()

        self.before_hooks.insert(0, once)
        return function

    def add_template_filter(self, function: Any, name: str | None = None) -> None:
        """Register a template filter."""
        self.jinja_env.filters[name or function.__name__] = function

    def add_template_global(self, function: Any, name: str | None = None) -> None:
        """Register a template global."""
        self.jinja_env.globals[name or function.__name__] = function

    def add_template_test(self, function: Any, name: str | None = None) -> None:
        """Register a template test."""
        self.jinja_env.tests[name or function.__name__] = function

    @functools.cached_property
    def logger(self) -> logging.Logger:
        """A logger named after the app."""
        return logging.getLogger(self.name)

    def _save_session(self, response: Any) -> Any:
        self.sessions.save(cast(Any, current_request().session), response)
        return response

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] in ("http", "websocket"):
            scope = as_passed_on(scope)
            connection = HTTPConnection(scope)
            opened = self.sessions.open
            scope["session"] = await in_thread(opened, connection) if self.sessions.blocking else opened(connection)
        if scope["type"] == "http":
            reader = scope["dash.body"] = BodyReader(receive)
            scope["dash.connection"] = receive
            receive = _Receive(reader, receive)
        await super().__call__(scope, receive, send)

    @functools.cached_property
    def jinja_env(self) -> Any:
        """The environment of the app's templates."""
        from .templates import environment

        return environment(self)

    def context_processor(self, function: Any) -> Any:
        """Add what a function returns to the context of every template."""
        self.context_processors.append(function)
        return function

    def template_filter(self, name: str | None = None) -> Any:
        """Register a template filter."""
        return self._register("filters", name)

    def template_global(self, name: str | None = None) -> Any:
        """Register a template global."""
        return self._register("globals", name)

    def template_test(self, name: str | None = None) -> Any:
        """Register a template test."""
        return self._register("tests", name)

    def _register(self, table: str, name: Any) -> Any:
        def register(function: Any) -> Any:
            key = name if isinstance(name, str) else function.__name__
            getattr(self.jinja_env, table)[key] = function
            return function

        return register(name) if callable(name) else register

    def include_router(self, router: Any, *, prefix: str | None = None, **options: Any) -> None:
        """As FastAPI's; a ``Router`` brings its hooks and templates, and its own prefix unless another is given.

        One that is included twice has another ``name`` the second time.
        """
        self.include(super().include_router, router, prefix, options)
        again = router in self._included
        self._included.append(router)
        for method, arguments in getattr(router, "for_server", ()):
            if not again or method == "included":
                getattr(self, method)(*arguments)

    def add_template_folder(self, folder: str) -> None:
        """Look for templates in one more folder, after those known."""
        self.template_folders.append(folder)

    def app_context(self) -> AppContext:
        """``current_app`` and what extensions need of it, outside of requests."""
        return AppContext(self)

    def test_client(self, **_options: Any) -> Any:
        """A client for tests with the methods and answers of Flask's."""
        from .testing import client

        return client(self)

    def test_request_context(self, *args: Any, **options: Any) -> Any:
        """A request that is not sent, for tests of what looks at one."""
        from .testing import request_context

        return request_context(self, *args, **options)


def _instance_path(name: str, root_path: str) -> str:
    """Where Flask looks for the instance folder: beside the module, or beside the package."""
    module = sys.modules.get(name)
    package = root_path
    if module is not None and hasattr(module, "__path__"):
        for _ in name.split("."):
            package = os.path.dirname(package)
    elif module is not None and "." in name:
        for _ in name.split(".")[1:]:
            package = os.path.dirname(package)
    return os.path.join(package, "instance")


class _Receive:
    """The body again for those further in; keeps what tells the connection's peer."""

    def __init__(self, reader: BodyReader, receive: Any) -> None:
        self._reader = reader
        self.transport = getattr(getattr(receive, "__self__", None), "transport", None)
        self.__self__ = self

    async def __call__(self) -> Any:
        return await self._reader.receive()


class FlaskLikeBackend(FastAPIBackend):
    """``Dash(backend=FlaskLikeBackend)``: FastAPI with the parts of Flask that an app keeps using."""

    @staticmethod
    def create_app(name: str = "__main__", config: dict[str, Any] | None = None) -> FlaskLikeServer:
        server = FlaskLikeServer(name)
        server.config.update(config or {})
        return server

    def enable_compression(self) -> None:
        try:  # named apart from imports: the module is here only if the app compresses
            module = importlib.import_module(f"{__package__}.compress")
        except ModuleNotFoundError:
            super().enable_compression()
            return
        module.Compress(self.server)
        self.server.config["COMPRESS_ALGORITHM"] = ["gzip"]


def current_server() -> Any:
    """``flask.current_app``: the server of the context or request, else the one made last.

    Raises:
        RuntimeError: there is none.
    """
    context = app_context()
    if context is not None:
        return context.app
    if has_request():
        return current_request().app
    if _made is None:
        raise RuntimeError("Working outside of application context.")
    return _made


def after_this_request(function: Any) -> Any:
    """Give a function the answer to the current request, as werkzeug's Response."""
    state = current_request().state
    state.after_this_request = [*getattr(state, "after_this_request", ()), function]
    return function


def flash(message: str, category: str = "message") -> None:
    """Keep a message for the next page."""
    session = current_request().session
    session["_flashes"] = [*session.get("_flashes", []), (category, message)]
    notify("message_flashed", current_request().app, message=message, category=category)


def get_flashed_messages(with_categories: bool = False, category_filter: Any = ()) -> list[Any]:
    """The kept messages, once per request."""
    request = current_request()
    flashes = getattr(request.state, "flashes", None)
    if flashes is None:
        flashes = request.session.pop("_flashes") if "_flashes" in request.session else []
        request.state.flashes = flashes
    if category_filter:
        flashes = [f for f in flashes if f[0] in category_filter]
    return list(flashes) if with_categories else [text for _, text in flashes]


__all__ = [
    "FlaskLikeBackend",
    "FlaskLikeServer",
    "after_this_request",
    "current_server",
    "flash",
    "get_flashed_messages",
]
