"""Libraries that add routes and hooks to somebody else's Dash app."""

from __future__ import annotations

from pathlib import Path

import pytest
from deploy_help import inside
from test_migrated_together import SERVERS

from dash_migrate import verify
from dash_migrate.check import check
from dash_migrate.fix import fix
from dash_migrate.model import BACKENDS
from dash_migrate.writes.apply import apply

PLUGIN = """\
from flask import Response, abort, g, jsonify, request


def add_notes(app, prefix="/notes"):
    server = app.server

    @server.route(f"{prefix}/<int:number>", methods=["GET", "POST"])
    def note(number):
        if number > 9:
            abort(404, f"no note {number}")
        if request.method == "POST":
            return jsonify(number=number, sent=request.get_json(), who=g.who), 201
        return Response(f"<p>{number} {request.args.get('q')}</p>", mimetype="text/html")

    @server.errorhandler(404)
    def missing(error):
        return f"missing: {error.description}", 404

    @app.server.before_request
    def gate():
        g.who = request.headers.get("X-Who", "nobody")
        if g.who == "stranger":
            return "not you", 403

    @server.after_request
    def seen(response):
        response.headers["X-Seen"] = g.get("who", "")
        return response


class Health:
    def __init__(self, app=None):
        self.app = None
        if app is not None:
            self.init_app(app)

    def init_app(self, app):
        self.app = app
        app.server.add_url_rule("/health", "health", self.health)

    def health(self):
        return {"ok": True, "title": self.app.title}
"""

FILES = {
    "src/dash_notes/__init__.py": "from .web.routes import Health, add_notes\n\n__all__ = ['Health', 'add_notes']\n",
    "src/dash_notes/web/__init__.py": "",
    "src/dash_notes/web/routes.py": PLUGIN,
    "pyproject.toml": '[project]\nname = "dash-notes"\ndependencies = ["dash>=2"]\n',
    "tests/test_notes.py": "from dash import Dash\nfrom dash_notes import add_notes\n\napp = Dash()\nadd_notes(app)\n",
}

HOST = """\
import os

from dash import Dash, Input, Output, dcc, html
from dash_notes import Health, add_notes

app = Dash(__name__, title="Host", backend=os.environ.get("DASH_BACKEND", "flask"))
app.layout = html.Div([dcc.Input(id="a"), html.Div(id="b")])
add_notes(app)
Health(app)
server = app.server


@app.callback(Output("b", "children"), Input("a", "value"))
def shown(value):
    return value
"""

REQUESTS = """\
target = "host:server"
sys_path = ["src"]

[session.ann]
headers = { X-Who = "ann" }

[session.stranger]
headers = { X-Who = "stranger" }

[[request]]
path = ["/notes/1?q=x", "/notes/99", "/health", "/_dash-layout", "/", "/deep/page"]
method = ["GET", "HEAD"]
session = ["anonymous", "ann", "stranger"]
ignore = ["content-type", "body"]
why = "Dash's own pages differ between its backends"

[[request]]
path = ["/notes/1?q=x", "/notes/99", "/health"]
session = ["ann"]

[[request]]
path = "/notes/2"
method = "POST"
json = { text = "hello" }
session = ["ann", "stranger"]

[[callback]]
output = "b.children"
inputs = { "a.value" = "hi" }
session = ["ann", "stranger"]
ignore = ["content-type"]
why = "FastAPI's callbacks have none"
"""


def _written(folder: Path) -> Path:
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def _moved(folder: Path) -> Path:
    with inside(_written(folder)):
        outcome = fix(["."], BACKENDS)
        apply(outcome.changes)
        assert not outcome.report.findings
        assert fix(["."], BACKENDS).changes == []
    return folder


def test_it_is_found_and_its_tests_stay(tmp_path: Path) -> None:
    with inside(_written(tmp_path)):
        found = [(f.code, f.path, f.obligation) for f in check(["."], ("fastapi",)).findings]
        assert found == [("DM603", "src/dash_notes/web/routes.py", "required")] * 3
        assert check(["."], ("flask",)).findings == []
        assert fix(["."], ("flask",)).changes == []
    text = (_moved(tmp_path) / "src/dash_notes/web/routes.py").read_text()
    assert "from ..dash_guest import flask_of" in text
    assert "server = flask_of(app)" in text
    assert (tmp_path / "src/dash_notes/dash_guest/guest.py").exists()
    assert (tmp_path / "tests/test_notes.py").read_text() == FILES["tests/test_notes.py"]


def test_a_published_package_with_a_demo_is_a_library(tmp_path: Path) -> None:
    demo = "from dash import Dash, html\nfrom dash_notes import add_notes\n\napp = Dash()\napp.layout = html.P()\n"
    with inside(_written(tmp_path)):
        Path("app.py").write_text(demo + "add_notes(app)\n", encoding="utf-8")
        assert "DM603" not in {f.code for f in check(["."], ("fastapi",)).findings}
        with Path("pyproject.toml").open("a") as file:
            file.write('classifiers = ["Framework :: Dash"]\n\n[build-system]\nrequires = ["setuptools"]\n')
        assert {f.code for f in check(["."], ("fastapi",)).findings} == {"DM603"}


def _plugin(folder: Path, declares: str = "pyproject.toml") -> Path:
    """A library none of whose files imports Dash."""
    (folder / "src" / "notes").mkdir(parents=True)
    (folder / "src" / "notes" / "routes.py").write_text(PLUGIN, encoding="utf-8")
    (folder / declares).write_text('[project]\ndependencies = ["dash>=2"]\n', encoding="utf-8")
    return folder


def _codes(path: str) -> list[str]:
    return [f.code for f in check([path], ("fastapi",)).findings]


def test_that_it_is_for_dash_is_said_by_its_project_not_by_the_one_around_the_caller(tmp_path: Path) -> None:
    plugin = _plugin(tmp_path / "plugin")
    other = tmp_path / "other"
    (other / "lib").mkdir(parents=True)
    (other / "lib" / "routes.py").write_text(PLUGIN, encoding="utf-8")
    (other / "pyproject.toml").write_text('[project]\nname = "other"\n', encoding="utf-8")
    with inside(plugin):
        assert _codes(".") == _codes("src") == _codes("src/notes") == ["DM603"] * 3
        assert _codes("../other") == _codes("../other/lib") == []
    with inside(other):
        assert _codes("../plugin") == _codes(str(plugin)) == _codes("../plugin/src") == ["DM603"] * 3
        assert _codes(".") == []
    with inside(tmp_path):  # several projects below one folder: each for itself
        found = check(["."], ("fastapi",)).findings
        assert [f.path for f in found] == ["plugin/src/notes/routes.py"] * 3


@pytest.mark.parametrize("name", ["setup.py", "setup.cfg", "requirements.txt"])
def test_any_packaging_file_says_it(tmp_path: Path, name: str) -> None:
    with inside(_plugin(tmp_path / "plugin", name)):
        assert _codes(".") == ["DM603"] * 3


@pytest.mark.parametrize(
    "source",
    [
        "def add(\n    app  # whose\n):\n    app.server.route('/x')(print)\n",
        "def add(page, *, app=None):\n    app.server.route('/x')(print)\n",
        "def add(app): app \\\n . \\\n server.route('/x')(print)\n",
        "def add(a: 'dash.Dash'):\n    s = a.server\n    s.before_request(print)\n",
        "def add(server):\n    server.before_request(print)\n",
        "def add(target: flask.Flask, server=0):\n    target.before_request(print)\n",
        "class Add:\n    def __init__(self, app):\n        self.app = app\n"
        "    def go(self):\n        self.app.server.config['X'] = 1\n",
    ],
)
def test_no_form_of_taking_an_app_is_passed_over(tmp_path: Path, source: str) -> None:
    plugin = _plugin(tmp_path / "plugin")
    (plugin / "src/notes/routes.py").write_text(source, encoding="utf-8")
    with inside(plugin):
        assert _codes(".") == ["DM603"]


def test_packaging_that_makes_no_sense_declares_nothing(tmp_path: Path) -> None:
    with inside(_written(tmp_path)):
        Path("app.py").write_text("from dash import Dash\napp = Dash()\n", encoding="utf-8")
        for text in ("project = 3\n", "[[project]]\n", "project", "\xff"):
            Path("pyproject.toml").write_text(text, encoding="latin-1")
            assert check(["."], ("fastapi",)).apps


def test_extensions_of_flask_beside_it_are_none(tmp_path: Path) -> None:
    """What is installed together with a library for Dash need have nothing to do with Dash."""
    for package, beginning in (("dash_notes", "import dash\n"), ("flask_notes", "")):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text(beginning)
        (tmp_path / package / "notes.py").write_text(PLUGIN)
    with inside(tmp_path):
        assert {f.path for f in check(["."], ("fastapi",)).findings} == {"dash_notes/notes.py"}
        outcome = fix(["."], ("fastapi",))
        assert not [c.path for c in outcome.changes if c.path.startswith("flask_notes")]


@pytest.mark.boot
def test_it_serves_apps_on_every_backend(tmp_path: Path) -> None:
    before, after = _written(tmp_path / "before"), _moved(tmp_path / "after")
    for folder in (before, after):
        (folder / "host.py").write_text(HOST, encoding="utf-8")
    (tmp_path / "requests.toml").write_text(REQUESTS, encoding="utf-8")
    plan = verify.load(tmp_path / "requests.toml")
    for backend in BACKENDS:
        start = verify.Start(SERVERS.get(backend, plan.kind), env={"DASH_BACKEND": backend})
        report = verify.replay_both(before, after, plan, after=start)
        assert report.ok, f"{backend}: {report}"
