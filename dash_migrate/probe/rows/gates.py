"""What keeps strangers out."""

from __future__ import annotations

from dash_migrate.features import Cell
from dash_migrate.model import Backend
from dash_migrate.probe.lab import Lab, Running
from dash_migrate.probe.rows import no, partly, probe, yes
from dash_migrate.probe.rows.answers import CALLBACK, status, value
from dash_migrate.verify.client import Answer

APP = f"""
import os
os.makedirs("assets", exist_ok=True)
open("assets/a.css", "w").write("a {{}}")
app = make(**SOCKETS)
@app.callback(Output("o", "children"), Input("i", "value"))
def cb(v):
    return v + 1
{CALLBACK}
"""
RESPONSES = """
def refusal():
    if BACKEND == "fastapi":
        from starlette.responses import Response
    elif BACKEND == "quart":
        from quart import Response
    else:
        from flask import Response
    return Response("no", 401)
"""
PATHS = ("/", "/page", "/_dash-layout", "/_dash-dependencies", "/assets/a.css", "/_reload-hash")


def _asked(app: Running) -> dict[str, Answer]:
    answers = {path: app.ask(path) for path in PATHS}
    answers["callback"] = app.callback()
    return answers


def _gate(lab: Lab, backend: Backend, source: str) -> tuple[list[str], str, str]:
    """What was let through, what became of the websocket, and the status of the rest."""
    with lab.run(APP + RESPONSES + source, backend) as app:
        answers = _asked(app)
        through = [name for name, answer in answers.items() if 200 <= answer.status < 300]
        rest = sorted({status(answer) for name, answer in answers.items() if name not in through})
        return through, app.websocket(), ", ".join(rest)


def _judged(backend: Backend, found: tuple[list[str], str, str]) -> Cell:
    through, socket, rest = found
    executed = socket.startswith("answered")
    over = "" if backend == "flask" else (", websocket callback executed" if executed else ", websocket refused")
    if not through and not executed:
        return (yes if rest == "401" else partly)(f"everything refused ({rest}){over}")
    if not through:
        return no(f"HTTP refused ({rest}){over}")
    if len(through) == len(PATHS) + 1:
        return no(f"nothing refused{over}")
    return no(f"open: {', '.join(through)}{over}")


@probe("backend-before-request")
def backend_before_request(lab: Lab, backend: Backend) -> Cell:
    return _judged(backend, _gate(lab, backend, "app.backend.before_request(refusal)\n"))


@probe("http-gate")
def http_gate(lab: Lab, backend: Backend) -> Cell:
    source = """
if BACKEND == "fastapi":
    @server.middleware("http")
    async def gate(request, call_next):
        return refusal()
else:
    server.before_request(refusal)
"""
    return _judged(backend, _gate(lab, backend, source))


@probe("server-hooks")
def server_hooks(lab: Lab, backend: Backend) -> Cell:
    source = """
@server.route("/own")
def own():
    return "own"
@server.before_request
def gate():
    pass
"""
    with lab.run(APP + source, backend) as app:
        answer = app.ask("/own")
        fine = answer.status == 200 and answer.body == b"own"
        return yes("as on Flask") if fine else no(f"/own {status(answer)}")


@probe("asgi-gate")
def asgi_gate(lab: Lab, backend: Backend) -> Cell:
    source = """
class Gate:
    def __init__(self, app):
        self.app = app
    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 401, "headers": []})
            await send({"type": "http.response.body", "body": b"no"})
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await self.app(scope, receive, send)
class WsgiGate:
    def __init__(self, app):
        self.app = app
    def __call__(self, environ, start_response):
        start_response("401 Unauthorized", [])
        return [b"no"]
if BACKEND == "fastapi":
    server.add_middleware(Gate)
elif BACKEND == "quart":
    server.asgi_app = Gate(server.asgi_app)
else:
    server.wsgi_app = WsgiGate(server.wsgi_app)
"""
    return _judged(backend, _gate(lab, backend, source))


@probe("backend-after-request")
def backend_after_request(lab: Lab, backend: Backend) -> Cell:
    source = (
        APP
        + """
ran = []
def after(*response):
    open("ran.txt", "a").write(f"{len(response)} ")
    return response[0] if response else None
app.backend.after_request(after)
@app.callback(Output("p", "children"), Input("i", "value"))
def how(v):
    return open("ran.txt").read() if os.path.exists("ran.txt") else ""
"""
    )
    with lab.run(source, backend) as app:
        first = app.ask("/")
        seen = str(value(app.callback("p.children"), "p") or "")
        if first.status != 200:
            return no(f"index {status(first)}")
        if not seen.strip():
            return no("never runs")
        return yes("runs with the response") if "1" in seen else partly("runs without the response")


@probe("api-docs")
def api_docs(lab: Lab, backend: Backend) -> Cell:
    with lab.run(APP, backend) as app:
        served = [p for p in ("/docs", "/redoc", "/openapi.json") if b"_dash-config" not in app.ask(p).body]
        return no("served unasked: " + ", ".join(served)) if served else yes("none")
