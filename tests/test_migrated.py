"""The main promise: every fixture app, moved by ``fix``, gives the same answers as it gave on Flask."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from dash_migrate import verify
from dash_migrate.fix import fix
from dash_migrate.fixes.plan import Strategy
from dash_migrate.model import Backend
from dash_migrate.verify.steps import RequestsFile
from dash_migrate.writes.apply import apply

FIXTURES = Path(__file__).parent.parent / "fixtures"
NAMES = sorted(p.parent.name for p in FIXTURES.glob("*/requests.toml"))
#: how each target is served in these tests: the server its extra brings
SERVERS: dict[Backend, str] = {"fastapi": "uvicorn", "quart": "hypercorn"}


#: fixtures that ``auto`` rewrites, and that ask a lot of a bridge
BRIDGED = ["museum_guide", "observatory"]


def migrate(source: Path, into: Path, target: Backend, strategy: Strategy = "auto") -> list[str]:
    """Copy an app, move the copy, check that a second run has nothing to do; gives the changed paths."""
    shutil.copytree(source, into)
    before = Path.cwd()
    os.chdir(into)
    try:
        outcome = fix([Path(".")], (target,), strategy)
        assert not outcome.errors, outcome.errors
        assert not [e for e in outcome.report.errors if e.path.endswith(".py")]
        apply(outcome.changes)
        again = fix([Path(".")], (target,), strategy)
        assert again.changes == [], "a second fix must change nothing"
    finally:
        os.chdir(before)
    return [change.path for change in outcome.changes]


def play_both(source: Path, moved: Path, plan: RequestsFile, target: Backend) -> None:
    """Play the requests of a plan to an app and to what became of it; the answers must be the same."""
    kind = "script" if plan.kind == "script" else SERVERS[target]
    report = verify.replay_both(source, moved, plan, after=verify.Start(kind))
    assert report.ok, str(report)


@pytest.mark.boot
@pytest.mark.parametrize("target", ["fastapi", "quart"])
@pytest.mark.parametrize("name", NAMES)
def test_fixture_answers_as_before(name: str, target: Backend, tmp_path: Path) -> None:
    plan = verify.load(FIXTURES / name / "requests.toml")
    source = FIXTURES / name / "flask"
    moved = tmp_path / "moved"
    changed = migrate(source, moved, target)
    bystanders = FIXTURES / name / "untouched.txt"
    for line in bystanders.read_text().split() if bystanders.exists() else ():
        assert line not in changed
        assert (moved / line).read_bytes() == (source / line).read_bytes()
    play_both(source, moved, plan, target)


@pytest.mark.boot
@pytest.mark.parametrize("target", ["fastapi", "quart"])
@pytest.mark.parametrize("name", BRIDGED)
def test_bridged_fixture_answers_as_before(name: str, target: Backend, tmp_path: Path) -> None:
    source, moved = FIXTURES / name / "flask", tmp_path / "moved"
    migrate(source, moved, target, "bridge")
    assert list(moved.rglob("dash_flask_bridge"))
    play_both(source, moved, verify.load(FIXTURES / name / "requests.toml"), target)
