"""Dash's backends with the bridge mixed in: Dash registers here, Flask gets to know."""

from __future__ import annotations

import asyncio
import functools
import inspect
from typing import Any, cast

import flask
from dash import Dash
from dash.backends import get_backend
from dash.backends._flask import FlaskDashServer, FlaskRequestAdapter, FlaskResponseAdapter
from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.utils import get_content_type
from werkzeug.wrappers import Response as WerkzeugResponse

from .call import current_call, on_loop
from .front import Front, flask_of
from .run import serve as run_server


class Bridge:
    """The part of a Dash backend that both ASGI backends share: Dash registers here, Flask gets to know."""

    server: Any
    request_adapter: Any
    response_adapter: Any
    _dash: Any = None
    #: Dash's own view for callbacks, and the one that an app put in its place
    _callback_view: Any = None
    _own_dispatch: Any = None

    def __init__(self, server: Any) -> None:
        super().__init__(server)  # type: ignore[call-arg]
        self.flask_backend = FlaskDashServer(self.front.flask)
        self.request_adapter = _request_adapter(self.request_adapter)
        self.response_adapter = _response_adapter(self)
        self.index_path = "/"

    @property
    def websocket_capability(self) -> bool:
        """The page is told of websockets once a callback wants one; until then it is the page Flask served."""
        app = self._dash
        if app is None or not app._got_first_request["setup_server"] or app._websocket_callbacks:
            return True
        return any(callback.get("websocket") for callback in app.callback_map.values())

    @property
    def callback_path(self) -> str:
        """Path, rule and endpoint of Dash's callback view."""
        return self.index_path + "_dash-update-component"

    @property
    def front(self) -> Front:
        return cast("Front", self.server.front)

    def knows(self, method: str, path: str) -> bool:
        """Whether the ASGI server has a route of its own for this, besides Dash's."""
        raise NotImplementedError

    def answers_error(self, error: BaseException) -> bool:
        """Whether the ASGI server's answer to this error stands (else Flask's error handlers make one)."""
        return False

    # registration: Dash's own views are mirrored, everything else goes to Flask as it always did

    def setup_backend(self, dash_app: Any) -> None:
        if isinstance(self.server, Flask):
            raise TypeError("init_app() needs asgi_server(flask_app) here")
        self.flask_backend = FlaskDashServer(self.front.flask)
        self.index_path = dash_app.config.routes_pathname_prefix
        self.front.backends.append(self)
        self._dash = dash_app
        super().setup_backend(dash_app)  # type: ignore[misc]
        execute = dash_app._execute_callback

        def execute_callback(function: Any, /, *args: Any, **kwargs: Any) -> Any:
            callback = execute(function, *args, **kwargs)
            call = current_call.get()
            if call is None or inspect.iscoroutinefunction(function):
                return callback

            async def in_flask_thread() -> Any:
                result = await call.offload(callback)
                return await result if inspect.isawaitable(result) else result

            return in_flask_thread

        dash_app._execute_callback = execute_callback

    def add_url_rule(
        self,
        rule: str,
        view_func: Any,
        endpoint: str | None = None,
        methods: list[str] | None = None,
        **options: Any,
    ) -> None:
        if rule == self.callback_path and view_func is not self._callback_view:
            self._own_dispatch, view_func = view_func, self._callback_view
            for name, value in list(vars(self._dash).items()):
                if value is view_func:  # what Dash's own view is to the one that took its place
                    setattr(self._dash, name, self.dispatch_callback)
        owner = getattr(view_func, "__module__", None) or "dash"
        is_ours = owner == __name__ and not rule.startswith(self.index_path + "_dash-component-suites/")
        if callable(view_func) and not is_ours and owner.split(".")[0] != "dash":
            if inspect.iscoroutinefunction(view_func):
                view_func = on_loop(view_func)
            self.flask_backend.add_url_rule(rule, view_func, endpoint, methods)  # written for Flask
            return
        methods = list(methods or ["GET"])
        super().add_url_rule(rule, self._in_flask_thread(view_func), endpoint, methods, **options)  # type: ignore[misc]
        self.front.mirror(self, rule or "/", endpoint or rule, methods, rule or "/")

    def _in_flask_thread(self, view: Any) -> Any:
        if not callable(view):
            return view

        @functools.wraps(view)
        async def run(*args: Any, **kwargs: Any) -> Any:
            call = current_call.get()
            try:
                if inspect.iscoroutinefunction(view):
                    return await view(*args, **kwargs)
                answer = await call.offload(view, *args, **kwargs) if call else view(*args, **kwargs)
                return self.native(answer)
            except Exception as error:
                if call is None or self.answers_error(error):
                    raise
                call.error = error  # Flask's error handlers and log get it, once
                return self.make_response("", status=500)

        run.__signature__ = _signature(view)  # type: ignore[attr-defined]
        return run

    def setup_index(self, dash_app: Any) -> None:
        async def index() -> Any:
            call = current_call.get()
            if call is None:
                page = dash_app.index()
                return self.make_response(page, mimetype="text/html") if isinstance(page, str) else self.native(page)
            return self.native_response(await call.offload(lambda: self.front.flask.make_response(dash_app.index())))

        dash_app._add_url("", index, methods=["GET"])

    def setup_catchall(self, dash_app: Any) -> None:
        rule = self.index_path + "<path:path>"
        self.front.mirror(self, rule, rule, ["GET"], self.index_path)
        dash_app.routes.append(rule)

    def _setup_catchall(self) -> None:
        """Flask has the catch-all; Dash's FastAPI middleware would add one of its own at startup."""

    def setup_component_suites(self, dash_app: Any) -> None:
        def serve_suite(package_name: str, fingerprinted_path: str) -> Any:
            return self.flask_backend.serve_component_suites(dash_app, package_name, fingerprinted_path)

        dash_app._add_url("_dash-component-suites/<string:package_name>/<path:fingerprinted_path>", serve_suite)

    def serve_callback(self, dash_app: Any) -> Any:
        dispatch = super().serve_callback(dash_app)  # type: ignore[misc]

        @functools.wraps(dispatch)
        async def checked(*args: Any, **kwargs: Any) -> Any:
            call = current_call.get()
            if call is not None:
                await call.offload(flask.request.get_json)  # 415 and 400 as Flask gives them
            return await dispatch(*args, **kwargs)

        checked.__signature__ = _signature(dispatch)  # type: ignore[attr-defined]
        self._callback_view = checked
        return checked

    def before_request(self, func: Any) -> None:
        if func is not None:
            self.flask_backend.before_request(on_loop(func) if inspect.iscoroutinefunction(func) else func)

    def after_request(self, func: Any) -> None:
        if func is not None:
            self.flask_backend.after_request(func)

    def register_assets_blueprint(self, *args: Any, **kwargs: Any) -> None:
        self.flask_backend.server = self.front.flask
        self.flask_backend.register_assets_blueprint(*args, **kwargs)

    def register_error_handlers(self) -> None:
        super().register_error_handlers()  # type: ignore[misc]
        self.flask_backend.register_error_handlers()

    def register_prune_error_handler(self, *args: Any, **kwargs: Any) -> None:
        self.flask_backend.register_prune_error_handler(*args, **kwargs)

    def register_timing_hooks(self, first_run: bool) -> None:
        self.flask_backend.register_timing_hooks(first_run)

    def register_callback_api_routes(self, paths: Any) -> None:
        self.flask_backend.register_callback_api_routes(paths)

    def enable_compression(self) -> None:
        self.flask_backend.enable_compression()

    def add_redirect_rule(self, app: Any, fullname: str, path: str) -> None:
        self.flask_backend.add_redirect_rule(app, fullname, path)

    def make_response(
        self,
        data: Any,
        mimetype: str | None = None,
        content_type: str | None = None,
        status: int | None = None,
    ) -> Any:
        if _in_a_view():  # of the project: it goes on with what Flask's Dash gave it
            return self.flask_backend.make_response(data, mimetype, content_type, status)
        if content_type is None:
            content_type = get_content_type(mimetype or "text/html", "utf-8")
        return super().make_response(data, content_type=content_type, status=status)  # type: ignore[misc]

    def overridden_dispatch(self) -> Any:
        """The ``dispatch`` of a Dash subclass, which Dash itself has not called since 4.2: often the gate."""
        if self._own_dispatch is not None:
            return self._own_dispatch
        app = self._dash
        if not hasattr(type(app), "dispatch") or hasattr(Dash, "dispatch"):
            return None
        owner = next(c for c in reversed(type(app).__mro__) if "dispatch" in vars(c))
        for ancestor in owner.__mro__[1:]:
            if ancestor is Dash:  # what super().dispatch() reaches
                Dash.dispatch = lambda dash_app: dash_app.backend.dispatch_callback()  # type: ignore[attr-defined]
        return app.dispatch

    def dispatch_callback(self) -> Any:
        """Run the callback of the current Flask request."""
        return self.front.ask_dash(self, self.callback_path)

    def native(self, answer: Any) -> Any:
        """What a Dash view returned, as an answer of the ASGI server: overrides may make Flask answers."""
        if isinstance(answer, WerkzeugResponse):
            return self.native_response(answer)
        if isinstance(answer, tuple):
            return self.native_response(self.front.flask.make_response(answer))
        return answer

    def native_response(self, answer: Any) -> Any:
        raise NotImplementedError

    def has_request_context(self) -> bool:
        return flask.has_request_context() or bool(super().has_request_context())  # type: ignore[misc]

    def jsonify(self, obj: Any) -> Any:
        if _in_a_view():
            return flask.jsonify(obj)
        if not flask.has_app_context():
            return super().jsonify(obj)  # type: ignore[misc]
        return self.make_response(flask.jsonify(obj).get_data(), content_type="application/json")

    def run(self, dash_app: Any, host: str, port: int, debug: bool, **options: Any) -> None:
        self.front.flask.debug = bool(debug)
        run_server(self.server, host, port, debug, **options)


def _in_a_view() -> bool:
    """Whether code runs in Flask's thread, not on the event loop."""
    if not flask.has_request_context():
        return False
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return True
    return False


def _signature(function: Any) -> inspect.Signature:
    try:
        return inspect.signature(function, eval_str=True)  # FastAPI looks the names up in the wrong module
    except NameError:
        return inspect.signature(function)


def fastapi_parts() -> tuple[type, ...]:
    base = get_backend("fastapi")
    from starlette.exceptions import HTTPException as StarletteHTTPException
    from starlette.responses import Response
    from starlette.routing import Match

    class FastAPIBridge(Bridge):
        def native_response(self, answer: Any) -> Any:
            response = Response(answer.get_data(), answer.status_code)
            response.raw_headers = [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in answer.headers]
            return response

        def answers_error(self, error: BaseException) -> bool:
            return isinstance(error, StarletteHTTPException)

        def knows(self, method: str, path: str) -> bool:
            scope = {"type": "http", "method": method, "path": path, "root_path": "", "headers": []}
            return any(
                route.matches(scope)[0] is Match.FULL
                for route in self.server.router.routes
                if getattr(route, "endpoint", None) not in self._views
            )

        def add_url_rule(self, rule: str, view_func: Any, *args: Any, **kwargs: Any) -> None:
            known = len(self.server.router.routes)
            super().add_url_rule(rule, view_func, *args, **kwargs)
            self._views.update(getattr(r, "endpoint", None) for r in self.server.router.routes[known:])

        @functools.cached_property
        def _views(self) -> set[Any]:
            return set()

    return (FastAPIBridge, base)


def quart_parts() -> tuple[type, ...]:
    base = get_backend("quart")
    from quart import Response

    class QuartBridge(Bridge):
        def serve_websocket_callback(self, dash_app: Any) -> None:
            """As Dash's, under a name of its own: several apps may share a server."""
            add = self.server.websocket
            vars(self.server)["websocket"] = lambda path, **options: add(path, **{"endpoint": path, **options})
            try:
                super().serve_websocket_callback(dash_app)  # type: ignore[misc]
            finally:
                del vars(self.server)["websocket"]

        def native_response(self, answer: Any) -> Any:
            return Response(answer.get_data(), answer.status_code, answer.headers)

        def knows(self, method: str, path: str) -> bool:
            adapter = self.server.url_map.bind("localhost")
            try:
                endpoint, _ = adapter.match(path, method)
            except HTTPException:
                return False
            return endpoint not in self._endpoints

        def add_url_rule(self, rule: str, view_func: Any, *args: Any, **kwargs: Any) -> None:
            known = set(self.server.view_functions)
            super().add_url_rule(rule, view_func, *args, **kwargs)
            self._endpoints.update(set(self.server.view_functions) - known)

        @functools.cached_property
        def _endpoints(self) -> set[str]:
            return set()

    return (QuartBridge, base)


@functools.cache
def _request_adapter(base: type) -> type:
    """Dash's request adapter for a backend, reading what Flask sees: header case, paths, proxies as before."""

    class Adapter(base):  # type: ignore[misc]
        def __init__(self) -> None:
            self._flask = FlaskRequestAdapter() if flask.has_request_context() else None
            try:
                super().__init__()
            except (RuntimeError, LookupError):
                if self._flask is None:
                    raise
                self._request = None

        if not inspect.iscoroutinefunction(base.get_json):  # type: ignore[attr-defined]

            def get_json(self) -> Any:
                return self._flask.get_json() if self._flask is not None else super().get_json()

        else:

            async def get_json(self) -> Any:  # type: ignore[misc]
                return self._flask.get_json() if self._flask is not None else await super().get_json()

    def seen_by_flask(name: str) -> property:
        def read(self: Any) -> Any:
            return getattr(self._flask if self._flask is not None else super(Adapter, self), name)

        return property(read)

    for name in (
        "context",
        "root",
        "args",
        "is_json",
        "cookies",
        "headers",
        "full_path",
        "url",
        "remote_addr",
    ):
        setattr(Adapter, name, seen_by_flask(name))
    for name in ("origin", "path"):
        setattr(Adapter, name, seen_by_flask(name))
    return Adapter


def _response_adapter(bridge: Any) -> type:
    """Dash's response adapter, filled by callbacks as Flask's was: cookie attributes, status, content type."""

    class Adapter(FlaskResponseAdapter):
        def set_response(self, **kwargs: Any) -> Any:
            return bridge.native_response(super().set_response(**kwargs))

    return Adapter


class FlaskView:
    """Stands for a Dash app towards code that was written for Flask: ``.server`` is the Flask app."""

    def __init__(self, app: Any) -> None:
        object.__setattr__(self, "_app", app)

    @property  # type: ignore[misc]
    def __class__(self) -> Any:  # isinstance(view, Dash) holds
        return type(self._app)

    def __getattr__(self, name: str) -> Any:
        if name == "server":
            return flask_of(self._app)
        if name == "backend":
            return getattr(self._app.backend, "flask_backend", self._app.backend)
        return getattr(self._app, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._app, name, value)
