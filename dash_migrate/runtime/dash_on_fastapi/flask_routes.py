"""Routes with Flask's rules and Flask's views, for those that FastAPI's decorators cannot express.

Views here are plain functions that may return whatever a Flask view may; rules may have any werkzeug converter,
defaults, ``strict_slashes`` and the rest.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import IO, Any, ClassVar

from fastapi import APIRouter

from . import files
from .answers import handler_key
from .current import current_request
from .routing import FlaskRoute


class FlaskRoutes:
    """``route``, ``add_url_rule`` and their like, for servers and routers."""

    routes: Any
    include_router: Any

    def add_url_rule(
        self, rule: str, endpoint: str | None = None, view_func: Any = None, methods: Any = None, **options: Any
    ) -> None:
        """Add a rule of Flask's; the options are those of werkzeug's ``Rule``.

        A rule without a view redirects (``redirect_to=``), or its view is put into ``view_functions``.

        Raises:
            TypeError: there is neither a view nor an endpoint.
        """
        options.pop("provide_automatic_options", None)
        if view_func is None and endpoint is None:
            raise TypeError("a rule needs a view or an endpoint")
        name = endpoint or str(getattr(view_func, "__name__", rule))
        self.routes.append(FlaskRoute(rule, view_func, name, methods, **options))

    def route(self, path: str, *, endpoint: str | None = None, **options: Any) -> Any:
        """Decorate a view with a rule of Flask's."""

        def register(view: Any) -> Any:
            self.add_url_rule(path, endpoint, view, **options)
            return view

        return register

    def include(self, include: Callable[..., None], router: Any, prefix: str | None, options: dict[str, Any]) -> None:
        """Include a router the framework's way; what the framework does not know of a ``Router`` comes along."""
        if not isinstance(router, Router):
            include(router, prefix=prefix or "", **options)
            return
        prefix = (router.url_prefix if prefix is None else prefix).rstrip("/")
        renamed = options.pop("name", None)
        known = len(self.routes)
        include(router, prefix=prefix, **options)
        sources = [route for route in router.routes if not isinstance(route, FlaskRoute)]
        for source, made in zip(sources, self.routes[known:], strict=False):
            if not hasattr(made, "original_router"):  # older FastAPI copies the routes
                made.owners = (router, *getattr(source, "owners", ()))
        for route in list(router.routes):
            if isinstance(route, FlaskRoute):
                self.routes.append(route.under(prefix, router, renamed))


class Router(FlaskRoutes, APIRouter):  # type: ignore[misc]
    """A router with a name, hooks, error handlers and folders of its own, as a blueprint has."""

    def __init__(
        self,
        name: str,
        import_name: str = "__main__",
        url_prefix: str | None = None,
        template_folder: str | None = None,
        static_folder: str | None = None,
        static_url_path: str | None = None,
    ) -> None:
        super().__init__()
        from dash._utils import get_root_path

        self.name, self.import_name = name, import_name
        self.url_prefix = url_prefix or ""
        self.root_path = get_root_path(import_name)
        self.template_folder = template_folder
        self.before_hooks: list[Any] = []
        self.after_hooks: list[Any] = []
        self.teardown_hooks: list[Any] = []
        self.url_processors: list[Any] = []
        self.handlers: dict[Any, Any] = {}
        #: what has to be registered on the server itself: a method's name and its arguments
        self.for_server: list[tuple[str, tuple[Any, ...]]] = []
        if template_folder is not None:
            self.for_server.append(("add_template_folder", (os.path.join(self.root_path, template_folder),)))
        self.static_folder = None if static_folder is None else os.path.join(self.root_path, static_folder)
        if static_folder is not None:
            folder = self.static_folder
            url = static_url_path or "/" + os.path.basename(static_folder)

            def static_file(filename: str) -> Any:
                return files.send_from_directory(current_request(), folder, filename)

            self.add_url_rule(url.rstrip("/") + "/<path:filename>", "static", static_file)

    def include_router(self, router: Any, *, prefix: str | None = None, **options: Any) -> None:
        """As FastAPI's; a ``Router`` brings its hooks."""
        self.include(super().include_router, router, prefix, options)
        self.for_server += getattr(router, "for_server", ())

    def add_url_rule(self, rule: str, endpoint: str | None = None, view_func: Any = None, **options: Any) -> None:
        """As a server's; the endpoint gets the router's name."""
        own = endpoint or getattr(view_func, "__name__", rule)
        super().add_url_rule(rule, f"{self.name}.{own}", view_func, **options)

    def before_request(self, function: Any) -> Any:
        """Run a function before requests to this router's routes."""
        self.before_hooks.append(function)
        return function

    def after_request(self, function: Any) -> Any:
        """Give a function the answers of this router's routes."""
        self.after_hooks.append(function)
        return function

    def teardown_request(self, function: Any) -> Any:
        """Run a function after requests to this router's routes."""
        self.teardown_hooks.append(function)
        return function

    def exception_handler(self, key: Any) -> Callable[[Any], Any]:
        """Handle errors of this router's routes."""

        def register(function: Any) -> Any:
            self.add_exception_handler(key, function)
            return function

        return register

    def add_exception_handler(self, key: Any, function: Any) -> None:
        """Handle errors of this router's routes."""
        self.handlers[handler_key(key)] = function

    # for the whole app

    def _later(self, method: str, function: Any, *arguments: Any) -> Any:
        self.for_server.append((method, (function, *arguments)))
        return function

    def before_app_request(self, function: Any) -> Any:
        """Run a function before every request of the app."""
        return self._later("before_request", function)

    def after_app_request(self, function: Any) -> Any:
        """Give a function every answer of the app."""
        return self._later("after_request", function)

    def teardown_app_request(self, function: Any) -> Any:
        """Run a function after every request of the app."""
        return self._later("teardown_request", function)

    def app_context_processor(self, function: Any) -> Any:
        """Add to the context of every template of the app."""
        return self._later("context_processor", function)

    def context_processor(self, function: Any) -> Any:
        """Add to the context of templates rendered by this router's routes."""

        def own() -> Any:
            return function() if self in current_request().scope.get("dash.routers", ()) else {}

        self._later("context_processor", own)
        return function

    def url_value_preprocessor(self, function: Any) -> Any:
        """Call a function with the endpoint and the values of URLs of this router's routes, before the hooks."""
        self.url_processors.append(function)
        return function

    def app_url_value_preprocessor(self, function: Any) -> Any:
        """The same for every URL of the app."""
        return self._later("url_value_preprocessor", function)

    def url_defaults(self, function: Any) -> Any:
        """Call a function with the endpoint and the values of URLs that are built for this router's routes."""
        return self._later("add_url_defaults", function, self.name)

    def app_url_defaults(self, function: Any) -> Any:
        """The same for every URL of the app."""
        return self._later("url_defaults", function)

    def send_static_file(self, filename: str) -> Any:
        """A file of the static folder, as an answer."""
        return files.send_from_directory(current_request(), self.static_folder, filename)

    def open_resource(self, resource: str, mode: str = "rb", encoding: str | None = "utf-8") -> IO[Any]:
        """Open a file of the router's folder for reading."""
        return open(os.path.join(self.root_path, resource), mode, encoding=None if "b" in mode else encoding)

    def record(self, function: Any) -> None:
        """Call a function with the server (as ``state.app``) when this is included."""
        self._later("included", function, self)

    record_once = record

    def app_exception_handler(self, key: Any) -> Callable[[Any], Any]:
        """Handle errors of the whole app."""

        def register(function: Any) -> Any:
            self.for_server.append(("add_exception_handler", (key, function)))
            return function

        return register

    def app_template_filter(self, name: str | None = None) -> Callable[[Any], Any]:
        """Register a template filter."""
        return lambda function: self._later("add_template_filter", function, name)

    def app_template_global(self, name: str | None = None) -> Callable[[Any], Any]:
        """Register a template global."""
        return lambda function: self._later("add_template_global", function, name)

    def app_template_test(self, name: str | None = None) -> Callable[[Any], Any]:
        """Register a template test."""
        return lambda function: self._later("add_template_test", function, name)


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

        kept = None if cls.init_every_request else cls(*args, **kwargs)

        def made(**values: Any) -> Any:
            return (kept or cls(*args, **kwargs)).dispatch_request(**values)

        view: Any = made
        view.__name__ = name
        for decorator in cls.decorators:
            view = decorator(view)
        view.__name__, view.__doc__, view.__module__ = name, cls.__doc__, cls.__module__
        view.view_class = cls
        view.methods = cls.methods or _methods_of(cls)
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
