"""The report for programs: the JSON contract of DESIGN.md."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from dash_migrate import __version__
from dash_migrate.check import Report
from dash_migrate.model import SCHEMA_VERSION, Finding


def as_object(report: Report) -> dict[str, Any]:
    """The report as plain data."""
    return {
        "schema": SCHEMA_VERSION,
        "tool": {"name": "dash-migrate", "version": __version__},
        "targets": list(report.targets),
        "findings": [finding.as_json() for finding in report.findings],
        "apps": report.apps,
        "files": {"read": report.read, "skipped": report.skipped, "changed": report.changed},
        "errors": [error.as_json() for error in report.errors],
    }


def as_text(report: Report) -> str:
    """The report as JSON text."""
    text = _dumps(as_object(replace(report, findings=[])), indent=2)
    if not report.findings:
        return text
    rows = ",\n".join(_rows(report.findings))
    return text.replace(
        '"findings": []', f'"findings": [\n{rows}\n  ]', 1
    )  # nothing before it holds other people's text


def _rows(findings: Iterable[Finding]) -> Iterator[str]:
    """Each finding as an indented object. ``json`` indents in Python, which for a thousand findings takes a while."""
    encode = json.JSONEncoder(ensure_ascii=False).encode
    templates: dict[Any, str] = {}
    for f in findings:
        kind = (f.code, f.name, f.obligation, tuple(f.backends.items()), f.applicability, f.strategy, f.url)
        template = templates.get(kind)
        if template is None:
            template = templates[kind] = _template(f)
        span = f.span
        yield template % (encode(f.path), span.line, span.column, span.end_line, span.end_column, encode(f.message))


def _template(finding: Finding) -> str:
    """What is the same for all findings of a kind; the places of the other values are in the order of the contract."""
    marks = {name: f"\0{name}" for name in ("path", "line", "column", "end_line", "end_column", "message")}
    text = _dumps({**finding.as_json(), **marks}, indent=2).replace("%", "%%")
    for name, mark in marks.items():
        text = text.replace(_dumps(mark), "%s" if name in ("path", "message") else "%d")
    return "    " + text.replace("\n", "\n    ")


def _dumps(data: Any, indent: int | None = None) -> str:
    return json.dumps(data, indent=indent, ensure_ascii=False)
