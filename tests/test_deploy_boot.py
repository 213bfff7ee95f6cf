"""The promise of deployment: the command in the migrated file, run as it stands, serves the migrated app."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import tomli as tomllib
import yaml
from deploy_help import inside, moved

from dash_migrate.model import Backend

FIXTURES = Path(__file__).parent.parent / "fixtures"


@dataclass(frozen=True)
class Case:
    """A fixture and the file whose command is run."""

    fixture: str
    file: str
    #: the port in the file; "": it takes $PORT
    port: str = ""
    path: str = "/"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


CASES = [
    Case("bakery_sales", "Procfile"),
    Case("members_area", "Procfile", path="/login"),
    Case("drop_box", "Procfile"),
    Case("bystander_shop", "Procfile"),
    Case("weather_keys", "Procfile"),
    Case("harbour_site", "start.sh"),
    Case("museum_guide", "Dockerfile", port="8060"),
    Case("fleet_login", "docker-compose.yml", port="8000", path="/login"),
    Case("portal_dispatch", "app.yaml", path="/alpha/"),
    Case("class_board", "Makefile", port="8099"),
]


def command_in(path: Path) -> list[str]:
    """The words of the command that serves the app, read without dash_migrate."""
    text = path.read_text()
    if path.name == "Procfile":
        web = re.search(r"^web: (.*)$", text, re.MULTILINE)
        assert web is not None
        return ["sh", "-c", web[1]]
    if path.suffix == ".sh":
        return ["sh", path.name]
    if path.name == "Dockerfile":
        words = re.findall(r"^CMD (\[.*\])", text, re.MULTILINE)[-1]
        return list(json.loads(words))
    if path.name == "Makefile":
        return ["make", "serve"]
    loaded = yaml.safe_load(text)
    if "services" in loaded:
        return shlex.split(loaded["services"]["web"]["command"])
    return ["sh", "-c", loaded["entrypoint"]]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Answer:
    status: int
    text: str


def ask(url: str, headers: dict[str, str] | None = None) -> Answer:
    request = urllib.request.Request(url, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return Answer(answer.status, answer.read().decode("utf-8", "replace"))
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.read().decode("utf-8", "replace"))


class Served:
    """A command that runs while a test asks it."""

    def __init__(self, command: list[str], folder: Path, port: int, env: dict[str, str] | None = None) -> None:
        self.port = port
        self.log = folder / "server.log"
        environment = {**os.environ, "PORT": str(port), **(env or {})}
        environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )

    def __enter__(self) -> Served:
        for _ in range(300):
            assert self.process.poll() is None, self.log.read_text()[-3000:]
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.2)
        raise AssertionError(self.log.read_text()[-3000:])

    def __exit__(self, *_: object) -> None:
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)

    def ask(self, path: str, headers: dict[str, str] | None = None) -> Answer:
        return ask(f"http://127.0.0.1:{self.port}{path}", headers)


def migrated(fixture: str, into: Path, target: Backend) -> Path:
    from dash_migrate.fix import fix
    from dash_migrate.writes.apply import apply

    shutil.copytree(FIXTURES / fixture / "flask", into)
    with inside(into):
        outcome = fix([Path(".")], (target,), "bridge")
        assert not outcome.errors
        apply(outcome.changes)
    return into


def on_port(command: list[str], written: str, port: int) -> list[str]:
    """The command with the port that its author chose replaced by a free one."""
    return [re.sub(rf"(?<!\d){written}(?!\d)", str(port), word) for word in command] if written else command


@pytest.mark.boot
@pytest.mark.parametrize("target", ["fastapi", "quart"])
@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.fixture}-{c.file}")
def test_the_command_in_the_file_serves_the_app(case: Case, target: Backend, tmp_path: Path) -> None:
    folder = migrated(case.fixture, tmp_path / "app", target)
    port = free_port()
    if case.file == "Makefile":
        path = folder / case.file
        path.write_text(path.read_text().replace(case.port, str(port)))
    command = on_port(command_in(folder / case.file), case.port, port)
    plan = tomllib.loads((FIXTURES / case.fixture / "requests.toml").read_text())
    env = {k: str(v).replace("{port}", str(port)) for k, v in plan.get("env", {}).items()}
    sources = os.pathsep.join(str(folder / p) for p in plan.get("sys_path", []))
    with Served(command, folder, port, {**env, **({"PYTHONPATH": sources} if sources else {})}) as served:
        answer = served.ask(case.path, case.headers)
    log = served.log.read_text()
    assert answer.status < 500, log[-3000:]
    assert "Traceback" not in log, log[-3000:]
    assert "missing 1 required positional argument" not in log


STYLES: dict[str, tuple[str, str]] = {
    "preload": ("Procfile", "web: gunicorn app:app --preload -w 2 -b 127.0.0.1:$PORT\n"),
    "config": ("Procfile", "web: gunicorn -c conf.py app:server\n"),
    "max-requests": ("Procfile", "web: gunicorn app:server --max-requests 50 -b 127.0.0.1:$PORT --timeout 30\n"),
    "waitress": ("Procfile", "web: waitress-serve --listen=127.0.0.1:$PORT app:server\n"),
    "flask": ("Procfile", "web: flask --app app:server run -p $PORT\n"),
    "nothing": ("Procfile", "web: gunicorn app:server\n"),
    "module": ("Procfile", "web: python -m gunicorn app:app -b 127.0.0.1:$PORT -k gthread --threads 4\n"),
    "folder": ("Procfile", "web: cd . && gunicorn --chdir . app:server -b 127.0.0.1:$PORT\n"),
    "uvicorn": ("Procfile", "web: uvicorn --interface wsgi app:app --port $PORT\n"),
}


@pytest.mark.boot
@pytest.mark.parametrize("target", ["fastapi", "quart"])
@pytest.mark.parametrize("style", STYLES)
def test_every_way_to_start_it_serves_the_app(style: str, target: Backend, tmp_path: Path) -> None:
    name, text = STYLES[style]
    files = {name: text}
    if style == "config":
        files["conf.py"] = "import os\nbind = '127.0.0.1:' + os.environ['PORT']\nworker_class = 'gevent'\n"
    moved(tmp_path, files, target)
    port = free_port()
    with Served(command_in(tmp_path / name), tmp_path, port) as served:
        index, layout = served.ask("/"), served.ask("/_dash-layout")
    assert index.status == 200, served.log.read_text()[-3000:]
    assert "_dash-config" in index.text
    assert json.loads(layout.text)["props"]["children"] == "hello"


FACTORY = """\
import flask
from dash import Dash, html

def create_app(name="x"):
    server = flask.Flask(name)

    @server.before_request
    def count():
        flask.g.seen = True

    app = Dash(name, server=server)
    app.layout = html.Div("hello")
    return server
"""


@pytest.mark.boot
@pytest.mark.parametrize("target", ["fastapi", "quart"])
@pytest.mark.parametrize("call", ["'app:create_app()'", "\"app:create_app('y')\""])
def test_factories(call: str, target: Backend, tmp_path: Path) -> None:
    moved(tmp_path, {"app.py": FACTORY, "Procfile": f"web: gunicorn {call} -b 127.0.0.1:$PORT\n"}, target)
    with Served(command_in(tmp_path / "Procfile"), tmp_path, free_port()) as served:
        assert served.ask("/").status == 200, served.log.read_text()[-3000:]


OLD = """\
import dash
import dash_core_components as dcc
import dash_html_components as html
from dash.dependencies import Input, Output

app = dash.Dash(__name__)
app.layout = html.Div([dcc.Input(id="a", loading_state={}), html.P(id="b")])


@app.callback(Output("b", "children"), [Input("a", "value")])
def show(value):
    return value


server = app.server

if __name__ == "__main__":
    app.run_server(debug=True)
"""


@pytest.mark.boot
def test_an_app_for_dash_1_runs_on_the_needed_dash(tmp_path: Path) -> None:
    files = {
        "app.py": OLD,
        "requirements.txt": "dash==1.20.0\ndash-core-components==1.16.0\n",
        "Procfile": "web: gunicorn app:server\n",
    }
    made = moved(tmp_path, files)
    assert made["requirements.txt"] == "dash[fastapi]==4.4.1\n"
    with Served(command_in(tmp_path / "Procfile"), tmp_path, free_port()) as served:
        assert served.ask("/_dash-layout").status == 200, served.log.read_text()[-3000:]
        assert '"b"' in served.ask("/_dash-dependencies").text or "b.children" in served.ask("/_dash-dependencies").text
