"""The FastAPI app under Dash."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

from dash._utils import get_root_path
from dash.exceptions import InvalidResourceError, PreventUpdate
from fastapi import FastAPI, routing
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request

from . import files
from .answers import JSONResponse, handler_key
from .current import serving
from .dispatch import Dispatch
from .peer import as_connected, as_passed_on, misleads, refuse
from .threads import in_thread

#: plain path operations run where hooks do, in the thread of the request: a connection opened in one serves the other
routing.run_in_threadpool = in_thread  # type: ignore[assignment, attr-defined]


class Server(FastAPI):
    """FastAPI with Flask's hooks and Flask's answers where no route answers, and no documentation pages.

    Hooks are plain functions; one with a parameter ``request`` is given the request. They run in the order they were
    registered, for every request of the app, Dash's own and websocket handshakes included; what a ``before_request``
    hook returns is the answer.
    """

    def __init__(
        self, name: str = "__main__", static_url_path: str | None = None, static_folder: str | None = "static"
    ) -> None:
        super().__init__(docs_url=None, redoc_url=None, openapi_url=None, default_response_class=JSONResponse)
        self.import_name = name
        script = getattr(sys.modules["__main__"], "__file__", None) if name == "__main__" else None
        self.name = os.path.splitext(os.path.basename(script))[0] if script else name
        self.root_path = get_root_path(name)
        self.dash: list[Any] = []
        self.before_hooks: list[Callable[..., Any]] = []
        self.after_hooks: list[Callable[..., Any]] = []
        self.closing_hooks: list[Callable[..., Any]] = []
        self.teardown_hooks: list[Callable[..., Any]] = []
        self.context_hooks: list[Callable[..., Any]] = []
        self.handlers: dict[Any, Callable[..., Any]] = {
            PreventUpdate: lambda _request, _error: ("", 204),
            InvalidResourceError: lambda _request, error: (error.args[0], 404),
        }
        self.dispatch = self.router.middleware_stack = Dispatch(self)
        super().add_exception_handler(HTTPException, _pass_on)
        #: the folder of static files, and the path they are at; None without one
        self.static_folder: str | None = None
        self.static_url_path: str | None = None
        if static_folder is not None:
            self._serve_static(static_folder, static_url_path)

    def _serve_static(self, static_folder: str, static_url_path: str | None) -> None:
        folder = self.static_folder = os.path.join(self.root_path, static_folder).rstrip("/\\")
        url = "/" + os.path.basename(folder) if static_url_path is None else static_url_path
        self.static_url_path = url.rstrip("/")

        def static_file(request: Request, filename: str) -> Any:
            return files.send_from_directory(request, folder, filename)

        self.add_api_route(
            f"{self.static_url_path}/{{filename:path}}", static_file, name="static", include_in_schema=False
        )

    def before_request(self, function: Any) -> Any:
        """Run a function before every request."""
        self.before_hooks.append(function)
        return function

    def after_request(self, function: Any) -> Any:
        """Give a function every answer, as werkzeug's Response; it gives back the one to send. Last in, first out."""
        self.after_hooks.append(function)
        return function

    def teardown_request(self, function: Any) -> Any:
        """Run a function when a request is over, given the exception that ended it, if any."""
        self.teardown_hooks.append(function)
        return function

    def teardown_appcontext(self, function: Any) -> Any:
        """Run a function when a request, a websocket callback or an ``app_context`` is over."""
        self.context_hooks.append(function)
        return function

    def add_exception_handler(self, exc_class_or_status_code: Any, handler: Any) -> None:
        """As FastAPI's; also for errors in callbacks, and the handler may return what a Flask view may."""
        self.handlers[handler_key(exc_class_or_status_code)] = handler

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] in ("http", "websocket"):
            scope = as_passed_on(as_connected(scope, receive))
            scope["client"] = scope.get("client") or ("", 0)  # over a Unix socket there is none
            scope["state"] = dict(scope.get("state") or {})
            if misleads(scope):
                await refuse(scope, receive, send)
                return
            serving(HTTPConnection(scope))
        await Starlette.__call__(self, scope, receive, send)  # FastAPI takes ``root_path`` for a prefix


async def _pass_on(_request: Request, error: Exception) -> Any:
    raise error  # to Dispatch, which knows Flask's order of handlers
