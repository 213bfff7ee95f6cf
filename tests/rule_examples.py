"""The examples of the rules: run through the tool, and written down again with ``RECORD=1``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

from deploy_help import inside

from dash_migrate.check import check
from dash_migrate.findings.rules import Example, Rule
from dash_migrate.fix import Outcome, fix
from dash_migrate.fixes.plan import Strategy
from dash_migrate.model import BACKENDS, Backend, Finding
from dash_migrate.writes.apply import apply


def written(example: Example, folder: Path) -> Path:
    """The example on disk."""
    for file in example.files:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.before.encode())
    return folder


def reported(folder: Path, target: Backend, strategy: str = "auto") -> list[Finding]:
    """What ``check`` reports of a project; what ``fix`` reports where a strategy is insisted on."""
    with inside(folder):
        if strategy == "auto":
            report = check(["."], (target,))
        else:
            report = fix(["."], (target,), cast("Strategy", strategy)).report
    return list(report.findings)


def place(example: Example, finding: Finding) -> str:
    """The text that a finding is about, which is on one line of the one file of an example."""
    line = example.files[0].before.splitlines()[finding.span.line - 1]
    return line[finding.span.column - 1 : finding.span.end_column - 1]


def fixed(folder: Path, target: Backend, strategy: str = "auto") -> Outcome:
    """The project after ``fix``, on disk."""
    with inside(folder):
        outcome = fix(["."], (target,), cast("Strategy", strategy))
        apply(outcome.changes)
    return outcome


def contents(example: Example, folder: Path) -> list[str]:
    """The files of an example as they are on disk."""
    return [(folder / file.path).read_bytes().decode() for file in example.files]


def targets_of(entry: Rule) -> list[Backend]:
    """The backends that an example is moved to: Flask where the rule has something to say of it."""
    return [b for b in BACKENDS if b != "flask" or entry.backends["flask"].status != "works"]


def recorded(text: str, results: Iterator[Mapping[Backend, str]]) -> str:
    """A rule file with what ``fix`` made of its examples; everything else stays as it is.

    Args:
        text: the rule file.
        results: for each file of each example in turn: its text by backend, where that is not as before.
    """
    lines, old = [], iter(text.splitlines(keepends=True))
    in_before = in_after = False
    for line in old:
        if in_after:
            in_after = line.rstrip() != "'''"
        elif not in_before and re.match(r"(flask|fastapi|quart) = '''$", line):
            in_after = True
        else:
            lines.append(line)
            if in_before and line.rstrip() == "'''":
                in_before = False
                for backend, after in next(results).items():
                    assert "'''" not in after
                    assert after.endswith("\n")
                    lines += [f"{backend} = '''\n", after, "'''\n"]
            elif line == "before = '''\n":
                in_before = True
    return "".join(lines)
