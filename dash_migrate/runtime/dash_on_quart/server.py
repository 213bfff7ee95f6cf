"""The Quart app under Dash."""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable
from typing import Any

from quart import Config as QuartConfig
from quart import Quart, Response, g, has_request_context
from quart.globals import request_ctx
from quart.routing import QuartRule
from quart.signals import appcontext_tearing_down
from werkzeug.exceptions import HTTPException
from werkzeug.test import EnvironBuilder

from . import files
from .answers import response_from
from .connection import Connection
from .contexts import AppContext, RequestContext
from .peer import as_connected
from .requests import Request, request_from
from .run import serve
from .scopes import scope_of
from .sessions import Sessions
from .testing import TestClient
from .threads import as_coroutine
from .websockets import gated, websocket_path


class Rule(QuartRule):
    """Quart's, with all options of Flask's rules."""

    def __init__(
        self, string: str, build_only: bool = False, redirect_to: Any = None, alias: bool = False, **options: Any
    ) -> None:
        super().__init__(string, **options)
        self.build_only, self.redirect_to, self.alias = build_only, redirect_to, alias


class Config(QuartConfig):
    """Quart's; environment variables keep their names."""

    def from_prefixed_env(self, prefix: str = "FLASK", **options: Any) -> bool:
        return super().from_prefixed_env(prefix, **options)


def _names_of_templates() -> dict[str, Any]:
    """What templates see. ``session`` is a global of theirs: only using it makes the answer vary by cookie."""
    return {"g": g, "request": request_ctx.request} if has_request_context() else {"g": g}


class Server(Quart):
    """Quart with a thread for each request, and Flask's settings and answers."""

    asgi_http_class = Connection
    config_class = Config
    request_class = Request
    session_interface = Sessions()
    url_rule_class = Rule  # type: ignore[assignment]
    default_config = type(Quart.default_config)(
        {
            **Quart.default_config,
            "BODY_TIMEOUT": None,
            "MAX_CONTENT_LENGTH": None,
            "PREFERRED_URL_SCHEME": "http",
            "RESPONSE_TIMEOUT": None,
            "SEND_FILE_MAX_AGE_DEFAULT": None,
            "TRUSTED_HOSTS": None,
            "USE_X_SENDFILE": False,
        }
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        #: websockets of Dash, by path: the path of the callbacks each of them carries
        self.gates: dict[str, str] = {}
        #: the views of Dash, by endpoint, as Dash made them
        self.dash_views: dict[str, Any] = {}
        super().__init__(*args, **options)
        self.template_context_processors[None] = [_names_of_templates]

    def make_config(self, instance_relative: bool = False) -> Any:
        config = super().make_config(instance_relative)
        config["DEBUG"] = config["DEBUG"] or os.environ.get("FLASK_DEBUG", "0").lower() not in ("", "0", "false", "no")
        return config

    # one thread for each request

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await super().__call__(as_connected(scope, receive), receive, send)

    async def asgi_app(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket" and websocket_path(scope) in self.gates:
            await gated(self, super().asgi_app, scope, receive, send)
        else:
            await super().asgi_app(scope, receive, send)

    def sync_to_async(self, func: Callable[..., Any]) -> Any:
        """Plain functions run in the thread of the request, not in one more."""
        return as_coroutine(func, super().sync_to_async)

    def websocket(self, rule: str, **options: Any) -> Any:
        options.setdefault("endpoint", rule)  # Dash names that of every app alike
        return super().websocket(rule, **options)

    # contexts

    def app_context(self) -> AppContext:
        return AppContext(self)

    def request_context(self, request: Any) -> RequestContext:
        return RequestContext(self, request)

    def test_request_context(self, *args: Any, **options: Any) -> RequestContext:
        """The context of a made-up request, described as for werkzeug's ``EnvironBuilder``."""
        environ = EnvironBuilder(*args, **options).get_environ()
        scope: Any = scope_of(environ)
        request = request_from(self, scope)
        request.body.set_result(environ["wsgi.input"].read())
        return self.request_context(request)

    def test_client(self, use_cookies: bool = True, **_: Any) -> Any:
        """A client that need not be awaited, with the answers of Flask's."""
        return TestClient(self, use_cookies)

    def create_url_adapter(self, request: Any) -> Any:
        name = self.config["SERVER_NAME"]
        if request is None:
            if name is None:
                return None
            config = self.config
            return self.url_map.bind(name, config["APPLICATION_ROOT"], url_scheme=config["PREFERRED_URL_SCHEME"])
        if self.config["TRUSTED_HOSTS"] is not None:
            request.trusted_hosts = self.config["TRUSTED_HOSTS"]
        try:
            request.host  # noqa: B018 - it is checked when it is looked at
        except HTTPException as error:
            request.refused = error
            return None
        if self.url_map.host_matching:
            return self.url_map.bind_to_request(request, None, None)  # type: ignore[attr-defined]
        subdomain = None if self.subdomain_matching else self.url_map.default_subdomain or ""
        return self.url_map.bind_to_request(request, subdomain, name)  # type: ignore[attr-defined]

    # answers

    async def make_response(self, result: Any) -> Response:
        return response_from(self, result)

    async def make_default_options_response(self) -> Response:
        response = Response()
        response.allow.update(request_ctx.url_adapter.allowed_methods())  # type: ignore[union-attr]
        return response

    async def handle_request(self, request: Any) -> Response:
        """The answer; ``teardown`` functions get the error that led to it, if any."""
        context = self.request_context(request)
        await context.push()
        error: BaseException | None = None
        try:
            try:
                response = await self.full_dispatch_request(context)
            except Exception as raised:
                error = raised
                response = await self.handle_exception(raised)
        except BaseException as raised:
            error = raised
            raise
        finally:
            if error is not None or not context.streams:
                await context.pop(error)
        if context.streams and error is None:
            request.after_sending = functools.partial(context.pop, None)
        return response  # type: ignore[return-value]

    async def handle_user_exception(self, error: Exception) -> Any:
        return await super().handle_user_exception(_as_raised(error))

    async def handle_exception(self, error: Exception) -> Any:
        return await super().handle_exception(_as_raised(error))

    async def process_response(self, response: Any, request_context: Any = None) -> Any:
        context = request_context or RequestContext.current()
        hooks = list(context._after_request_functions)
        for name in [*context.request.blueprints, None]:
            hooks += reversed(self.after_request_funcs[name])
        for hook in hooks:
            response = await self.make_response(await self.ensure_async(hook)(response))
        if not self.session_interface.is_null_session(context._session):
            await self.ensure_async(self.session_interface.save_session)(self, context._session, response)
        return response

    async def do_teardown_appcontext(self, exc: BaseException | None) -> None:
        for function in reversed(self.teardown_appcontext_funcs):
            await self.ensure_async(function)(exc)
        await appcontext_tearing_down.send_async(self, _sync_wrapper=self.ensure_async, exc=exc)  # type: ignore[arg-type]

    # files

    def send_static_file(self, filename: str) -> Response:
        return files.send_from_directory(str(self.static_folder), filename)

    def register_blueprint(self, blueprint: Any, **options: Any) -> None:
        if blueprint.has_static_folder:
            blueprint.send_static_file = functools.partial(Server.send_static_file, blueprint)
        super().register_blueprint(blueprint, **options)

    # starting

    def run(self, host: str | None = None, port: Any = None, debug: bool | None = None, **options: Any) -> None:
        """Serve the app until interrupted, with the defaults and the reloader of ``Flask.run``."""
        if debug is not None:
            self.debug = bool(debug)
        serve(self, host, port, self.debug, **options)

    def before_first_request(self, function: Callable[[], Any]) -> Callable[[], Any]:
        """Run a function once, before the first request."""
        lock, done = threading.Lock(), threading.Event()

        @functools.wraps(function)
        def once() -> None:
            with lock:
                if not done.is_set():
                    function()
                    done.set()

        self.before_request_funcs[None].insert(0, once)
        return function


def _as_raised(error: Exception) -> Exception:
    """What a view raised: a StopIteration leaves a coroutine as something else."""
    return error.__cause__ if isinstance(error, RuntimeError) and isinstance(error.__cause__, StopIteration) else error
