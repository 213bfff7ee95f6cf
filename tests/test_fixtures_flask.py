"""Every fixture app runs on Flask, and answers the same twice: its requests are deterministic."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dash_migrate.verify import ServerKind, load, replay_both

FIXTURES = sorted(Path(__file__).parent.parent.joinpath("fixtures").glob("*/requests.toml"))
ON_GUNICORN = {"bakery_sales", "drop_box", "harbour_site", "museum_guide"}
"""Also played against gunicorn, which people deploy with."""


def named(path: Path) -> str:
    return path.parent.name


@pytest.mark.boot
@pytest.mark.parametrize("requests", FIXTURES, ids=named)
def test_a_fixture_answers_the_same_twice(requests: Path) -> None:
    app = requests.parent / "flask"
    plan = load(requests)
    after: ServerKind = "gunicorn" if named(requests) in ON_GUNICORN else plan.kind
    report = replay_both(app, app, replace(plan, after_target=plan.target), after=after)
    assert report.ok, str(report)
    assert report.answers >= 25
    answers = [answer for some in report.before.answers.values() for answer in some]
    assert not [answer.name for answer in answers if not answer.status]


@pytest.mark.parametrize("requests", FIXTURES, ids=named)
def test_a_fixture_is_a_dash_app_as_its_author_wrote_it(requests: Path) -> None:
    app = requests.parent / "flask"
    sources = {path: path.read_text() for path in app.rglob("*.py")}
    for path, source in sources.items():
        compile(source, path, "exec")
        assert "fastapi" not in source, path
        assert "quart" not in source, path
    assert any("Dash" in source for source in sources.values())


def test_files_that_must_stay_untouched_exist() -> None:
    lists = list(FIXTURES[0].parent.parent.glob("*/untouched.txt"))
    assert lists
    for listed in lists:
        for name in listed.read_text().split():
            assert (listed.parent / "flask" / name).is_file(), name
