"""``dash-migrate verify``: planted changes are found, equal copies are equal, and the app is kept to itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from dash_migrate.fix import fix
from dash_migrate.reports import verify_json
from dash_migrate.verify.copies import working_in
from dash_migrate.verify.project import verify_project
from dash_migrate.writes.apply import apply

pytestmark = pytest.mark.boot

DESK = """
import os
import socket
import time

from dash import Dash, Input, Output, State, callback_context, dcc, html
from flask import abort, flash, get_flashed_messages, jsonify, make_response, redirect, request, session

app = Dash(__name__, title="Desk")
server = app.server
server.secret_key = os.environ["DESK_SECRET"]
USERS = {"ann": "tea", "bob": "milk"}
TICKETS = {"t-1": "printer", "t-2": "door"}
app.layout = html.Div([
    html.H1("Desk"), dcc.Dropdown(["low", "high"], id="level"), html.P(id="shown"),
    html.Button(id="save"), dcc.Input(id="note"), html.P(id="saved"), html.P(id="slow"),
])


@server.before_request
def gate():
    if request.path.startswith("/staff") and "user" not in session:
        return redirect("/login?next=" + request.path)
    if request.path == "/metrics" and request.headers.get("X-Token") != "m-7":
        return "no", 401


@server.after_request
def stamp(response):
    response.headers["X-Desk"] = "1"
    return response


@server.route("/login", methods=["GET", "POST"])
def login():
    if request.method == "POST":
        if USERS.get(request.form.get("user")) != request.form.get("password"):
            return "wrong", 401
        session["user"] = request.form["user"]
        flash("welcome")
        return redirect(request.args.get("next", "/staff"))
    return "<form method=post><input name=user><input name=password type=password></form>"


@server.route("/logout")
def logout():
    session.pop("user", None)
    return redirect("/")


@server.route("/staff")
def staff():
    return f"hello {session['user']} {get_flashed_messages()}"


@server.route("/metrics")
def metrics():
    return "requests 1", 200, {"Content-Type": "text/plain; version=4"}


@server.route("/tickets/<key>", methods=["GET", "PUT", "DELETE"])
def ticket(key):
    if key not in TICKETS:
        abort(404)
    if request.method == "PUT":
        return jsonify(key=key, text=request.get_json()["text"])
    if request.method == "DELETE":
        return "", 204
    return jsonify(key=key, text=TICKETS[key])


@server.route("/theme", methods=["POST"])
def theme():
    answer = make_response("ok")
    answer.set_cookie("theme", request.form.get("theme", "light"), httponly=True, samesite="Lax", max_age=600)
    return answer


@server.route("/search")
def search():
    return jsonify(q=request.args.get("q", ""), page=request.args.get("page", 1, type=int))


@server.route("/outside")
def outside():
    try:
        socket.create_connection(("192.0.2.7", 9), timeout=3)
    except OSError as error:
        return type(error).__name__ + " " + os.environ["HOME"][:5]
    return "reached"


@server.errorhandler(404)
def missing(error):
    return "<h1>nothing here</h1>", 404


@app.callback(Output("shown", "children"), Input("level", "value"))
def show(level):
    return {"low": "can wait", "high": "now"}.get(level, "which?")


@app.callback(Output("saved", "children"), Input("save", "n_clicks"), State("note", "value"))
def save(clicks, note):
    callback_context.response.set_cookie("note", note or "none")
    return f"{clicks}: {note}"


@app.callback(Output("slow", "children"), Input("level", "value"))
def slow(level):
    time.sleep(0.3)
    return f"{level}"


if __name__ == "__main__":
    app.run(debug=True)
"""

PLANTED = {
    "dropped gate": ('if request.path.startswith("/staff") and', "if False and"),
    "gate with a token": ('!= "m-7"', '== "m-8"'),
    "lost header": ('response.headers["X-Desk"] = "1"', "pass"),
    "other redirect": ('return redirect("/")', 'return redirect("/login")'),
    "redirect that forgets where to": ('redirect(request.args.get("next", "/staff"))', 'redirect("/staff")'),
    "session not kept": ('session.pop("user", None)', "pass"),
    "lost message": ('flash("welcome")', "pass"),
    "content type": ("text/plain; version=4", "text/plain"),
    "swallowed body": ('request.get_json()["text"]', '(request.get_json() or {}).get("texts", "")'),
    "status of delete": ('return "", 204', 'return "", 200'),
    "number to text": ('request.args.get("page", 1, type=int)', 'request.args.get("page", "1")'),
    "cookie attribute": ("httponly=True, ", ""),
    "lost cookie": ('callback_context.response.set_cookie("note", note or "none")', "pass"),
    "form field": ('request.form.get("theme", "light")', '"light"'),
    "error page": ("<h1>nothing here</h1>", "<h1>gone</h1>"),
    "callback's answer": ('"high": "now"', '"high": "soon"'),
    "callbacks one by one": ("    time.sleep(0.3)", "    with LOCK:\n        time.sleep(0.3)"),
    "route that is gone": ('@server.route("/search")', '@server.route("/find")'),
}
FOUND_BY = {
    "dropped gate": ("GET /staff", "status"),
    "gate with a token": ("GET /metrics as X-Token: m-7", "status"),
    "lost header": ("GET /", "header:x-desk"),
    "other redirect": ("GET /logout", "header:location"),
    "redirect that forgets where to": ("POST /login?next=%2Fsample, form", "header:location"),
    "session not kept": ("GET /logout as", "cookie:session"),
    "lost message": ("POST /login", "cookie:session"),
    "content type": ("GET /metrics as X-Token: m-7", "content-type"),
    "swallowed body": ("PUT /tickets/t-1, JSON", "body"),
    "status of delete": ("DELETE /tickets/t-1", "status"),
    "number to text": ("GET /search", "body"),
    "cookie attribute": ("POST /theme", "cookie:theme"),
    "lost cookie": ("callback saved.children", "cookie:note"),
    "form field": ("POST /theme, form theme=sample", "cookie:theme"),
    "error page": ("GET /tickets/sample", "body"),
    "callback's answer": ('callback shown.children: level.value = "high"', "body"),
    "callbacks one by one": ("4 × callback slow.children", "time"),
    "route that is gone": ("GET /search", "status"),
}
COMMAND = (sys.executable, "-m", "dash_migrate", "verify")


def written(folder: Path, source: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "app.py").write_text(source, encoding="utf-8")
    return folder


def migrated(folder: Path, source: str) -> Path:
    written(folder, source)
    with working_in(folder):
        apply(fix([Path(".")], ("fastapi",)).changes)
    return folder


def command(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], cwd=cwd, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("desk") / "desk", DESK)


def test_an_equal_copy_is_equal_and_the_app_is_kept_to_itself(desk: Path) -> None:
    before = sorted(desk.rglob("*"))
    done = command(str(desk), "--target", "fastapi", "--format", "json", cwd=desk.parent)
    assert done.returncode == 0, done.stderr + done.stdout[-3000:]
    assert "runs the code" in done.stderr
    assert sorted(desk.rglob("*")) == before
    data: dict[str, Any] = json.loads(done.stdout)
    jsonschema.Draft202012Validator(verify_json.schema()).validate(data)
    assert data["equal"]
    assert data["summary"]["requests"] > 120
    assert "app.py" in data["changed"]
    kinds = {one["kind"] for one in data["requests"]}
    assert kinds >= {"pages", "dash", "assets", "routes", "callbacks", "gates", "sessions", "websockets", "parallel"}
    assert any(note.startswith("set for both sides: DESK_SECRET") for note in data["notes"])


def test_planted_changes_are_found(desk: Path, tmp_path: Path) -> None:
    source = DESK.replace("app = Dash(", "import threading\n\nLOCK = threading.Lock()\napp = Dash(", 1)
    for what, (old, new) in PLANTED.items():
        assert source.count(old) == 1, what
        source = source.replace(old, new)
    found = verify_project(desk, "fastapi", migrated=migrated(tmp_path / "desk", source))
    pairs = {(one.asked.step.name, d.what) for one in found.different for d in one.differences}
    missed = [w for w, (name, what) in FOUND_BY.items() if not any(n.startswith(name) and k == what for n, k in pairs)]
    assert not missed, sorted(pairs)
    assert {one.asked.step.name for one in found.opened} >= {"GET /metrics"}
    bodies = {
        answer.body for one in found.compared for answer in one.asked.before if one.asked.step.name == "GET /outside"
    }
    assert len(bodies) == 1
    assert bodies.pop().split()[1] == b"/tmp/"
