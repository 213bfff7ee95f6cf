"""The examples in the rule files: each shows what its rule finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dash_migrate.check import check
from dash_migrate.findings.rules import Rule, all_rules
from dash_migrate.model import BACKENDS

EXAMPLES = [(rule, example) for rule in all_rules() for example in rule.examples if "found" in example]


@pytest.mark.parametrize(("rule", "example"), EXAMPLES, ids=[f"{r.code}-{n}" for n, (r, _) in enumerate(EXAMPLES)])
def test_an_example_shows_what_its_rule_finds(
    rule: Rule, example: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("app.py").write_text(example["code"], encoding="utf-8")
    lines = example["code"].splitlines()
    found = [f for f in check(["."], BACKENDS).findings if f.code == rule.code]
    places = [lines[f.span.line - 1][f.span.column - 1 : f.span.end_column - 1] for f in found]
    assert places == example["found"]
