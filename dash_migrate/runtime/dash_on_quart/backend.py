"""Dash's Quart backend, with the answers of its Flask backend."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib import import_module
from typing import Any

from dash.backends._quart import QuartDashServer
from quart import Response, request
from werkzeug.http import generate_etag
from werkzeug.utils import get_content_type

from .run import serve
from .server import Server
from .websockets import torn_down


class QuartBackend(QuartDashServer):
    """``Dash(backend=QuartBackend)``; ``QuartBackend.on(server)`` for a server of your own."""

    server: Any
    _dash: Any = None

    @staticmethod
    def create_app(name: str = "__main__", config: dict[str, Any] | None = None) -> Server:
        server = Server(name)
        server.config.update(config or {})
        return server

    @classmethod
    def on(cls, server: Server) -> type:
        """The backend for a Dash app that shares a server."""
        return type(cls.__name__, (cls,), {"create_app": staticmethod(lambda *_: server)})

    def setup_backend(self, dash_app: Any) -> None:
        super().setup_backend(dash_app)
        self._dash = dash_app
        execute = dash_app._execute_callback

        def execute_callback(function: Any, /, *args: Any, **kwargs: Any) -> Any:
            callback = execute(function, *args, **kwargs)
            return torn_down(self.server, callback, inspect.iscoroutinefunction(function))

        dash_app._execute_callback = execute_callback

    def enable_compression(self) -> None:
        """``Dash(compress=True)``."""
        import_module(".compress", __package__).Compress(self.server)

    # hooks

    def before_request(self, func: Callable[[], Any]) -> None:
        self.server.before_request(func)  # websockets are gated by all hooks, see websockets.py

    def after_request(self, func: Callable[[Any], Any]) -> None:
        self.server.after_request(func)

    # websockets

    @property
    def websocket_capability(self) -> bool:
        """The page is told of websockets once a callback wants one; until then it is the page Flask served."""
        app = self._dash
        if app is None or not app._got_first_request["setup_server"] or app._websocket_callbacks:
            return True
        return any(callback.get("websocket") for callback in app.callback_map.values())

    def add_url_rule(
        self, rule: str, view_func: Any, endpoint: str | None = None, methods: Any = None, **kw: Any
    ) -> None:
        super().add_url_rule(rule, view_func, endpoint=endpoint, methods=methods, **kw)
        name = endpoint or rule
        self.server.dash_views[name] = self.server.view_functions.get(name)

    def serve_websocket_callback(self, dash_app: Any) -> None:
        super().serve_websocket_callback(dash_app)
        prefix = dash_app.config.routes_pathname_prefix
        self.server.gates[prefix + "_dash-ws-callback"] = prefix + "_dash-update-component"

    # Dash's own views

    def setup_index(self, dash_app: Any) -> None:
        dash_app._add_url("", lambda: dash_app.index(), methods=["GET"])

    def setup_catchall(self, dash_app: Any) -> None:
        dash_app._add_url("<path:path>", lambda path: dash_app.index(path), methods=["GET"])

    def setup_component_suites(self, dash_app: Any) -> None:
        def serve_suite(package_name: str, fingerprinted_path: str) -> Any:
            return self.serve_component_suites(dash_app, package_name, fingerprinted_path)

        dash_app._add_url("_dash-component-suites/<string:package_name>/<path:fingerprinted_path>", serve_suite)

    def serve_component_suites(self, dash_app: Any, package_name: str, fingerprinted_path: str) -> Any:
        response: Any = super().serve_component_suites(dash_app, package_name, fingerprinted_path)
        response.content_type = get_content_type(response.mimetype, "utf-8")
        if response.cache_control.max_age is not None:
            response.headers["Cache-Control"] = "max-age=31536000"
            return response
        response.set_etag(generate_etag(response.response.data))
        if request.headers.get("If-None-Match") == response.headers["ETag"]:
            return Response(None, status=304)
        return response

    def make_response(
        self, data: Any, mimetype: str | None = None, content_type: str | None = None, status: Any = None
    ) -> Any:
        return Response(data, mimetype=mimetype, content_type=content_type, status=status)

    def run(self, dash_app: Any, host: str, port: int, debug: bool, **options: Any) -> None:
        self.server.debug = bool(debug)
        serve(self.server, host, port, debug, **options)
