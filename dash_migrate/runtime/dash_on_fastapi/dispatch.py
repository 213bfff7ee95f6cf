"""What happens to a request: hooks, route, error handlers, hooks again, as in ``Flask.full_dispatch_request``."""

from __future__ import annotations

import inspect
import logging
import sys
from collections.abc import Callable, Iterator
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import Match
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException as WerkzeugHTTPException
from werkzeug.exceptions import InternalServerError, SecurityError
from werkzeug.http import remove_entity_headers
from werkzeug.wrappers import Response as WerkzeugResponse

from .answers import Answered, as_werkzeug_error, error_page, handler_keys, make_response
from .asked import AskedRequest
from .current import current_request, notify, serving
from .routing import Proceed, Routes
from .threads import as_raised, in_thread, thread_of_its_own

log = logging.getLogger(__name__)


class Dispatch:
    """Stands in the place of a FastAPI router's own dispatch."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.router = server.router
        self.inner = server.router.middleware_stack
        self.routes = Routes(server)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self.inner(scope, receive, send)

    # http

    async def _http(self, scope: Any, receive: Any, send: Any) -> None:
        with thread_of_its_own():
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        request = AskedRequest(scope, receive)
        serving(request)
        if scope["method"] == "HEAD":
            send = _without_body(send)  # hooks still see it
        outgoing = Outgoing(self.server, request, send)
        error: BaseException | None = None
        try:
            try:
                route, wrong = self._find(scope)
                await signal("request_started", self.server)
                answer = await self._before(request)
                if answer is None and wrong is None and not isinstance(route, Response):
                    answer = await self._around(request)
                if answer is not None:
                    await answer(scope, receive, outgoing.send)
                elif wrong is not None:
                    raise wrong  # hooks come first: a gate answers for what does not exist, too
                else:
                    await self._run(route, scope, receive, outgoing.send)
            except Exception as caught:
                raised = as_raised(caught)
                outgoing.final = outgoing.failed or self._is_unhandled(raised, request)
                error = raised if outgoing.final or outgoing.started else None
                if outgoing.started:
                    raise
                try:
                    answer = await self.handle(request, raised, outgoing.failed)
                    await answer(scope, receive, outgoing.send)
                except Exception as another:
                    error = another
                    if outgoing.started or outgoing.final:
                        raise
                    outgoing.final = True
                    answer = await self.handle(request, another, True)
                    await answer(scope, receive, outgoing.send)
        finally:
            hooks = list(self.server.teardown_hooks)
            for router in scope.get("dash.routers", ()):
                hooks += getattr(router, "teardown_hooks", ())
            for hook in [*reversed(hooks), *reversed(self.server.context_hooks)]:
                await call(hook, error)
            await signal("request_tearing_down", self.server, exc=error)
            for function in scope.get("dash.closing", ()):
                await in_thread(function)

    def _find(self, scope: Any) -> tuple[Any, Exception | None]:
        try:
            return self.routes.find(scope), None
        except WerkzeugHTTPException as error:
            return None, error

    async def _before(self, request: HTTPConnection) -> Response | None:
        hooks, processors = list(self.server.before_hooks), list(getattr(self.server, "url_processors", ()))
        for router in request.scope.get("dash.routers", ()):
            hooks += getattr(router, "before_hooks", ())
            processors += getattr(router, "url_processors", ())
        route = request.scope.get("dash.route")
        for processor in processors:
            name, values = getattr(route, "name", None), request.scope["path_params"] if route is not None else None
            await in_thread(processor, name, values)
        for hook in hooks:
            answer = await call(hook)
            if answer is not None:
                return make_response(answer)
        return None

    async def _around(self, request: HTTPConnection) -> Response | None:
        """What a function answers that was put around the route's view."""
        views = getattr(self.server, "view_functions", None)
        route = request.scope.get("dash.route")
        around = None if views is None else views.around(getattr(route, "name", None))
        if around is None:
            return None
        result = await in_thread(around, **request.scope["path_params"])
        return None if isinstance(result, Proceed) else make_response(result)

    async def _run(self, route: Any, scope: Any, receive: Any, send: Any) -> None:
        if isinstance(route, Response):
            await route(scope, receive, send)
            return
        if isinstance(getattr(route, "options", None), dict):  # a FlaskRoute
            scope.update(endpoint=route.endpoint, route=route)
            await route.handle(scope, receive, send)
            return
        top = self._top(route, scope)
        if top is not None:  # run it, whatever comes before it: Dash's catch-all may
            for path in (scope["path"], _other_slash(scope["path"])):
                match, inner = top.matches({**scope, "path": path})
                if match is Match.FULL:
                    scope.update(inner, router=self.router)
                    if top is not route:
                        scope["path"] = path
                    await top.handle(scope, receive, send)
                    return
        rule = scope["dash.rule"]
        if not rule.strict_slashes and scope["path"].endswith("/") == rule.is_leaf:
            scope["path"] = _other_slash(scope["path"])
        owner = next(iter(scope["dash.routers"]), None)
        for included in self.router.routes if owner is not None else ():  # the catch-all may stand before it
            if getattr(included, "original_router", None) is owner and included.matches(scope)[0] is Match.FULL:
                await included.handle(scope, receive, send)
                return
        await self.inner(scope, receive, send)

    def _top(self, route: Any, scope: Any) -> Any:
        """What holds a route in the app's own router: the route itself, or the router it is in."""
        if route in self.router.routes:
            return route
        owners = scope.get("dash.routers", ())
        held = (r for r in self.router.routes if owners and getattr(r, "original_router", None) is owners[0])
        return next(held, None)

    async def handle(self, request: Request, error: Exception, failed: bool = False) -> Response:
        """The answer of the error handler for an exception, or the page for it.

        Args:
            request: the request.
            error: the exception.
            failed: whether a handler or an ``after_request`` hook raised it: that is an error of the server.
        """
        if isinstance(error, Answered) and not failed:
            return error.response
        handler, given = self._handler(error, request, failed)
        if failed or self._is_unhandled(error, request):
            shown = self._shown_by_dash(error)
            if shown is not None:
                return shown
            await signal("got_request_exception", self.server, exception=error)
            log.error("Exception on %s [%s]", request.url.path, request.method, exc_info=error)
        if handler is None:
            return error_page(given if failed else error)
        if inspect.iscoroutinefunction(handler):
            return make_response(await handler(request, given))
        return make_response(await in_thread(handler, request, given))

    def _is_unhandled(self, error: Exception, request: Request) -> bool:
        """Whether an exception is none that a handler of its own answers for: functions at the end are told of it."""
        if isinstance(error, (Answered, HTTPException, WerkzeugHTTPException)):
            return False
        handler, given = self._handler(error, request)
        return handler is None or isinstance(given, WerkzeugHTTPException)

    def _handler(
        self, error: BaseException, request: Request, failed: bool = False
    ) -> tuple[Callable[..., Any] | None, Any]:
        """The handler for an exception and what it is given: by status, then by class, as in Flask."""
        handlers: dict[Any, Any] = dict(self.server.handlers)
        for router in request.scope.get("dash.routers", ()):
            handlers.update(getattr(router, "handlers", {}))
        if failed:
            given = as_werkzeug_error(InternalServerError(original_exception=error))
            keys = (500, *InternalServerError.__mro__, HTTPException)
            return next((handlers[key] for key in keys if key in handlers), None), given
        if isinstance(error, (HTTPException, WerkzeugHTTPException)):
            given = as_werkzeug_error(error)
            kinds = [*handler_keys(given), *type(error).__mro__]
            return next((handlers[k] for k in kinds if k in handlers), None), given
        for cls in type(error).__mro__:
            if cls in handlers:
                return handlers[cls], error
        handler, given = self._handler(error, request, failed=True)
        return handler, error if handler is None else given

    def _shown_by_dash(self, error: Exception) -> Response | None:
        """The traceback that Dash's developer tools show, while they are on."""
        for backend in self.server.dash:
            if backend.error_handling_mode in ("raise", "prune"):
                return make_response((backend._get_traceback(None, error), 500))
        return None

    # websockets

    async def _websocket(self, scope: Any, receive: Any, send: Any) -> None:
        """Let a websocket in if the hooks let in both its handshake and the callback requests it stands for."""
        handshake = {**scope, "type": "http", "method": "GET", "dash.body": GivenBody(b"")}
        owners = [backend for backend in self.server.dash if backend.owns(scope)]
        for knock in (handshake, *({**backend.as_callback(scope), "type": "http"} for backend in owners)):
            connection = AskedRequest(knock, _empty)
            serving(connection)
            _, wrong = self._find(knock)
            try:
                refused = (
                    isinstance(wrong, SecurityError)
                    or await self._before(connection) is not None
                    or await self._around(connection) is not None
                )
            except Exception:
                log.exception("a hook failed on a websocket handshake")
                refused = True
            if refused:
                await receive()
                await send({"type": "websocket.close", "code": 1008, "reason": "refused"})
                return
        if not owners:
            serving(HTTPConnection(scope))
        await self.inner(scope, receive, send)  # callbacks see the request they would have come with


class Outgoing:
    """An answer on its way out: ``after_request`` hooks see it whole, as werkzeug's Response."""

    def __init__(self, server: Any, request: Request, send: Any) -> None:
        self.server, self.request, self._send = server, request, send
        self.head: Any = None
        self.started = False
        #: whether this is the answer for what went wrong: what goes wrong with it is only logged
        self.final = False
        #: whether a hook raised an exception
        self.failed = False
        #: what each part of a body that is made while it is sent goes through: the part, and whether it is the last
        self.each_part: Callable[[bytes, bool], bytes] | None = None
        self.replaced = False

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.head = message
            return
        body, more = message.get("body", b""), message.get("more_body", False)
        if message["type"] != "http.response.body" or self.head is None:
            if self.each_part is not None:
                message = {**message, "body": self.each_part(body, not more)}
            if not self.replaced:
                await self._send(message)
            return
        head, self.head = self.head, None
        hooks = list(self.server.after_hooks)
        for router in self.request.scope.get("dash.routers", ()):
            hooks += getattr(router, "after_hooks", ())
        hooks = [*getattr(self.request.state, "after_this_request", ()), *reversed(hooks), *self.server.closing_hooks]
        if hooks:
            head, body = await self._hooked(hooks, head, body, more)
        elif head["status"] == 304:
            sent = Headers([(k.decode("latin-1"), v.decode("latin-1")) for k, v in head["headers"]])
            remove_entity_headers(sent)
            head = {**head, "headers": [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in sent]}
        self.started = True
        more = more and not self.replaced
        if self.each_part is not None:
            body = self.each_part(body, not more)
        elif not more and head["status"] not in (204, 304):
            head = _sized(head, body)
        await self._send(head)
        await self._send({"type": "http.response.body", "body": body, "more_body": more})

    async def _hooked(self, hooks: list[Any], head: Any, body: bytes, more: bool) -> tuple[Any, bytes]:
        headers = [(k.decode("latin-1"), v.decode("latin-1")) for k, v in head.get("headers", ())]
        parts = _unreadable()
        sized = any(name.lower() == "content-length" for name, _ in headers)
        whole = body if sized else [body]  # werkzeug's own notes how long it is
        response: Any = WerkzeugResponse(parts if more else whole, head["status"], headers)
        if not any(name.lower() == "content-type" for name, _ in headers):
            del response.headers["Content-Type"]
        first = response
        for hook in hooks:
            try:
                answer = await call(hook, response)
            except Exception:
                if not self.final:
                    self.failed = True
                    raise
                log.exception("Request finalizing failed with an error while handling an error")
                response = first
                break
            if isinstance(answer, WerkzeugResponse):
                response = answer
            elif answer is not None:
                made = make_response(answer)
                response = WerkzeugResponse(bytes(made.body), made.status_code, list(made.headers.items()))
        self.request.scope.setdefault("dash.closing", []).append(response.close)
        await signal("request_finished", self.server, response=response)
        empty = response.status_code in (204, 304)
        if response.status_code == 304:
            remove_entity_headers(response.headers)
        raw = [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in response.headers]
        self.replaced = more and (empty or response.response is not parts)
        if not self.replaced:
            self.each_part = getattr(response, "each_part", None)
        if empty:
            body = b""
        elif not more or self.replaced:
            body = response.get_data()
            raw = [(k, v) for k, v in raw if k != b"content-length"]
        return {**head, "status": response.status_code, "headers": raw}, body


def _sized(head: Any, body: bytes) -> Any:
    """The start of an answer that says how long its body is, as werkzeug does."""
    headers = head.get("headers", ())
    if any(name.lower() == b"content-length" for name, _ in headers):
        return head
    return {**head, "headers": [*headers, (b"content-length", str(len(body)).encode())]}


def _unreadable() -> Iterator[bytes]:
    for _ in (None,):
        raise RuntimeError("The body of an answer that is made while it is sent cannot be read in a hook.")
    yield b""


async def signal(name: str, server: Any, **values: Any) -> None:
    """Send a signal, if the app has any."""
    if f"{__package__}.signals" in sys.modules:
        await in_thread(notify, name, server, **values)


async def call(hook: Any, *args: Any) -> Any:
    """Run a hook, giving it the request if it has a parameter named so."""
    parameters = inspect.signature(hook).parameters
    if "request" in parameters:
        args = (current_request(), *args) if next(iter(parameters)) == "request" else (*args, current_request())
    if inspect.iscoroutinefunction(hook):
        return await hook(*args)
    return await in_thread(hook, *args)


async def _empty() -> Any:
    return {"type": "http.request", "body": EMPTY_CALLBACK, "more_body": False}


#: the body of a callback request that names no callback
EMPTY_CALLBACK = b'{"output": "", "outputs": [], "inputs": [], "state": [], "changedPropIds": []}'


class GivenBody:
    """A body that nobody sent."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def wait(self) -> bytes:
        """The body."""
        return self.data


def _other_slash(path: str) -> str:
    """A path without the slash at its end, or with one: alike where slashes are not strict."""
    return path[:-1] if path.endswith("/") else path + "/"


def _without_body(send: Any) -> Any:
    async def send_head(message: Any) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return send_head
