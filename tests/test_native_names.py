"""Names that a native rewrite must leave to the bridge: shared behind a star, or the server's own."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from test_migrated import migrate

from dash_migrate.model import Backend

SHARED = "import flask\nfrom flask import session\n\n\ndef who():\n    return session.get('user')\n"
STARRED = """from dash import Dash, html
from shared import *

app = Dash(__name__)
server = app.server
app.layout = html.Div()


@server.before_request
def gate():
    if not who():
        flask.abort(401)
"""
PARKED = """from dash import Dash, html
from flask import Flask

server = Flask(__name__)
app = Dash(__name__, server=server)
server.{name} = app
app.layout = html.Div()


@server.route("/title")
def title():
    return server.{name}.title
"""


def project(folder: Path, **files: str) -> Path:
    folder.mkdir()
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    return folder


@pytest.mark.parametrize("target", ["fastapi", "quart"])
def test_module_behind_a_star_is_still_there(target: Backend, tmp_path: Path) -> None:
    source = project(tmp_path / "flask", app=STARRED, shared=SHARED)
    migrate(source, tmp_path / "moved", target)
    shared, app = (ast.parse((tmp_path / "moved" / f"{name}.py").read_text()) for name in ("shared", "app"))
    used = {node.id for node in ast.walk(app) if isinstance(node, ast.Name)} & {"flask", "quart"}
    bound = {a.asname or a.name for n in ast.walk(shared) if isinstance(n, ast.Import) for a in n.names}
    assert used <= bound


CHOICES = """import functools
from dash import Dash, Input, Output, html
from flask import abort, request

app = Dash(__name__)
server = app.server
app.layout = html.Div()


def guard(view):
    @functools.wraps(view)
    def inner(*args, **kwargs):
        return {choice}

    return inner


@server.before_request
@guard
def first():
    return None


@server.before_request
def second():
    return None if request.args else ("closed", 401)
"""


@pytest.mark.parametrize("choice", ["view(*args) if request.path else abort(401)", "view(*args)"])
def test_no_answer_of_a_hook_stays_none(choice: str, tmp_path: Path) -> None:
    source = project(tmp_path / "flask", app=CHOICES.format(choice=choice))
    bridged = any("dash_flask_bridge" in path for path in migrate(source, tmp_path / "moved", "fastapi"))
    assert bridged == (" if " in choice)
    assert "make_response(" not in (tmp_path / "moved" / "app.py").read_text()


SHARED_GUARD = """import functools
from dash import Dash, Input, Output, html
from flask import request

app = Dash(__name__)
server = app.server
app.layout = html.Div(id="o")


def guard(view):
    @functools.wraps(view)
    def inner(*args, **kwargs):
        if not request.headers.get("X-Key"):
            return {"error": "closed"}, 401
        return view(*args, **kwargs)

    return inner


@server.route("/view")
@guard
def view():
    return {"open": True}
"""


@pytest.mark.parametrize("on_callback", [True, False])
def test_answers_of_views_are_not_given_to_callbacks(on_callback: bool, tmp_path: Path) -> None:
    callback = "\n\n@app.callback(Output('o', 'title'), Input('o', 'id'))\n@guard\ndef title(_):\n    return 'x'\n"
    source = project(tmp_path / "flask", app=SHARED_GUARD + (callback if on_callback else ""))
    moved = migrate(source, tmp_path / "moved", "fastapi")
    assert any("dash_flask_bridge" in path for path in moved) == on_callback


@pytest.mark.parametrize(("target", "name"), [("fastapi", "dash"), ("fastapi", "sessions"), ("quart", "gates")])
def test_what_the_server_keeps_is_not_for_the_app(target: Backend, name: str, tmp_path: Path) -> None:
    source = project(tmp_path / "flask", app=PARKED.format(name=name))
    assert any("dash_flask_bridge" in path for path in migrate(source, tmp_path / "moved", target))


@pytest.mark.parametrize("target", ["fastapi", "quart"])
def test_other_names_are(target: Backend, tmp_path: Path) -> None:
    source = project(tmp_path / "flask", app=PARKED.format(name="board"))
    assert not any("dash_flask_bridge" in path for path in migrate(source, tmp_path / "moved", target))


@pytest.mark.parametrize(
    "line",
    [
        "server.config['TRAP_HTTP_EXCEPTIONS'] = True",
        "server.config.update(USE_X_SENDFILE=on)",
        "server.config['PROVIDE_AUTOMATIC_OPTIONS'] = False",
    ],
)
def test_settings_that_do_nothing_there_are_not_for_fastapi(line: str, tmp_path: Path) -> None:
    source = project(tmp_path / "flask", app=PARKED.format(name="board") + f"\n\non = True\n{line}\n")
    assert any("dash_flask_bridge" in path for path in migrate(source, tmp_path / "moved", "fastapi"))
