"""Smaller parts of a Flask app: resources, static files as answers, functions that see the values of URLs."""

from __future__ import annotations

import functools
import importlib
import os
import types
from collections.abc import Callable, Iterator
from typing import IO, Any

from werkzeug.routing import Map

from . import files
from .current import current_request
from .urls import url_for
from .view_functions import ViewFunctions


class FlaskParts:
    """What servers have of these."""

    dispatch: Any
    root_path: str
    instance_path: str
    static_folder: str | None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        #: converters and rules for slashes, and the rules there are
        self.url_map = UrlMap(self)
        self.view_functions = ViewFunctions(self)
        self.shell_processors: list[Callable[[], dict[str, Any]]] = []
        self.url_processors: list[Callable[..., Any]] = []
        self.url_default_functions: dict[str | None, list[Callable[..., Any]]] = {}

    @functools.cached_property
    def cli(self) -> Any:
        """The commands of the app; see ``cli.py``, which is here only if there are any."""
        return importlib.import_module(f"{__package__}.cli").group_of(self)

    def shell_context_processor(self, function: Any) -> Any:
        """Add what a function returns to the names of the command ``shell``."""
        self.shell_processors.append(function)
        return function

    @property
    def has_static_folder(self) -> bool:
        """Whether there are static files."""
        return self.static_folder is not None

    def send_static_file(self, filename: str) -> Any:
        """A file of the static folder, as an answer.

        Raises:
            NotFound: there is no such file.
        """
        return files.send_from_directory(current_request(), self.static_folder, filename)

    def make_default_options_response(self) -> Any:
        """The answer to OPTIONS that says which methods there are."""
        return self.dispatch.routes.allowed(current_request().scope)

    def open_resource(self, resource: str, mode: str = "rb", encoding: str | None = "utf-8") -> IO[Any]:
        """Open a file of the app's folder for reading."""
        return open(os.path.join(self.root_path, resource), mode, encoding=None if "b" in mode else encoding)

    def open_instance_resource(self, resource: str, mode: str = "rb", encoding: str | None = "utf-8") -> IO[Any]:
        """Open a file of the instance folder."""
        return open(os.path.join(self.instance_path, resource), mode, encoding=None if "b" in mode else encoding)

    def url_for(self, endpoint: str, **values: Any) -> str:
        """The URL of a route by its name."""
        return url_for(endpoint, **values)

    def url_value_preprocessor(self, function: Any) -> Any:
        """Call a function with the endpoint and the values of each request's URL, before the hooks."""
        self.url_processors.append(function)
        return function

    def url_defaults(self, function: Any) -> Any:
        """Call a function with the endpoint and the values of every URL that is built."""
        self.add_url_defaults(function, None)
        return function

    def add_url_defaults(self, function: Any, router: str | None) -> None:
        """The same for the routes of one router."""
        self.url_default_functions.setdefault(router, []).append(function)

    def included(self, function: Any, router: Any) -> None:
        """Tell a function that a router has been included."""
        prefix = router.url_prefix
        function(
            types.SimpleNamespace(app=self, blueprint=router, url_prefix=prefix, first_registration=True, options={})
        )


class UrlMap(Map):
    """The map of an app: what its routes are kept with, and the rules themselves."""

    def __init__(self, server: Any) -> None:
        super().__init__()
        self._server = server

    def iter_rules(self, endpoint: str | None = None) -> Iterator[Any]:
        """Every rule, or those of one endpoint."""
        found: Map = self._server.dispatch.routes.map()
        return found.iter_rules(endpoint)
