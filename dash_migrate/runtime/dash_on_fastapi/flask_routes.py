"""Routes with Flask's rules and Flask's views, for those that FastAPI's decorators cannot express.

Views here are plain functions that may return whatever a Flask view may; rules may have any werkzeug converter,
defaults, ``strict_slashes`` and the rest.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from typing import Any, ClassVar

from fastapi import APIRouter
from starlette.requests import Request
from starlette.routing import BaseRoute, Match

from . import files
from .answers import make_response
from .current import current_request
from .threads import in_thread


class FlaskRoute(BaseRoute):
    """One rule and its view."""

    def __init__(self, rule: str, view: Callable[..., Any], name: str, methods: Any = None, **options: Any) -> None:
        self.path, self.view, self.name = rule, view, name
        self.endpoint = view
        self.methods = {str(m).upper() for m in methods or getattr(view, "methods", None) or ("GET",)}
        self.options = options  # of werkzeug's Rule

    def matches(self, scope: Any) -> tuple[Match, Any]:
        return Match.NONE, {}  # Dispatch finds it in werkzeug's map

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        request = current_request()
        arguments = dict(scope["path_params"])
        if "request" in inspect.signature(self.view).parameters:
            arguments["request"] = request
        if inspect.iscoroutinefunction(self.view):
            answer = await self.view(**arguments)
        else:
            answer = await in_thread(self.view, **arguments)
        await make_response(answer)(scope, receive, send)


class FlaskRoutes:
    """``route``, ``add_url_rule`` and their like, for servers and routers."""

    routes: Any
    router: Any

    def add_url_rule(
        self, rule: str, endpoint: str | None = None, view_func: Any = None, methods: Any = None, **options: Any
    ) -> None:
        """Add a rule of Flask's; the options are those of werkzeug's ``Rule``."""
        options.pop("provide_automatic_options", None)
        if view_func is None:
            raise TypeError("a rule needs a view")
        name = endpoint or getattr(view_func, "__name__", rule)
        getattr(self, "router", self).routes.append(FlaskRoute(rule, view_func, name, methods, **options))

    def route(self, rule: str, **options: Any) -> Callable[[Any], Any]:
        """Decorate a view with a rule of Flask's."""

        def register(view: Any) -> Any:
            self.add_url_rule(rule, options.pop("endpoint", None), view, **options)
            return view

        return register


class Router(FlaskRoutes, APIRouter):
    """A router with a name, hooks, error handlers and folders of its own, as a blueprint has."""

    def __init__(
        self,
        name: str,
        import_name: str = "__main__",
        url_prefix: str = "",
        template_folder: str | None = None,
        static_folder: str | None = None,
        static_url_path: str | None = None,
    ) -> None:
        super().__init__(prefix=url_prefix.rstrip("/"))
        from dash._utils import get_root_path

        self.name, self.folder = name, get_root_path(import_name)
        self.template_folder = template_folder
        self.before_hooks: list[Any] = []
        self.after_hooks: list[Any] = []
        self.teardown_hooks: list[Any] = []
        self.handlers: dict[Any, Any] = {}
        self.for_server: list[tuple[str, Any]] = []
        if static_folder is not None:
            folder = os.path.join(self.folder, static_folder)
            url = static_url_path or "/" + os.path.basename(static_folder)

            def static_file(request: Request, filename: str) -> Any:
                return files.send_from_directory(request, folder, filename)

            self.add_api_route(url.rstrip("/") + "/{filename:path}", static_file, name=f"{name}.static")

    def add_url_rule(self, rule: str, endpoint: str | None = None, view_func: Any = None, **options: Any) -> None:
        """As a server's; the endpoint gets the router's name."""
        own = endpoint or getattr(view_func, "__name__", rule)
        super().add_url_rule(rule, f"{self.name}.{own}", view_func, **options)

    def _hook(self, table: list[Any]) -> Callable[[Any], Any]:
        def register(function: Any) -> Any:
            table.append(function)
            return function

        return register

    def before_request(self, function: Any) -> Any:
        """Run a function before requests to this router's routes."""
        return self._hook(self.before_hooks)(function)

    def after_request(self, function: Any) -> Any:
        """Give a function the answers of this router's routes."""
        return self._hook(self.after_hooks)(function)

    def teardown_request(self, function: Any) -> Any:
        """Run a function after requests to this router's routes."""
        return self._hook(self.teardown_hooks)(function)

    def exception_handler(self, key: Any) -> Callable[[Any], Any]:
        """Handle errors of this router's routes."""

        def register(function: Any) -> Any:
            self.handlers[getattr(key, "code", None) or key] = function
            return function

        return register

    def _later(self, method: str) -> Callable[[Any], Any]:
        def register(function: Any) -> Any:
            self.for_server.append((method, function))
            return function

        return register

    def before_app_request(self, function: Any) -> Any:
        """Run a function before every request of the app."""
        return self._later("before_request")(function)

    def after_app_request(self, function: Any) -> Any:
        """Give a function every answer of the app."""
        return self._later("after_request")(function)

    def app_context_processor(self, function: Any) -> Any:
        """Add to the context of every template of the app."""
        return self._later("context_processor")(function)

    def context_processor(self, function: Any) -> Any:
        """Add to the context of templates."""
        return self._later("context_processor")(function)


class View:
    """``flask.views.View``: a class that is a view."""

    methods: ClassVar[Any] = None
    decorators: ClassVar[list[Any]] = []
    init_every_request: ClassVar[bool] = True

    def dispatch_request(self, **values: Any) -> Any:
        """Answer the request."""
        raise NotImplementedError

    @classmethod
    def as_view(cls, name: str, *args: Any, **kwargs: Any) -> Any:
        """The class as a function."""

        def view(**values: Any) -> Any:
            return cls(*args, **kwargs).dispatch_request(**values)

        view.__name__ = name
        for decorator in cls.decorators:
            view = decorator(view)
        view.methods = cls.methods or _methods_of(cls)  # type: ignore[attr-defined]
        return view


class MethodView(View):
    """``flask.views.MethodView``: a method per HTTP method."""

    def dispatch_request(self, **values: Any) -> Any:
        method = current_request().method.lower()
        found = getattr(self, method, None) or (self.get if method == "head" and hasattr(self, "get") else None)
        assert found is not None, f"Unimplemented method {method!r}"
        return found(**values)


def _methods_of(cls: type) -> list[str] | None:
    names = ("get", "post", "put", "delete", "patch", "head", "options", "trace")
    return [n.upper() for n in names if hasattr(cls, n)] or None
