"""One code base, several backends: every fixture app answers on each of them as it did on Flask."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from dash_migrate import verify
from dash_migrate.fix import fix
from dash_migrate.fixes.plan import Strategy
from dash_migrate.model import BACKENDS
from dash_migrate.writes.apply import apply

FIXTURES = Path(__file__).parent.parent / "fixtures"
NAMES = sorted(p.parent.name for p in FIXTURES.glob("*/requests.toml"))
SERVERS: dict[str, verify.ServerKind] = {"fastapi": "uvicorn", "quart": "hypercorn"}


def migrate(source: Path, into: Path, strategy: Strategy = "auto") -> None:
    """Copy an app and move the copy to all backends; a second run must have nothing to do."""
    shutil.copytree(source, into)
    before = Path.cwd()
    os.chdir(into)
    try:
        outcome = fix([Path(".")], BACKENDS, strategy)
        assert not outcome.errors, outcome.errors
        apply(outcome.changes)
        again = fix([Path(".")], BACKENDS, strategy)
        assert again.changes == [], "a second fix must change nothing"
    finally:
        os.chdir(before)


@pytest.mark.boot
@pytest.mark.parametrize("strategy", ["auto", "bridge"])
@pytest.mark.parametrize("name", NAMES)
def test_fixture_answers_on_every_backend(name: str, strategy: Strategy, tmp_path: Path) -> None:
    plan = verify.load(FIXTURES / name / "requests.toml")
    moved = tmp_path / "moved"
    migrate(FIXTURES / name / "flask", moved, strategy)
    for backend in BACKENDS:
        kind = "script" if plan.kind == "script" else SERVERS.get(backend, plan.kind)
        start = verify.Start(kind, env={"DASH_BACKEND": backend})
        report = verify.replay_both(FIXTURES / name / "flask", moved, plan, after=start)
        assert report.ok, f"{backend}: {report}"
