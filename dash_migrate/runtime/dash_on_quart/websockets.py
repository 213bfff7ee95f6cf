"""Websockets of Dash pass the hooks of the callbacks they carry, and those callbacks see a request."""

from __future__ import annotations

import logging
from typing import Any

from quart import has_request_context, request

from .requests import request_from
from .threads import in_thread, result_of

log = logging.getLogger(__name__)

#: the body of a callback request that names no callback
EMPTY_CALLBACK = b'{"output": "", "outputs": [], "inputs": [], "state": [], "changedPropIds": []}'


def websocket_path(scope: Any) -> str:
    """The path of a websocket, as rules have it."""
    return str(scope["path"]).removeprefix(scope.get("root_path", ""))


async def gated(server: Any, asgi: Any, scope: Any, receive: Any, send: Any) -> None:
    """Let a websocket in if the hooks let the callback requests in that it stands for."""
    context = server.request_context(_callback_request(server, scope))
    await context.push()
    try:
        try:
            refused = await in_thread(server.preprocess_request, context) is not None
            view = server.gates[websocket_path(scope)]
            if server.view_functions.get(view) is not server.dash_views.get(view):
                log.error("callbacks have a decorator that cannot be run for websockets, which are refused")
                refused = True
        except Exception:
            log.exception("a hook refused a websocket, or failed on it")
            refused = True
        if refused:
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": "refused"})
        else:
            await asgi(scope, receive, send)
    finally:
        await context.pop(None)


def _callback_request(server: Any, scope: Any) -> Any:
    path = server.gates[websocket_path(scope)]
    length = str(len(EMPTY_CALLBACK)).encode()
    headers = [*scope["headers"], (b"content-type", b"application/json"), (b"content-length", length)]
    scheme = {"ws": "http", "wss": "https"}.get(scope["scheme"], scope["scheme"])
    path = scope.get("root_path", "") + path
    asked = {"type": "http", "method": "POST", "scheme": scheme, "path": path, "headers": headers, "query_string": b""}
    request = request_from(server, {**scope, **asked})
    request.for_websocket = True
    request.body.set_result(EMPTY_CALLBACK)
    return request


def torn_down(server: Any, callback: Any, is_async: bool) -> Any:
    """A callback at whose end ``teardown_appcontext`` functions run, if it comes over a websocket."""

    async def run_async() -> Any:
        if not _is_alone():
            return await callback()
        error: BaseException | None = None
        try:
            return await callback()
        except BaseException as raised:
            error = raised
            raise
        finally:
            await server.do_teardown_appcontext(error)

    def run() -> Any:
        if not _is_alone():
            return callback()
        error: BaseException | None = None
        try:
            return result_of(callback())
        except BaseException as raised:
            error = raised
            raise
        finally:
            result_of(server.do_teardown_appcontext(error))

    return run_async if is_async else run


def _is_alone() -> bool:
    """Whether a callback has no request of its own, but that of its websocket."""
    return has_request_context() and request.for_websocket  # type: ignore[attr-defined]
