"""Dash's FastAPI backend, with the answers of its Flask backend."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import inspect
import json
from typing import Any

from dash import hooks
from dash.backends._fastapi import FastAPIDashServer, FastAPIRequestAdapter, FastAPIResponseAdapter
from fastapi import FastAPI
from starlette.requests import Request
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType
from werkzeug.wrappers import Response as WerkzeugResponse

from . import files
from .answers import JSONResponse, RedirectResponse, Response, content_type, from_werkzeug, make_response
from .current import AppContext, current_request, has_request
from .dispatch import EMPTY_CALLBACK, GivenBody
from .plain_request import as_werkzeug, headers_of
from .routing import FlaskRoute, as_path
from .run import serve
from .server import Server
from .threads import in_thread


class FastAPIBackend(FastAPIDashServer):
    """``Dash(backend=FastAPIBackend)``; ``FastAPIBackend.on(server)`` for a server of your own."""

    server: Any
    _dash: Any = None

    def __init__(self, server: FastAPI) -> None:
        super().__init__(server)
        self.request_adapter: Any = _RequestAdapter
        self.response_adapter: Any = _ResponseAdapter

    @staticmethod
    def create_app(name: str = "__main__", config: dict[str, Any] | None = None) -> FastAPI:
        return Server(name)

    @classmethod
    def on(cls, server: Server) -> type:
        """The backend for a Dash app that shares a server."""
        return type(cls.__name__, (cls,), {"create_app": staticmethod(lambda *_: server)})

    def setup_backend(self, dash_app: Any) -> None:
        super().setup_backend(dash_app)
        self._dash = dash_app
        self.prefix: str = dash_app.config.routes_pathname_prefix
        self.server.dash.append(self)
        execute = dash_app._execute_callback

        def execute_callback(function: Any, /, *args: Any, **kwargs: Any) -> Any:
            callback = execute(function, *args, **kwargs)
            if has_request() and current_request().scope.get("dash.websocket"):
                return _in_app_context(self.server, callback, inspect.iscoroutinefunction(function))
            if inspect.iscoroutinefunction(function) or not _on_event_loop():
                return callback

            async def off_the_loop() -> Any:
                result = await in_thread(callback)
                return await result if inspect.isawaitable(result) else result

            return off_the_loop

        dash_app._execute_callback = execute_callback

    def before_request(self, func: Any) -> None:
        if func is not None:
            self.server.before_hooks.append(func)

    def after_request(self, func: Any) -> None:
        if func is not None:
            self.server.after_hooks.append(func)

    # websockets, see Dispatch

    @property
    def websocket_capability(self) -> bool:
        """The page is told of websockets once a callback wants one; until then it is the page Flask served."""
        app = self._dash
        if app is None or not app._got_first_request["setup_server"] or app._websocket_callbacks:
            return True
        return any(callback.get("websocket") for callback in app.callback_map.values())

    def owns(self, scope: Any) -> bool:
        """Whether a websocket is one for callbacks of this app."""
        return str(scope["path"]).startswith(self.prefix + "_dash-ws")

    def as_callback(self, scope: Any) -> dict[str, Any]:
        """The callback request that a websocket stands for, as far as gates can tell."""
        length = str(len(EMPTY_CALLBACK)).encode()
        headers = [*scope["headers"], (b"content-type", b"application/json"), (b"content-length", length)]
        scheme = {"ws": "http", "wss": "https"}.get(scope["scheme"], scope["scheme"])
        path = self.prefix + "_dash-update-component"
        made = {**scope, "method": "POST", "path": path, "scheme": scheme, "headers": headers, "query_string": b""}
        return {**made, "dash.body": GivenBody(EMPTY_CALLBACK), "dash.websocket": True}

    def get_callback_executor(self, max_workers: int | None = None) -> Any:
        """The threads of websocket callbacks; they see the connection's request, on every version of Dash."""
        return _Executor(super().get_callback_executor(max_workers))

    # Dash's own views

    def add_url_rule(
        self, rule: str, view_func: Any, endpoint: str | None = None, methods: list[str] | None = None, **options: Any
    ) -> None:
        if getattr(view_func, "__wrapped__", view_func) in [hook.func for hook in hooks.get_hooks("routes")]:
            view = functools.partial(_answer_of_hook, view_func)  # written for Flask: its rule, and what it returns
            self.server.router.routes.append(FlaskRoute(rule, view, endpoint or rule, methods))
        else:
            known = len(self.server.router.routes)
            super().add_url_rule(as_path(rule), _off_the_loop(view_func), endpoint, methods, **options)
            for route in self.server.router.routes[known:]:  # what werkzeug's map says at this time holds for a rule
                route.strict_slashes = getattr(getattr(self.server, "url_map", None), "strict_slashes", None)

    def register_callback_api_routes(self, callback_api_paths: dict[str, Any]) -> None:
        for path, handler in callback_api_paths.items():
            rule = "/" + path.removeprefix("/")
            answer = functools.partial(_answer_of_callback, handler)
            self.server.router.routes.append(FlaskRoute(rule, answer, f"dash_callback_api_{path}", ["POST"]))

    def setup_index(self, dash_app: Any) -> None:
        def index() -> Any:
            page = dash_app.index()
            return self.make_response(page, mimetype="text/html") if isinstance(page, str) else _answer(page)

        self.index = index
        dash_app._add_url("", index, methods=["GET"])

    def setup_catchall(self, dash_app: Any) -> None:
        dash_app._add_url("<path:path>", self.index, methods=["GET"])

    def _setup_catchall(self) -> None:
        """It is there, under the app's own prefix; Dash's middleware asks for it at startup."""

    def setup_component_suites(self, dash_app: Any) -> None:
        def serve(request: Request, package_name: str, fingerprinted_path: str) -> Any:
            return files.component(dash_app, package_name, fingerprinted_path, request)

        dash_app._add_url("_dash-component-suites/<string:package_name>/<path:fingerprinted_path>", serve)

    def register_assets_blueprint(self, blueprint_name: str, assets_url_path: str, assets_folder: str) -> None:
        def asset(request: Request, filename: str) -> Any:
            return files.send_from_directory(request, assets_folder, filename)

        path = "/" + assets_url_path.strip("/") + "/{filename:path}"
        self.server.add_api_route(
            path, asset, methods=["GET"], name=f"{blueprint_name}.static", include_in_schema=False
        )

    def add_redirect_rule(self, dash_app: Any, fullname: str, path: str) -> None:
        target = dash_app.get_relative_path(path)
        view = lambda: RedirectResponse(target, 301)  # noqa: E731
        self.server.add_api_route(fullname, view, methods=["GET"], name=fullname, include_in_schema=False)

    def serve_callback(self, dash_app: Any) -> Any:
        dispatch = super().serve_callback(dash_app)

        @functools.wraps(dispatch)
        async def answered(*args: Any, **kwargs: Any) -> Any:
            request = current_request()
            if not is_json(request):
                raise UnsupportedMediaType(NOT_JSON)
            limit = getattr(self.server, "config", {}).get("MAX_CONTENT_LENGTH")
            if limit is not None and int(request.headers.get("content-length") or 0) > limit:
                raise RequestEntityTooLarge()
            body: Any = request.scope.get("dash.body")
            if limit is not None and hasattr(body, "read") and len(await body.read()) > limit:
                raise BadRequest()  # its length was not told: Flask reads no further, and that is no JSON
            if getattr(request.state, "json_body", None) is None:  # null, no JSON, or JSON by another name
                request.state.json_body = await _json_of(request)
            return await dispatch(*args, **kwargs)

        answered.__signature__ = inspect.signature(dispatch, eval_str=True)  # type: ignore[attr-defined]
        return answered

    def make_response(
        self, data: Any, mimetype: str | None = None, content_type: str | None = None, status: int | None = None
    ) -> Response:
        kind = content_type or _content_type(mimetype or "text/html")
        return Response(data, status or 200, headers={"Content-Type": kind})

    def jsonify(self, obj: Any) -> Response:
        return JSONResponse(obj)

    def run(self, dash_app: Any, host: str, port: int, debug: bool, **options: Any) -> None:
        serve(self.server, host, port, debug, **options)


_content_type = content_type

#: what Flask says to a body that is not declared to be JSON
NOT_JSON = "Did not attempt to load JSON data because the request Content-Type was not 'application/json'."


def is_json(request: Request) -> bool:
    """Whether a request says that its body is JSON."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


class _RequestAdapter(FastAPIRequestAdapter):
    """What ``dash.ctx`` and Dash itself read of a request, as on Flask."""

    def __init__(self) -> None:
        try:
            super().__init__()
        except RuntimeError:
            self._request = current_request()

    headers = property(lambda self: headers_of(self._request))
    args = property(lambda self: as_werkzeug(self._request).args)
    cookies = property(lambda self: as_werkzeug(self._request).cookies)
    root = property(lambda self: as_werkzeug(self._request).root_url)
    url = property(lambda self: as_werkzeug(self._request).url)
    path = property(lambda self: as_werkzeug(self._request).path)
    full_path = property(lambda self: as_werkzeug(self._request).full_path)
    is_json = property(lambda self: as_werkzeug(self._request).is_json)

    def get_json(self) -> Any:
        if hasattr(self._request.state, "json_body"):  # read before the view began
            return self._request.state.json_body
        raise BadRequest() if is_json(self._request) else UnsupportedMediaType(NOT_JSON)


class _ResponseAdapter(FastAPIResponseAdapter):
    """What callbacks say of their answer through ``dash.ctx.response``, with Flask's cookies."""

    def set_response(self, **kwargs: Any) -> Any:
        response = Response(kwargs.get("data"), media_type="application/json")
        for name, values in self._headers.items():
            for value in values if isinstance(values, list) else [values]:
                response.headers.append(name, value)
        for key, (value, options) in self._cookies.items():
            response.set_cookie(key, value, **options)
        return response


async def _answer_of_hook(view: Any, **values: Any) -> Any:
    """What a view of ``dash.hooks.route`` answers."""
    request = current_request()
    with contextlib.suppress(BadRequest, UnsupportedMediaType):
        request.state.json_body = await _json_of(request)
    return await _result(view, **values)


async def _answer_of_callback(handler: Any) -> Any:
    """A callback that is also an endpoint: its arguments are the keys of a JSON object."""
    request = current_request()
    values = request.state.json_body = await _json_of(request)
    return JSONResponse(await _result(handler, **(values or {})))


async def _result(function: Any, **arguments: Any) -> Any:
    if inspect.iscoroutinefunction(function):
        return await function(**arguments)
    return await in_thread(function, **arguments)


async def _json_of(request: Request) -> Any:
    """The body of a request, as JSON.

    Raises:
        UnsupportedMediaType: the body is not declared to be JSON.
        BadRequest: it is not JSON.
    """
    if not is_json(request):
        raise UnsupportedMediaType(NOT_JSON)
    body: Any = request.scope.get("dash.body")
    if body is None and hasattr(request.state, "json_body") and request.state.json_body is None:
        raise BadRequest()  # Dash's middleware has read the body and nothing is left of it
    try:
        return json.loads(await request.body() if body is None else await body.read())
    except ValueError:
        raise BadRequest() from None


def _off_the_loop(view: Any) -> Any:
    """A plain view as one that runs in a thread with the context Dash gave it."""
    if not callable(view) or inspect.iscoroutinefunction(view):
        return view

    @functools.wraps(view)
    async def run_view(*args: Any, **kwargs: Any) -> Any:
        return _answer(await in_thread(view, *args, **kwargs))

    run_view.__signature__ = inspect.signature(view, eval_str=True)  # type: ignore[attr-defined]
    return run_view


def _answer(value: Any) -> Any:
    """What an overridden view of Dash's gave, where it is an answer of Flask's or a tuple."""
    if isinstance(value, tuple):
        return make_response(value)
    return from_werkzeug(value) if isinstance(value, WerkzeugResponse) else value


def _in_app_context(server: Any, callback: Any, is_async: bool) -> Any:
    """A websocket callback with a context of its own, as callbacks over HTTP have."""
    if is_async:

        async def run_async() -> Any:
            with AppContext(server, shares_state=True):
                return await callback()

        return run_async

    def run() -> Any:
        with AppContext(server, shares_state=True):
            result = callback()
            return asyncio.run(result) if inspect.iscoroutine(result) else result

    return run


class _Executor:
    """Runs jobs in threads, with the context variables of who submits them."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        return self._inner.submit(contextvars.copy_context().run, function, *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def _on_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
