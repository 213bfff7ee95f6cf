"""The feature table: complete, paired with its probes, and honest about what was claimed."""

from __future__ import annotations

import pytest

from dash_migrate.features import Cell, agrees, feature, features, nearest, version_key, versions
from dash_migrate.model import BACKENDS
from dash_migrate.probe.rows import load
from dash_migrate.probe.writing import rewritten
from dash_migrate.rules_data import rules_dir, table

SEED = {
    "sync-callbacks": ("yes", "yes", "yes"),
    "async-callbacks": ("n/a", "yes", "yes"),
    "websocket-callbacks": ("no", "yes", "yes"),
    "persistent-callbacks": ("no", "yes", "yes"),
    "mcp": ("partial", "yes", "yes"),
    "llms-routes": ("yes", "yes", "yes"),
    "text-routes": ("yes", "yes", "yes"),
    "gunicorn": ("yes", "n/a", "n/a"),
    "uvicorn": ("n/a", "yes", "yes"),
}
"""The seed's table, in its own words."""


def test_every_row_has_a_probe_and_every_probe_a_row() -> None:
    assert [row.id for row in features()] == list(dict.fromkeys(row.id for row in features()))
    assert {row.id for row in features()} == set(load())


def test_every_row_was_probed_on_every_backend_and_version() -> None:
    for row in features():
        assert set(row.observed) == set(versions()), row.id
        for version, cells in row.observed.items():
            assert set(cells) == set(BACKENDS), (row.id, version)
            for cell in cells.values():
                assert cell.status in ("yes", "partly", "no", "n/a")
                assert cell.seen, (row.id, version)
                assert "/tmp" not in cell.seen, "an observation must not name the place of one run"


def test_the_seed_is_quoted() -> None:
    for name, words in SEED.items():
        claims = feature(name).claims
        assert tuple(claims[backend].status for backend in BACKENDS) == words


def test_every_row_says_why_it_matters_and_where_a_backend_fails_what_to_do() -> None:
    for row in features():
        assert row.title
        assert row.decides.endswith("."), row.id
        for backend in row.notes:
            assert backend in BACKENDS


@pytest.mark.parametrize(
    ("name", "backend", "version"),
    [
        ("backends", "fastapi", "4.1.0"),
        ("async-callbacks", "flask", "4.4.1"),
        ("mcp", "flask", "4.4.1"),
        ("mcp", "fastapi", "4.4.1"),
        ("gunicorn-asgi-worker", "fastapi", "4.4.1"),
        ("gunicorn-asgi-worker", "quart", "4.4.1"),
        ("uvicorn", "flask", "4.4.1"),
        ("server-hooks", "quart", "4.4.1"),
        ("http-gate", "fastapi", "4.4.1"),
        ("dmc-before-2.7", "fastapi", "4.4.1"),
    ],
)
def test_claims_that_do_not_hold(name: str, backend: str, version: str) -> None:
    assert feature(name).refuted(backend, version)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "backend", "version"),
    [
        ("sync-callbacks", "fastapi", "4.4.1"),
        ("websocket-callbacks", "flask", "4.4.1"),
        ("websocket-callbacks", "fastapi", "4.1.0"),  # claimed from 4.2 on
        ("mcp", "fastapi", "4.5.0rc2"),
        ("gunicorn", "fastapi", "4.4.1"),
        ("text-routes", "quart", "4.4.1"),
    ],
)
def test_claims_that_hold(name: str, backend: str, version: str) -> None:
    assert not feature(name).refuted(backend, version)  # type: ignore[arg-type]


def test_what_changed_with_which_version() -> None:
    assert [(v, c.status) for v, c in feature("mcp").changes("fastapi")] == [("4.1.0", "no"), ("4.5.0rc2", "yes")]
    assert [v for v, c in feature("pages").changes("fastapi") if c.status == "no"] == ["4.1.0", "4.3.0"]
    assert feature("post-json-route").cell("fastapi", "4.2.0").status == "no"


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        (None, "4.4.1"),
        ("4.4.1", "4.4.1"),
        ("4.4", "4.4.1"),
        ("4", "4.4.1"),
        ("4.5", "4.5.0rc2"),
        ("4.4.7", "4.4.1"),
        ("4.5.0", "4.5.0rc2"),
        ("9.0", "4.5.0rc2"),
        ("2.18", "4.1.0"),
    ],
)
def test_the_nearest_probed_version_answers(asked: str | None, answered: str) -> None:
    assert nearest(asked, ["4.5.0rc2", "4.1.0", "4.4.1", "4.4.0"]) == answered


def test_versions_are_ordered() -> None:
    names = ["4.10.0", "4.5.0", "4.5.0rc2", "4.5.0rc10", "4.2"]
    assert sorted(names, key=version_key) == ["4.2", "4.5.0rc2", "4.5.0rc10", "4.5.0", "4.10.0"]
    with pytest.raises(ValueError, match="not a version"):
        nearest("newest", ["4.4.1"])


def test_what_agrees_with_a_claim() -> None:
    assert agrees("yes", "yes")
    assert not agrees("yes", "partly")
    assert agrees("partial", "partly")
    assert not agrees("partial", "yes")
    assert agrees("n/a", "no")
    assert not agrees("n/a", "partly")


def test_writing_keeps_what_people_wrote_and_is_idempotent() -> None:
    text = (rules_dir() / "tables" / "features.toml").read_text(encoding="utf-8")
    assert rewritten(text, {}) == text
    seen = {"mcp": {"9.9.9": {backend: Cell("yes", 'it "works" — \\o/') for backend in BACKENDS}}}
    once = rewritten(text, seen)
    assert rewritten(once, seen) == once
    assert rewritten(once, {}) == once
    both = rewritten(once, {}, {"mcp": {"9.9.9": {"quart": Cell("partly", "half")}}})
    assert rewritten(both, {}) == both
    assert both.count('[feature.fixed."9.9.9"]\nquart = { is = "partly", seen = "half" }\n') == 1
    added = [line for line in once.splitlines() if line not in text.splitlines()]
    assert added[0] == '[feature.observed."9.9.9"]'
    assert len(added) == 4
    import tomli

    parsed = {one["id"]: one for one in tomli.loads(once)["feature"]}
    assert parsed["mcp"]["observed"]["9.9.9"]["quart"] == {"is": "yes", "seen": 'it "works" — \\o/'}
    before = {one["id"]: one for one in table("features")["feature"]}
    del parsed["mcp"]["observed"]["9.9.9"]
    assert parsed == before
