"""Counterparts of Flask's extensions: the same app with the real one on Flask, and with ours elsewhere.

The apps are in ``native_extensions``. On the side after, their imports are renamed as the table says, and ``flask``
cannot be imported.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
import websockets.exceptions
from websockets.sync.client import connect

from dash_migrate.fixes.native.emit import emit
from dash_migrate.fixes.native.extensions import extension_rows
from dash_migrate.verify import Server, Start, load, replay_both

HERE = Path(__file__).parent / "native_extensions"
RUNTIME = Path(__file__).parent.parent / "dash_migrate" / "runtime"
CASES = sorted(path.parent.name for path in HERE.glob("*/requests.toml"))


def migrated(source: str, target: str) -> str:
    """An app's code with the modules that the table names."""
    package = f"dash_on_{target}"
    for name, row in extension_rows(f"native_{target}").items():
        module = row["module"]
        source = re.sub(rf"^from {name}(\.\w+)* import ", f"from {package}.{module} import ", source, flags=re.M)
        source = re.sub(rf"^import {name}$", f"from {package} import {module} as {name}", source, flags=re.M)
    return source


def places(case: str, target: str, tmp_path: Path) -> tuple[Path, Path]:
    """The app of a case on both sides."""
    before, after = tmp_path / "before", tmp_path / "after"
    for place, web in ((before, "web_flask"), (after, f"web_{target}")):
        shutil.copytree(HERE / case, place)
        shutil.copy(HERE / f"{web}.py", place / "web.py")
    (after / "app.py").write_text("import web\n" + migrated((after / "app.py").read_text(), target))
    package = f"dash_on_{target}"
    (after / package).mkdir()
    modules = {path.stem for path in (RUNTIME / package).glob("*.py")}
    modules |= {row["module"] for row in extension_rows(f"native_{target}").values()}
    for name, data in emit(package, f"native_{target}", set(), modules - {"__init__"}).items():
        (after / package / name).write_bytes(data)
    return before, after


PAIRS = [
    (case, target)
    for target in ("fastapi", "quart")
    for case in CASES
    if case in {row["module"] for row in extension_rows(f"native_{target}").values()}
]


@pytest.mark.boot
@pytest.mark.parametrize(("case", "target"), PAIRS)
def test_the_counterpart_answers_as_the_extension(case: str, target: str, tmp_path: Path) -> None:
    for package in re.findall(r"(?m)^from (flask_\w+)", (HERE / case / "app.py").read_text()):
        pytest.importorskip(package)
    before, after = places(case, target, tmp_path)
    report = replay_both(before, after, load(HERE / case / "requests.toml"), after=Start("uvicorn"), copy=False)
    assert report.ok, str(report)
    assert not [a.name for answers in report.before.answers.values() for a in answers if not a.status]


WEBSOCKET_APP = """
import web
from dash import Input, Output, html
from dash_on_{target}.login import LoginManager, UserMixin, current_user, login_user

server = web.Flask(__name__)
server.config.update(SECRET_KEY="k", SQLALCHEMY_DATABASE_URI="sqlite:///:memory:")
manager = LoginManager(server)
known = {"ann"}

class User(UserMixin):
    def __init__(self, name):
        self.id = name

@manager.user_loader
def load(name):
    return User(name) if name in known else None

@server.route("/login")
def login():
    return str(login_user(User("ann")))

@server.route("/forget")
def forget():
    known.clear()
    return "forgotten"

ended = []

@server.teardown_appcontext
def end(error):
    ended.append(error)

@server.route("/ended")
def how_many():
    return str(len(ended))

@server.before_request
def gate():
    if web.request.method == "POST" and web.request.get_json() is None:
        return "no body", 400
    if web.request.path != "/login" and not current_user.is_authenticated:
        return "no", 401

app = web.dash_on(server, websocket_callbacks=True)
app.layout = html.Div([html.Div(id="in"), html.Div(id="out"), html.Div(id="slow")])
sessions = []

@app.callback(Output("out", "children"), Input("in", "children"))
def out(value):
    fresh = len(sessions) == len(set(map(id, sessions)))
    user, request = current_user, web.request
    return f"{value} {user.is_authenticated} {user.get_id()} {request.method} {request.path} {fresh}"

@app.callback(Output("slow", "children"), Input("in", "children"))
async def slow(value):
    return f"{value} {current_user.is_authenticated}"
"""


@pytest.mark.boot
@pytest.mark.parametrize("target", ["fastapi", "quart"])
def test_websocket_callbacks_see_who_is_logged_in(target: str, tmp_path: Path) -> None:
    _, after = places("login", target, tmp_path)
    (after / "app.py").write_text(WEBSOCKET_APP.replace("{target}", target))
    with Server(after, "app:server", "uvicorn") as server:
        base = f"http://{server.address}"
        cookie = urlopen(f"{base}/login").headers["Set-Cookie"].split(";")[0]
        url = f"ws://{server.address}/_dash-ws-callback"

        def ask(socket: Any, output: str) -> Any:
            wanted, prop = output.split(".")
            inputs = [{"id": "in", "property": "children", "value": "x"}]
            payload = {"output": output, "outputs": {"id": wanted, "property": prop}, "inputs": inputs, "state": []}
            payload["changedPropIds"] = ["in.children"]
            request = {"type": "callback_request", "requestId": output, "rendererId": "r", "payload": payload}
            socket.send(json.dumps(request))
            answer = json.loads(socket.recv(timeout=10))
            answer = answer[0] if isinstance(answer, list) else answer
            return answer["payload"]["data"]["response"][wanted][prop]

        with pytest.raises(websockets.exceptions.InvalidStatus):
            connect(url, origin=base).__enter__()
        with connect(url, origin=base, additional_headers={"Cookie": cookie}) as socket:
            assert ask(socket, "out.children") == "x True ann POST /_dash-update-component True"
            assert ask(socket, "out.children") == "x True ann POST /_dash-update-component True"
            before = int(urlopen(Request(f"{base}/ended", headers={"Cookie": cookie})).read())
            assert ask(socket, "slow.children") == "x True"
            assert ask(socket, "out.children").startswith("x True")
            after = int(urlopen(Request(f"{base}/ended", headers={"Cookie": cookie})).read())
            assert after - before == 3, "the end of the request before, and of both callbacks"
            urlopen(Request(f"{base}/forget", headers={"Cookie": cookie}))
            assert ask(socket, "out.children") == "x False None POST /_dash-update-component True"
            assert ask(socket, "slow.children") == "x False"
