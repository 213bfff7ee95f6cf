"""What ``check`` and ``fix`` say of the apps they moved, and of what they could not rewrite."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from dash_migrate.cli import cli

NATIVE = """\
from dash import Dash, html

app = Dash(__name__)
server = app.server
app.layout = html.Div()


@server.route("/health")
def health():
    return "ok"
"""

TIED = """\
from dash import Dash, html
from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware

board = Dash(__name__)
board.layout = html.Div()


@board.server.route("/ping")
def ping():
    return "pong"


@board.server.before_request
def count():
    print("asked")


other = Flask("other")
application = DispatcherMiddleware(other, {"/board": board.server})
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in (("one/app.py", NATIVE), ("two/board.py", TIED), ("two/requirements.txt", "dash>=4.4.1\n")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ask(*args: str) -> tuple[int, dict[str, object]]:
    result = CliRunner().invoke(cli, [*args, "--format", "json"])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result.exit_code, json.loads(result.stdout)


def test_check_counts_routes_and_hooks_of_each_app(project: Path) -> None:
    _, found = ask("check", "--target", "fastapi")
    one, two = found["apps"]
    assert (one["name"], one["dash"], one["backend"]) == ("app", None, "flask")
    assert (two["name"], two["dash"], two["line"]) == ("board", ">=4.4.1", 5)
    assert one["plan"]["fastapi"]["routes"] == {"native": 1, "bridged": 0, "manual": 0}
    assert one["plan"]["fastapi"]["hooks"] == {"native": 0, "bridged": 0, "manual": 0}
    assert two["plan"]["fastapi"]["hooks"]["native"] == 1


@pytest.mark.parametrize("target", ["fastapi", "quart"])
def test_fix_says_what_became_of_each_app_and_why(project: Path, target: str) -> None:
    _, found = ask("fix", "--target", target, "--diff")
    one, two = (app["plan"][target] for app in found["apps"])
    assert one["strategy"] == "rewrite"
    assert one["routes"] == {"native": 1, "bridged": 0, "manual": 0}
    assert "bridged_because" not in one
    assert two["strategy"] == "bridge"
    assert two["routes"] == {"native": 0, "bridged": 1, "manual": 0}
    assert two["hooks"] == {"native": 0, "bridged": 1, "manual": 0}
    assert any(reason.startswith("two/board.py:") for reason in two["bridged_because"])
    assert not (project / "two" / "dash_flask_bridge").exists(), "--diff writes nothing"


def test_what_is_not_rewritten_is_work_left_where_that_was_asked_for(project: Path) -> None:
    code, found = ask("fix", "two", "--target", "fastapi", "--strategy", "rewrite")
    kept = [f for f in found["findings"] if f["code"] == "DM906"]
    assert code == 1
    lines = (project / "two" / "board.py").read_text().splitlines()
    assert kept
    assert any("DispatcherMiddleware(" in lines[f["line"] - 1] for f in kept), "lines are those after fix"
    code, found = ask("fix", "two", "--target", "fastapi")
    assert code == 0
    assert not [f for f in found["findings"] if f["code"] == "DM906"]


def test_the_summary_says_what_kept_an_app_from_being_native(project: Path) -> None:
    result = CliRunner().invoke(cli, ["fix", "--target", "quart", "--diff"])
    assert "two/board.py: bridged, not rewritten: two/board.py:" in result.stderr
    assert "one/app.py: bridged" not in result.stderr
    assert "+++ b/two/board.py" in result.stdout


@pytest.mark.parametrize(
    ("before", "asked", "after"),
    [
        ("dash==2.14.1", "4.4.0", "dash[fastapi]==4.4.0"),
        ("dash>=2", "4.5", "dash[fastapi]>=4.5"),
        ("dash[fastapi]>=4.4", "4.4", "dash[fastapi]>=4.4"),
        ("dash~=2.9.1", "4.4.1", "dash[fastapi]~=4.4.1"),
    ],
)
def test_requirements_ask_for_the_release_that_was_asked_for(
    before: str, asked: str, after: str, project: Path
) -> None:
    (project / "two" / "requirements.txt").write_text(before + "\n")
    ask("fix", "two", "--target", "fastapi", "--dash-version", asked)
    assert (project / "two" / "requirements.txt").read_text() == after + "\n"
    assert ask("fix", "two", "--target", "fastapi", "--dash-version", asked)[1]["files"]["changed"] == []


@pytest.mark.parametrize("asked", ["4.3.0", "new"])
def test_a_release_that_does_not_work_is_refused(asked: str, project: Path) -> None:
    result = CliRunner().invoke(cli, ["fix", "--target", "fastapi", "--dash-version", asked])
    assert result.exit_code != 0
    assert asked in result.stderr
    assert (project / "two" / "board.py").read_text() == TIED
