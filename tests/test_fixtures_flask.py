"""Every fixture app runs on Flask, and answers the same twice: its requests are deterministic."""

from __future__ import annotations

from pathlib import Path

import pytest

from dash_migrate.verify import ServerKind, load, replay_both

FIXTURES = sorted(Path(__file__).parent.parent.joinpath("fixtures").glob("*/requests.toml"))
ON_GUNICORN = {"bakery_sales", "museum_guide"}
"""Also played against gunicorn, which people deploy with."""

pytestmark = pytest.mark.boot


@pytest.mark.parametrize("requests", FIXTURES, ids=lambda path: path.parent.name)
def test_a_fixture_answers_the_same_twice(requests: Path) -> None:
    app = requests.parent / "flask"
    plan = load(requests)
    after: ServerKind = plan.kind
    if requests.parent.name in ON_GUNICORN:
        after = "gunicorn"
    report = replay_both(app, app, plan, after=after)
    assert report.ok, str(report)
    assert report.answers >= 25
