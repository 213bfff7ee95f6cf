"""Small projects for the tests of deployment."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from dash_migrate.check import check
from dash_migrate.fix import fix
from dash_migrate.model import Backend, Finding
from dash_migrate.writes.apply import apply

APP = """\
from dash import Dash, html

app = Dash(__name__)
app.layout = html.Div("hello")
server = app.server
"""


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def project(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """A folder with ``app.py`` and some files."""
    for name, contents in {"app.py": APP, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents if isinstance(contents, bytes) else contents.encode())
    return folder


def moved(folder: Path, files: Mapping[str, str | bytes], target: Backend = "fastapi") -> dict[str, str]:
    """The files after a move, by path; a second move must change nothing."""
    project(folder, files)
    with inside(folder):
        outcome = fix([Path(".")], (target,), "bridge")
        assert not outcome.errors, outcome.errors
        apply(outcome.changes)
        again = fix([Path(".")], (target,), "bridge")
        assert again.changes == [], [c.path for c in again.changes]
    return {name: (folder / name).read_bytes().decode() for name in files}


def one(folder: Path, name: str, contents: str, target: Backend = "fastapi", **more: str) -> str:
    """One file after a move."""
    return moved(folder, {name: contents, **more}, target)[name]


def found(folder: Path, files: Mapping[str, str | bytes], target: Backend = "fastapi") -> list[Finding]:
    """The findings of the DM7 family."""
    project(folder, files)
    with inside(folder):
        report = check([Path(".")], (target,))
    return [f for f in report.findings if f.code.startswith("DM7") and f.code != "DM704"]
