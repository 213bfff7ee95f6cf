"""Rules are data, doc and test in one: their form, who reports them, their examples, the table of all of them.

``RECORD=1 pytest tests/test_rules.py`` writes what ``fix`` makes of the examples into the rule files, and
rules/README.md anew; ``git diff`` is then the review.
"""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path
from typing import get_args

import pytest
from rule_examples import contents, fixed, place, recorded, reported, targets_of, written

from dash_migrate.findings.rules import FAMILIES, Example, Rule, all_rules, rule, rule_paths
from dash_migrate.model import BACKENDS, OBLIGATIONS, Backend, Status
from dash_migrate.reports.rule_pages import as_markdown
from dash_migrate.rules_data import read_toml, table

ROOT = Path(__file__).parent.parent
RECORD = bool(os.environ.get("RECORD"))
CODES = list(rule_paths())

KEYS = {"code", "name", "summary", "why", "message", "obligation", "references", "backends", "example"}
FILE_KEYS = {"path", "before", *BACKENDS}


# --- form


@pytest.mark.parametrize("code", CODES)
def test_form(code: str) -> None:
    path = rule_paths()[code]
    data = read_toml(path)
    assert set(data) <= KEYS, set(data) - KEYS
    assert path.name == f"{data['code']}-{data['name']}.toml"
    assert re.fullmatch(r"DM\d{3}", code)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", data["name"])
    assert code[:3] in FAMILIES
    assert data["obligation"] in OBLIGATIONS
    assert data["why"].strip()
    assert data["references"]
    assert not data["summary"].endswith(".")
    assert set(data["backends"]) == set(BACKENDS)
    for entry in data["backends"].values():
        assert set(entry) <= {"status", "today", "fix"}
        assert entry["status"] in get_args(Status)
    for block in data["example"]:
        assert set(block) <= {"title", "quiet", "found", "strategy", "file"} | FILE_KEYS
        assert block["title"]
        assert "before" in block or block["file"]
        for file in block.get("file", ()):
            assert set(file) <= FILE_KEYS
            assert file["path"]


@pytest.mark.parametrize("code", CODES)
def test_references_exist(code: str) -> None:
    for reference in rule(code).references:
        if reference.startswith(("rules/", "tests/", "fixtures/", "dash_migrate/")):
            assert (ROOT / reference).exists(), reference


def test_table_of_all_rules() -> None:
    """rules/README.md is what ``dash-migrate rules --format markdown`` says."""
    path, text = ROOT / "rules" / "README.md", as_markdown(all_rules()) + "\n"
    if RECORD:
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


def test_names_are_unique() -> None:
    names = [entry.name for entry in all_rules()]
    assert len(set(names)) == len(names)


# --- who reports them


def _codes_in_code() -> set[str]:
    """The codes that the rooms that report name, and those that the tables they read name."""
    found: set[str] = set()
    for room in ("findings", "deploy", "fixes"):
        for path in (ROOT / "dash_migrate" / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_bytes())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found |= set(re.findall(r"\bDM\d{3}\b", node.value) if len(node.value) == 5 else ())
    surface = table("flask_surface")
    for row in (*surface["server"].values(), surface["server_default"], *surface["blueprint"].values()):
        found.add(row["rule"])
    found |= {row["rule"] for row in table("flask_names")["names"].values()}
    return found


def test_what_is_reported_is_a_rule_and_every_rule_is_reported() -> None:
    assert _codes_in_code() == set(CODES)


# --- examples


@pytest.mark.parametrize("code", CODES)
def test_has_an_example(code: str) -> None:
    examples = rule(code).examples
    assert any(not example.quiet for example in examples)
    assert any(example.quiet for example in examples)


@pytest.mark.parametrize("code", CODES)
def test_examples(code: str, tmp_path: Path) -> None:
    entry = rule(code)
    results: list[dict[Backend, str]] = []
    for number, example in enumerate(entry.examples):
        folder = tmp_path / str(number)
        written(example, folder / "check")
        found = {target: reported(folder / "check", target, example.strategy) for target in BACKENDS}
        said = {target: code in (finding.code for finding in found[target]) for target in BACKENDS}
        concerned = {target: not example.quiet and entry.backends[target].status != "works" for target in BACKENDS}
        assert said == concerned, f"{example.title}: reported wrongly"
        for target in BACKENDS if example.found else ():
            places = [place(example, finding) for finding in found[target] if finding.code == code]
            assert places == (list(example.found) if concerned[target] else []), example.title
        after: dict[Backend, list[str]] = {}
        for target in targets_of(entry) if not example.quiet else ():
            after[target] = _moved(entry, example, folder / target, target)
        for position, file in enumerate(example.files):
            results.append(
                {target: texts[position] for target, texts in after.items() if texts[position] != file.before}
            )
    if RECORD:
        text = entry.path.read_bytes().decode()
        entry.path.write_bytes(recorded(text, iter(results)).encode())
    else:
        assert results == [file.after for example in entry.examples for file in example.files]


def _moved(entry: Rule, example: Example, folder: Path, target: Backend) -> list[str]:
    """The files of an example after ``fix``, of which a second run leaves everything as it is."""
    outcome = fixed(written(example, folder), target, example.strategy)
    assert [e for e in outcome.errors if e.path not in outcome.before.errors] == []
    for change in outcome.changes:
        if change.path.endswith(".py"):
            compile(change.new, change.path, "exec")
    texts = contents(example, folder)
    again = fixed(folder, target, example.strategy)
    assert [change.path for change in again.changes] == [], f"{example.title}: a second run changes something"
    left = [f.code for f in outcome.report.findings if f.obligation != "optional"]
    if entry.backends[target].status in ("rewrite", "bridge") and "DM904" not in left:
        assert entry.code not in left, f"{example.title}: not done on {target}, and no marker says so"
    return texts
