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
from dash_migrate.verify import ANONYMOUS, RecordError, from_access_log, from_har, verify_project
from dash_migrate.verify.copies import working_in
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
USERS = {"ann": "tea"}
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
    if request.path == "/metrics":
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
    time.sleep(0.26)
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
    "callbacks one by one": ("    time.sleep(0.26)", "    with LOCK:\n        time.sleep(0.26)"),
    "route that is gone": ('@server.route("/search")', '@server.route("/find")'),
}
FOUND_BY = {
    "dropped gate": ("GET /staff", "status"),
    "gate with a token": ("GET /metrics", "status"),
    "lost header": ("GET /metrics", "header:x-desk"),
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
    "route that is gone": ("GET /search", "content-type"),
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
    return subprocess.run([*COMMAND, *arguments], cwd=cwd, capture_output=True, text=True, timeout=400)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("desk") / "desk", DESK)


def test_an_equal_copy_is_equal_and_the_app_is_kept_to_itself(desk: Path) -> None:
    before = sorted(desk.rglob("*"))
    done = command(str(desk), "-t", "fastapi", "--format", "json", "--max-seconds", "300", cwd=desk.parent)
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
    found = verify_project(desk, "fastapi", migrated=migrated(tmp_path / "desk", source), seconds=300)
    pairs = {(one.asked.step.name, d.what) for one in found.different for d in one.differences}
    missed = [w for w, (name, what) in FOUND_BY.items() if not any(n.startswith(name) and k == what for n, k in pairs)]
    assert not missed, sorted(pairs)
    assert {one.asked.step.name for one in found.opened} >= {"GET /metrics"}
    bodies = {
        answer.body for one in found.compared for answer in one.asked.before if one.asked.step.name == "GET /outside"
    }
    assert len(bodies) == 1
    assert bodies.pop().split()[1] == b"/tmp/"


SMALL = """
from dash import Dash, html
from flask import request

app = Dash(__name__)
app.layout = html.P("small")


@app.server.route("/size", methods=["GET", "POST"])
def size():
    return str(len(request.get_data()))


if __name__ == "__main__":
    app.run()
"""
PLAN = """
target = "app:app.server"

[[request]]
name = "size"
path = "/size"
method = "POST"
text = "12345"

[[request]]
name = "index"
path = "/"
"""


def git(*arguments: str, cwd: Path) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(["git", *who, *arguments], cwd=cwd, check=True, capture_output=True)


def test_the_working_tree_against_a_revision(tmp_path: Path) -> None:
    project = written(tmp_path / "small", SMALL)
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")
    git("init", "-q", cwd=project)
    git("add", ".", cwd=project)
    git("commit", "-qm", "on Flask", cwd=project)
    with working_in(project):
        apply(fix([Path(".")], ("fastapi",)).changes)
    arguments = (".", "-t", "fastapi", "--against", "HEAD", "--requests", "../plan.toml")
    done = command(*arguments, cwd=project)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "All 2 answers are equal" in done.stdout
    app = project / "app.py"
    changed = app.read_text(encoding="utf-8").replace("str(len(", "str(1 + len(")
    app.write_text(changed, encoding="utf-8")
    done = command(*arguments, cwd=project)
    assert done.returncode == 1, done.stderr
    assert "1 of 2 requests are answered differently" in done.stdout
    assert "-5" in done.stdout
    assert "+6" in done.stdout


@pytest.mark.parametrize(
    ("source", "arguments", "message"),
    [
        ("import no_such_package\n" + SMALL, (), "The interpreter has no no_such_package: choose one"),
        ("x = 1\n", (), "no Dash app was found here; name it with --app"),
        (SMALL, ("--migrated", "."), "app is still a Flask app: it has not been migrated"),
        (SMALL, ("--against", "HEAD"), "not a git repository"),
        (SMALL, ("--against", "HEAD", "--migrated", "."), "exclude each other"),
        (SMALL, ("--har", "app.py"), "not a HAR file"),
        (SMALL, ("--env", "nonsense"), "NAME=VALUE is expected"),
    ],
)
def test_what_cannot_be_done_is_said(tmp_path: Path, source: str, arguments: tuple[str, ...], message: str) -> None:
    done = command(".", "-t", "fastapi", *arguments, cwd=written(tmp_path / "small", source))
    assert done.returncode == 2, done.stdout
    assert message in done.stderr
    assert "Traceback" not in done.stderr.partition("before it answered")[0]


def test_a_recorded_session_is_asked_again(tmp_path: Path) -> None:
    """A HAR file holds what else the browser asked for, cookies of its own, and headers that must not be sent."""
    entries = [
        {
            "request": {
                "method": "POST",
                "url": "http://127.0.0.1:8050/size?x=1",
                "headers": [{"name": "Content-Type", "value": "text/plain"}, {"name": "Host", "value": "127.0.0.1"}],
                "cookies": [{"name": "kept", "value": "1"}, {"name": "set", "value": "2"}],
                "postData": {"mimeType": "text/plain", "text": "12345"},
            },
            "response": {"cookies": [{"name": "set"}]},
        },
        {"request": {"method": "GET", "url": "http://127.0.0.1:8050/a b", "headers": []}, "response": {}},
        {"request": {"method": "GET", "url": "https://elsewhere.example/x", "headers": []}, "response": {}},
    ]
    (tmp_path / "har.json").write_text(json.dumps({"log": {"entries": entries}}), encoding="utf-8")
    first, second = from_har(tmp_path / "har.json")
    assert (first.method, first.path, first.body) == ("POST", "/size?x=1", b"12345")
    assert first.headers == (("Content-Type", "text/plain"), ("Cookie", "kept=1"))
    assert second.path == "/a%20b"
    assert first.session == second.session != ANONYMOUS


def test_an_access_log_is_asked_again(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_text(
        '1.2.3.4 - - [10/Oct/2024:13:55:36 +0000] "GET /a?b=1 HTTP/1.1" 200 2326 "-" "Mozilla"\n'
        '127.0.0.1 - - [10/Oct/2024 13:55:36] "GET /a?b=1 HTTP/1.1" 200 -\n'
        'INFO:     127.0.0.1:5000 - "HEAD /c HTTP/1.1" 200 OK\n'
        '1.2.3.4 - - [10/Oct/2024:13:55:36 +0000] "POST /login HTTP/1.1" 302 0\n',
        encoding="utf-8",
    )
    requests, left = from_access_log(log)
    assert [(one.method, one.path) for one in requests] == [("GET", "/a?b=1"), ("HEAD", "/c")]
    assert left == 1
    log.write_text("nothing\n", encoding="utf-8")
    with pytest.raises(RecordError, match="no request without a body"):
        from_access_log(log)
