# ruff: noqa: E501
"""Files that cannot be read, parsed or rewritten cost themselves or their app: one line of error, and the rest goes on."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from dash_migrate.check import check
from dash_migrate.findings.visitors import load
from dash_migrate.fix import fix, fix_loaded
from dash_migrate.fixes.imports import add_imports
from dash_migrate.fixes.native.registry import NATIVES
from dash_migrate.fixes.plan import Planner
from dash_migrate.project import load as load_project
from dash_migrate.syntax.comments import lost_comments

APP = (
    b"import dash\nfrom flask import request\n\napp = dash.Dash(__name__)\nserver = app.server\n\n\n"
    b"@server.route('/ping')\ndef ping():\n    return request.path\n\n\nif __name__ == '__main__':\n    app.run_server()\n"
)
posix = pytest.mark.skipif(os.name == "nt", reason="POSIX files")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one app that is as it should be; the working directory."""
    (tmp_path / "good.py").write_bytes(APP)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path.parent))
    return tmp_path


def run(*arguments: str, limit: str = "") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "dash_migrate", *arguments]
    if limit:
        command = ["sh", "-c", f'{limit}; exec "$@"', "sh", *command]
    return subprocess.run(command, capture_output=True, timeout=60)


def errors(found: bytes) -> list[tuple[str, int | None, str]]:
    return [(e["path"], e["line"], e["message"]) for e in json.loads(found)["errors"]]


ESCAPES = b"# coding: unicode_escape\n" + APP
UNUSABLE = {
    "null": (APP + b"x = '\0'\n", 15, "contains a null byte"),
    "utf16": (APP.decode().encode("utf-16"), 1, "is not UTF-8"),
    "python2": (APP + b"print 'x'\n", 15, "not parsed: Missing parentheses"),
    "latin1": (APP + "é = 1\n".encode("latin-1"), 15, "is not valid utf-8"),
    "nested": (APP + b"x = " + b"html.Div([" * 1000 + b"])" * 1000, 15, "not parsed: too many nested parentheses"),
    "deep": (APP + b"x = (\n" + b"not " * 5000 + b"1)\n", 16, "nested more than 2,100 levels deep"),
}  # fmt: skip


@pytest.mark.parametrize("kind", UNUSABLE)
@pytest.mark.parametrize("strategy", ["auto", "guard"])
def test_one_line_of_error_and_the_rest_goes_on(folder: Path, kind: str, strategy: str) -> None:
    data, line, said = UNUSABLE[kind]
    (folder / "bad.py").write_bytes(data)
    report = check(["."], ("fastapi",))
    assert [(e.path, e.line) for e in report.errors] == [("bad.py", line)]
    assert report.errors[0].message.startswith(said)
    assert {f.path for f in report.findings} == {"bad.py", "good.py"}
    outcome = fix(["."], ("fastapi",), strategy)  # type: ignore[arg-type]
    assert "good.py" in {change.path for change in outcome.changes}
    assert "bad.py" not in {change.path for change in outcome.changes}
    assert [f.code for f in outcome.report.findings if f.path == "bad.py"] == ["DM901"]


def test_alone_it_could_not_be_done(folder: Path) -> None:
    (folder / "bad.py").write_bytes(UNUSABLE["null"][0])
    assert run("check", "bad.py").returncode == 2
    assert run("check", "bad.py", "good.py").returncode == 1
    assert run("check", "nowhere.py").returncode == 2


def test_an_encoding_that_does_not_give_the_bytes_back_is_not_written(folder: Path) -> None:
    (folder / "odd.py").write_bytes(ESCAPES)
    outcome = fix(["."], ("fastapi",))
    assert {c.path for c in outcome.changes if "/" not in c.path} == {"good.py"}
    (error,) = outcome.errors
    assert (error.path, "would have other bytes" in error.message) == ("odd.py", True)


@posix
def test_nothing_is_opened_that_could_block(folder: Path) -> None:
    os.mkfifo(folder / "pipe.py")
    with socket.socket(socket.AF_UNIX) as plug:
        plug.bind("plug.py")
    for name in ("pyproject.toml", "requirements.txt", ".gitignore", "Dockerfile", "notebook.ipynb", "setup.py"):
        os.mkfifo(folder / name)
    (folder / "zero.py").symlink_to("/dev/zero")
    (folder / "Procfile").symlink_to("pipe.py")
    (folder / "package.py").mkdir()
    (folder / "loop.py").symlink_to("loop.py")
    for command in ("check", "report"):
        assert run(command).returncode in (0, 1)
    assert run("check", "pipe.py").returncode == 2
    fixed = run("fix", "--target", "fastapi", "--format", "json")
    assert errors(fixed.stdout) == [("loop.py", None, "too many levels of symbolic links")]
    assert b"run_server" not in (folder / "good.py").read_bytes()


def test_a_deploy_file_that_cannot_be_read_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "Dockerfile").write_text("CMD gunicorn good:server\n")
    real = os.open

    def refusing(path: str, *arguments: int) -> int:
        if str(path).endswith("Dockerfile"):
            raise PermissionError(13, "Permission denied")
        return real(path, *arguments)

    monkeypatch.setattr(os, "open", refusing)
    assert [(e.path, e.message) for e in check(["."], ("quart",)).errors] == [("Dockerfile", "permission denied")]


@posix
@pytest.mark.skipif(sys.platform == "darwin", reason="names there are text")
def test_names_that_are_no_text(folder: Path) -> None:
    with open(os.path.join(os.fsencode(folder), b"caf\xe9.py"), "wb") as file:
        file.write(APP)
    found = run("check", "--format", "json")
    assert {f["path"] for f in json.loads(found.stdout)["findings"]} == {"good.py", "caf\udce9.py"}
    assert run("report", "--format", "html", "-o", "out.html").returncode == 0
    assert run("fix", "--target", "fastapi").returncode == 0


@posix
@pytest.mark.parametrize(
    "value",
    [b"request" + b".path.strip()" * 500, b"+".join([b"request.path"] * 1900), b" and ".join([b"request.path"] * 3000)],
)
def test_the_parser_has_stack_enough(folder: Path, value: bytes) -> None:
    """On a stack that LibCST would overrun, which kills the process."""
    (folder / "long.py").write_bytes(APP.replace(b"return request.path", b"return " + value))
    fixed = run("fix", "--target", "quart", limit="ulimit -s 1024")
    assert fixed.returncode in (0, 1), fixed.stderr
    assert b"run_server" not in (folder / "good.py").read_bytes()


def test_newlines_of_old_macs(folder: Path) -> None:
    old = APP.replace(b"    return request.path", b"    text = '''a\nb'''  # c\n    return request.path")
    (folder / "mac.py").write_bytes(old.replace(b"\n", b"\r"))
    (folder / "unix.py").write_bytes(old)
    made = {change.path: change.new for change in fix(["."], ("fastapi",)).changes}
    assert made["mac.py"] == made["unix.py"].replace(b"\n", b"\r")


# What a mistake of ours costs


class Mistake(Exception):
    pass


def failing(*_: object, **__: object) -> None:
    raise Mistake("oops")


def test_what_no_rewriter_thought_of_is_bridged(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(NATIVES["fastapi"]), "convert", failing)
    outcome = fix(["."], ("fastapi",))
    assert [plan.strategy for plan in outcome.plans if plan.apps] == ["bridge"]
    assert [d.why for d in outcome.plans[0].declines] == ["Mistake: oops"]
    assert "good.py" in {change.path for change in outcome.changes}


def test_an_app_that_cannot_be_edited_stays_as_it_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "odd.py").write_bytes(APP)
    real = Planner.edit_group

    def edit(self: Planner, group):  # type: ignore[no-untyped-def]
        placed = real(self, group)
        if "odd.py" in group.files:
            failing()
        return placed

    monkeypatch.setattr(Planner, "edit_group", edit)
    outcome = fix(["."], ("fastapi",))
    assert {c.path for c in outcome.changes if "/" not in c.path} == {"good.py"}
    assert {(e.path, e.message.rpartition(": ")[2]) for e in outcome.report.errors} == {("odd.py", "oops")}
    assert "odd.py" in {f.path for f in outcome.report.findings}


def test_a_rule_that_fails_costs_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    handlers = {kind: [failing] for kind in load()}
    monkeypatch.setattr("dash_migrate.findings.visitors.load", lambda: handlers)
    report = check(["."], ("fastapi",))
    assert [(e.path, e.message) for e in report.errors] == [("good.py", "not judged to its end (Mistake: oops)")]
    assert "DM901" in {f.code for f in report.findings}


def test_a_rewrite_that_never_rests_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = load_project(["."])
    monkeypatch.setattr("dash_migrate.fix.PASSES", 1)
    outcome = fix_loaded(loaded, ("fastapi",))
    assert outcome.changes == []
    assert ["come to rest" in e.message for e in outcome.report.errors] == [True]
    assert {f.path for f in outcome.report.findings} == {"good.py"}


# Comments and imports


def test_comments_in_what_is_taken_away_stay(folder: Path) -> None:
    beginning = b"from flask import (  # why\n    request,  # noqa: F401\n    # how\n)\n"
    (folder / "good.py").write_bytes(APP.replace(b"from flask import request\n", beginning))
    (change,) = [c for c in fix(["."], ("fastapi",)).changes if c.path == "good.py"]
    assert b"\n# why\n# how\n" in change.new
    assert b"noqa" not in change.new


@pytest.mark.parametrize(
    ("old", "new", "lost"),
    [
        ("x = 1  # a\n", "y = 1  # a\n", []),
        ("x = 1  # a\n# a\n", "# a\n", ["# a"]),
        ("x = '# a'\n# b\n", "# b\n", []),
        ("# noqa\nx = 1  # noqa\ny = 1  # type: ignore\n", "", ["# noqa"]),
        ("x = 1 # a\r# b\r", "x = 1\r", ["# a", "# b"]),
    ],
)
def test_lost_comments(old: str, new: str, lost: list[str]) -> None:
    assert lost_comments(old, new) == lost


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x = 1; from a import b  # c\n", "x = 1; from a import b, n  # c\n"),
        ("import dash; x = (\n    1\n)\n", "import dash; x = (\n    1\n)\n\nfrom a import n\n"),
        ("import dash; x = \\\n    1\n", "import dash; x = \\\n    1\n\nfrom a import n\n"),
    ],
)
def test_an_import_is_put_where_no_statement_is_cut(old: str, new: str) -> None:
    assert add_imports(old, {"a": {"n"}}, "\n") == new


def test_a_file_asked_for_is_parsed_whatever_it_holds(folder: Path) -> None:
    """A page without a word for the server is left alone among others; alone, it is what was asked for."""
    (folder / "page.py").write_text("import dash\nclass :\n")
    done = run("check", "page.py")
    assert done.returncode == 2
    assert b"page.py:2:7: DM901" in done.stdout
