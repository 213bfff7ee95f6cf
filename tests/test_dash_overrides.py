"""Overrides of methods that Dash no longer calls: what the table says of Dash, and what ``fix`` makes of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from test_migrated_together import SERVERS

from dash_migrate import verify
from dash_migrate.fix import fix
from dash_migrate.model import BACKENDS, Backend
from dash_migrate.rules_data import table
from dash_migrate.writes.apply import apply

#: gates and other overrides, each as an author could have written it for Dash 2 to 4.1
SOURCE = """
import functools

import flask
from dash import Dash, Input, Output, dcc, html
from flask import abort, jsonify, redirect
from werkzeug.exceptions import BadRequest


def asked(view):
    @functools.wraps(view)
    def inner(*args, **kwargs):
        if flask.request.headers.get("X-Token") != "sesame":
            return redirect("/login")
        return view(*args, **kwargs)

    return inner


class Plain(Dash):
    def dispatch(self):
        if flask.request.headers.get("X-Token") != "sesame":
            abort(403)
        return super().dispatch()


class Decorated(Dash):
    @asked
    def dispatch(self):
        return super().dispatch()


class Helper(Dash):
    def __init__(self, *args, token="sesame", **kwargs):
        super().__init__(*args, **kwargs)
        self.token = token

    def dispatch(self, *args, **kwargs):
        if flask.request.headers.get("X-Token") != self.token:
            return self.denied(flask.request.get_json()["output"])
        return super(Helper, self).dispatch(*args, **kwargs)

    @staticmethod
    def denied(what):
        return (jsonify({"denied": what}), 403) if what else abort(400)


class Caught(Dash):
    def dispatch(self):
        try:
            if flask.request.get_json()["inputs"][0]["value"] != "open" and "X-Token" not in flask.request.headers:
                return redirect("/denied")
            return super().dispatch()
        except (BadRequest, KeyError):
            return redirect("/caught")


class Falls(Dash):
    def dispatch(self):
        if flask.request.headers.get("X-Token") == "sesame":
            response = super().dispatch()
            response.headers["X-Seen"] = "1"
            return response


class Derived(Plain):
    def dispatch(self):
        if "X-Base" not in flask.request.headers:
            abort(401)
        return super().dispatch()


class Gate:
    def dispatch(self):
        if flask.request.headers.get("X-Token") != "sesame":
            abort(403)
        return super().dispatch()


class Mixed(Gate, Dash):
    pass


class Suites(Dash):
    def serve_component_suites(self, package_name, fingerprinted_path):
        if flask.request.headers.get("X-Token") != "sesame":
            abort(403)
        return super().serve_component_suites(package_name, fingerprinted_path)


def made(kind):
    app = kind(__name__)
    app.layout = html.Div([dcc.Input(id="a"), html.Div(id="b")])

    @app.callback(Output("b", "children"), Input("a", "value"))
    def shown(value):
        return {"open": "opened"}[value] if kind is Caught else value

    return app


app = made(Plain)
server = app.server
"""

#: what each answers to a callback without and with the token, and with all it wants: as on Dash 4.1.0
EXPECTED = {
    "Plain": (403, 200, 200),
    "Decorated": (302, 200, 200),
    "Helper": (403, 200, 200),
    "Caught": (302, 302, 200),
    "Falls": (500, 200, 200),
    "Derived": (401, 401, 200),
    "Mixed": (403, 200, 200),
}

ASK = """
import json, sys
import app

TOKEN = {"X-Token": "sesame"}
found = {}
for name in sys.argv[1:]:
    made = app.made(getattr(app, name))
    if hasattr(made.server, "front"):
        continue
    client = made.server.test_client()
    body = {"output": "b.children", "outputs": {"id": "b", "property": "children"}, "changedPropIds": ["a.value"]}
    answers = []
    for headers, value in (({}, "closed"), (TOKEN, "closed"), ({**TOKEN, "X-Base": "1"}, "open")):
        inputs = [{"id": "a", "property": "value", "value": value}]
        answer = client.post("/_dash-update-component", json={**body, "inputs": inputs}, headers=headers)
        answers.append(answer.status_code)
    others = [client.get(p).status_code for p in ("/", "/x", "/_dash-update-component", "/_dash-layout")]
    assert others == [200] * 4, (name, others)
    found[name] = answers
suite = "/_dash-component-suites/dash/html/dash_html_components.min.js"
client = app.made(app.Suites).server.test_client()
client.get("/")
found["Suites"] = [client.get(suite, headers=headers).status_code for headers in ({}, TOKEN)]
print(json.dumps(found))
"""


def _moved(folder: Path, targets: tuple[Backend, ...], kind: str = "Plain") -> Path:
    folder.mkdir()
    (folder / "app.py").write_text(SOURCE.replace("app = made(Plain)", f"app = made({kind})"), encoding="utf-8")
    before = Path.cwd()
    os.chdir(folder)
    try:
        outcome = fix(["."], targets)
        assert not outcome.errors
        assert "DM802" not in [f.code for f in outcome.report.findings]
        apply(outcome.changes)
        assert fix(["."], targets).changes == []
    finally:
        os.chdir(before)
    return folder


def test_on_flask_they_are_asked_again(tmp_path: Path) -> None:
    folder = _moved(tmp_path / "app", ("flask",))
    (folder / "ask.py").write_text(ASK, encoding="utf-8")
    command = [sys.executable, "ask.py", *EXPECTED]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found.pop("Suites") == [403, 200]
    assert {name: tuple(answers) for name, answers in found.items()} == EXPECTED


REQUESTS = """
target = "app:server"

[session.token]
headers = { X-Token = "sesame" }

[session.all]
headers = { X-Token = "sesame", X-Base = "1" }

[[request]]
path = ["/", "/x", "/_dash-update-component", "/_dash-layout"]
session = ["anonymous", "token"]

[[request]]
path = ["/_dash-component-suites/dash/html/dash_html_components.min.js"]
session = ["anonymous", "token"]

[[callback]]
output = "b.children"
inputs = { "a.value" = "closed" }
session = ["anonymous", "token", "all"]

[[callback]]
output = "b.children"
inputs = { "a.value" = "open" }
session = ["anonymous", "token", "all"]
"""


@pytest.mark.boot
@pytest.mark.parametrize("kind", ["Caught", "Falls", "Suites"])
def test_on_every_backend_they_answer_as_on_flask(kind: str, tmp_path: Path) -> None:
    """Those that keep their place, which are bridged; hooks are played by the fixture ``custom_dash``."""
    sides = {"flask": _moved(tmp_path / "flask", ("flask",), kind), "moved": _moved(tmp_path / "moved", BACKENDS, kind)}
    (tmp_path / "requests.toml").write_text(REQUESTS, encoding="utf-8")
    plan = verify.load(tmp_path / "requests.toml")
    for backend, server in SERVERS.items():
        start = verify.Start(server, env={"DASH_BACKEND": backend})
        report = verify.replay_both(sides["flask"], sides["moved"], plan, after=start)
        assert report.ok, f"{backend}: {report}"


#: the same as an assignment
REPLACED = """
import flask
from dash import Dash, Input, Output, dcc, html

app = Dash(__name__)
server = app.server
app.layout = html.Div([dcc.Input(id="a"), html.Div(id="b")])
app.callback(Output("b", "children"), Input("a", "value"))(lambda value: value)


def guarded():
    if flask.request.headers.get("X-Token") != "sesame":
        flask.abort(403)
    return Dash.dispatch(app)


app.dispatch = guarded
"""

ASK_REPLACED = """
import app

client = app.server.test_client()
body = {"output": "b.children", "outputs": {"id": "b", "property": "children"}, "changedPropIds": ["a.value"]}
body["inputs"] = [{"id": "a", "property": "value", "value": "x"}]
assert client.post("/_dash-update-component", json=body).status_code == 403
assert client.post("/_dash-update-component", json=body, headers={"X-Token": "sesame"}).status_code == 403
assert [client.get(p).status_code for p in ("/", "/x", "/_dash-update-component", "/_dash-layout")] == [200] * 4
"""


@pytest.mark.boot
def test_what_is_put_in_their_place_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved: dict[str, Path] = {}
    for target in BACKENDS:
        moved[target] = tmp_path / target
        moved[target].mkdir()
        (moved[target] / "app.py").write_text(REPLACED, encoding="utf-8")
        monkeypatch.chdir(moved[target])
        outcome = fix(["."], (target,))
        apply(outcome.changes)
        assert {"DM802", "DM904"} <= {f.code for f in outcome.report.findings}
        assert fix(["."], (target,)).changes == []
    (moved["flask"] / "ask.py").write_text(ASK_REPLACED, encoding="utf-8")
    subprocess.run([sys.executable, "ask.py"], cwd=moved["flask"], check=True, timeout=120)
    (tmp_path / "requests.toml").write_text(REQUESTS, encoding="utf-8")
    plan = verify.load(tmp_path / "requests.toml")
    for backend, server in SERVERS.items():
        report = verify.replay_both(moved["flask"], moved[backend], plan, after=verify.Start(server))
        assert report.ok, f"{backend}: {report}"


def test_dash_has_none_of_these_methods() -> None:
    from dash import Dash

    assert not [name for name in table("dash_overrides") if hasattr(Dash, name)]
