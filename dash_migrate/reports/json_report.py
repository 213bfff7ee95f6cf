"""The report for programs: the JSON contract of DESIGN.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from dash_migrate import __version__
from dash_migrate.check import Report
from dash_migrate.model import SCHEMA_VERSION, Finding
from dash_migrate.reports.indented import Template, dumps, with_rows

#: what differs between findings of a kind, in the order of the contract
_DIFFER = ("path", "line", "column", "end_line", "end_column", "message")


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
    text = dumps(as_object(replace(report, findings=[])))
    # What stands before the findings is the tool's and the targets': no text that could look like them.
    return with_rows(text, "findings", list(_rows(report.findings)), depth=2)


def _rows(findings: Iterable[Finding]) -> Iterator[str]:
    templates: dict[Any, Template] = {}
    for f in findings:
        kind = (f.code, f.name, f.obligation, tuple(f.backends.items()), f.applicability, f.strategy, f.url)
        template = templates.get(kind)
        if template is None:
            data = {**f.as_json(), **{name: f"\0{name}" for name in _DIFFER}}
            template = templates[kind] = Template(data, [f"\0{name}" for name in _DIFFER], depth=2)
        span = f.span
        yield template.fill(f.path, span.line, span.column, span.end_line, span.end_column, f.message)
