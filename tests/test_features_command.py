"""``dash-migrate features``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dash_migrate.cli import cli
from dash_migrate.features import features, versions


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["features", *arguments])


def test_the_terminal_shows_every_row_and_marks_refuted_claims(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    shown = run("--dash-version", "4.4.1")
    assert shown.exit_code == 0
    assert "\x1b" not in shown.output
    words = " ".join(shown.output.split())
    assert "Dash 4.4.1" in words
    for row in features():
        assert row.title.split()[0] in words
    assert "claims of the documentation do not hold" in words


def test_a_version_that_was_not_probed_is_answered_by_the_one_before() -> None:
    assert "4.4.9 (as probed with 4.4.1)" in run("--dash-version", "4.4.9").output
    assert run("--dash-version", "newest").exit_code == 2


def test_markdown_is_a_table_with_evidence() -> None:
    text = run("--format", "markdown", "--dash-version", "4.4.1").output
    assert "| Feature | Flask | FastAPI | Quart |" in text
    assert "**no**: HEAD / 405, OPTIONS / 405" in text
    assert "## Claims that do not hold" in text
    for line in text.splitlines():
        if line.startswith("| "):
            assert line.replace("\\|", "").count("|") == 5, line


def test_json_holds_every_version_unless_one_is_asked_for() -> None:
    every = json.loads(run("--format", "json").output)
    assert every["schema"] == 1
    assert set(every["features"][0]["observed"]) == set(versions())
    one = json.loads(run("--format", "json", "--dash-version", "4.4", "--feature", "mcp").output)
    assert [row["id"] for row in one["features"]] == ["mcp"]
    assert set(one["features"][0]["observed"]) == {"4.4.1"}
    cell = one["features"][0]["observed"]["4.4.1"]["fastapi"]
    assert cell["status"] == "no"
    assert cell["refutes_claim"] is True


def test_one_row_through_all_versions(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    shown = run("--feature", "mcp")
    for version in versions():
        assert version in shown.output
    assert run("--feature", "nonsense").exit_code == 2
    assert run("--feature", "mcp", "--output", str(tmp_path / "f.txt")).output == ""
    assert "MCP" in (tmp_path / "f.txt").read_text()
    assert run("--output", str(tmp_path / "no" / "f.txt")).exit_code != 0
