"""Callbacks over websockets."""

from __future__ import annotations

from dash_migrate.features import Cell
from dash_migrate.model import Backend
from dash_migrate.probe.lab import Lab
from dash_migrate.probe.rows import moot, no, partly, probe, yes
from dash_migrate.probe.rows.answers import CALLBACK, status, value


def _app(body: str = "return v + 1", options: str = "websocket_callbacks=True") -> str:
    return f"""
app = make({options})
@app.callback(Output("o", "children"), Input("i", "value"))
def cb(v):
    {body}
{CALLBACK}"""


@probe("websocket-callbacks")
def websocket_callbacks(lab: Lab, backend: Backend) -> Cell:
    with lab.run(_app(), backend) as app:
        http = app.callback()
        seen = app.websocket()
        over_http = "HTTP answers" if value(http) == 2 else f"HTTP {status(http)}"
        if seen.startswith("answered") and "2" in seen:
            return yes("answered over the websocket")
        return no(f"accepted silently, websocket {seen.partition(' ')[0]}, {over_http}")


@probe("websocket-first")
def websocket_first(lab: Lab, backend: Backend) -> Cell:
    if backend == "flask":
        return moot("no websockets")
    with lab.run(_app().replace("@app.callback", "@callback"), backend) as app:
        first = app.websocket()
        app.ask("/")
        second = app.websocket()
        if first.startswith("answered"):
            return yes("answered")
        return partly(f"callback not found until some HTTP request ran, then {second.partition(' ')[0]}")


@probe("websocket-context")
def websocket_context(lab: Lab, backend: Backend) -> Cell:
    if backend == "flask":
        return moot("no websockets")
    with lab.run(_app("return [dash.ctx.cookies.get('k'), dash.ctx.headers.get('x-user')]"), backend) as app:
        app.ask("/")
        seen = app.websocket({"Cookie": "k=vv", "X-User": "ann"})
        if "vv" in seen and "ann" in seen:
            return yes("cookies and headers read")
        return no("ctx.cookies and ctx.headers are empty") if seen.startswith("answered") else no(seen[:60])


@probe("websocket-disabled")
def websocket_disabled(lab: Lab, backend: Backend) -> Cell:
    with lab.run(_app(options=""), backend) as app:
        app.ask("/")
        seen = app.websocket()
        if seen.startswith("answered"):
            return no("callback executed")
        if seen.startswith("refused"):
            return yes("no endpoint: " + seen)
        return partly("handshake accepted, callback refused")


@probe("websocket-contextvars")
def websocket_contextvars(lab: Lab, backend: Backend) -> Cell:
    if backend == "flask":
        return moot("no websockets")
    source = (
        "import contextvars\nuser = contextvars.ContextVar('user', default=None)\n"
        + _app("return user.get()")
        + """
class Middleware:
    def __init__(self, app):
        self.app = app
    async def __call__(self, scope, receive, send):
        user.set("ann")
        await self.app(scope, receive, send)
if BACKEND == "fastapi":
    server.add_middleware(Middleware)
else:
    server.asgi_app = Middleware(server.asgi_app)
"""
    )
    with lab.run(source, backend) as app:
        http = value(app.callback())
        seen = app.websocket()
        if http != "ann":
            return no("not even over HTTP")
        return yes("seen by the callback") if "ann" in seen else no("seen over HTTP, not over the websocket")
