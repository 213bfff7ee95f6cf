"""Requests that testers came up with, replayed before and after: streams both ways, own response classes, limits."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dash_migrate import verify
from dash_migrate.fix import fix
from dash_migrate.model import Backend
from dash_migrate.writes.apply import apply

APP = """\
import threading
from dash import Dash, Input, Output, dcc, html
from flask import Flask, Response, request, stream_with_context


class Plain(Response):
    default_mimetype = "text/plain"


class Web(Flask):
    response_class = Plain


server = Web(__name__)
server.config["MAX_CONTENT_LENGTH"] = 4_000_000
app = Dash(__name__, server=server)
app.layout = html.Div([dcc.Input(id="inp"), html.Div(id="out")])
left = threading.Event()


@server.post("/echo")
def echo():
    def pieces():
        while chunk := request.stream.read(1000):
            yield chunk

    return Response(stream_with_context(pieces()))


@server.get("/broken")
def broken():
    def pieces():
        raise ValueError("before the first piece")
        yield ""

    return Response(pieces())


@server.get("/cookies")
def cookies():
    return {"cookies": sorted(request.cookies.items(multi=True))}


@app.callback(Output("out", "children"), Input("inp", "value"))
def show(value):
    return value
"""

REQUESTS = """\
target = "app:server"

[[request]]
path = ["/", "/broken"]
mask = ['"end_id":"[^"]*"', '"end_id": "[^"]*"']
why = "made anew with each start"

[[request]]
path = "/echo"
method = "POST"
files = [{ field = "f", filename = "f.txt", content = "x", times = 3000000, type = "text/plain" }]
ignore = ["body"]
why = "the boundary is in it"

[[request]]
path = "/cookies"
headers = { Cookie = ["a=1", "b=2"] }

[[request]]
name = "not JSON, and too long"
path = "/_dash-update-component"
method = "POST"
files = [{ field = "f", filename = "f.txt", content = "x", times = 5000000, type = "text/plain" }]
"""


@pytest.mark.boot
@pytest.mark.parametrize(("target", "kind"), [("fastapi", "uvicorn"), ("quart", "hypercorn")])
def test_requests(target: Backend, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, moved = tmp_path / "source", tmp_path / "moved"
    source.mkdir()
    (source / "app.py").write_text(APP)
    (tmp_path / "requests.toml").write_text(REQUESTS)
    shutil.copytree(source, moved)
    monkeypatch.chdir(moved)
    apply(fix(["."], (target,), strategy="bridge").changes)
    report = verify.replay_both(source, moved, verify.load(tmp_path / "requests.toml"), after=verify.Start(kind))
    assert report.ok, str(report)
