"""SARIF 2.1.0, for code scanning."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from dash_migrate import __version__
from dash_migrate.check import Report
from dash_migrate.findings.rules import rule
from dash_migrate.model import Finding
from dash_migrate.reports.indented import Template, dumps, with_rows

_LEVELS = {"required": "error", "potential": "warning", "optional": "note"}


def as_object(report: Report) -> dict[str, Any]:
    """The report as a SARIF log."""
    codes = _codes(report)
    return _log(report, codes, [_result(f, codes) for f in report.findings])


def _codes(report: Report) -> list[str]:
    return sorted({f.code for f in report.findings})


def _log(report: Report, codes: list[str], results: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "dash-migrate",
                        "version": __version__,
                        "informationUri": "https://github.com/dash-migrate/dash-migrate",
                        "rules": [_rule(code) for code in codes],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": results,
                "invocations": [
                    {
                        "executionSuccessful": True,
                        "toolExecutionNotifications": [
                            {"level": "error", "message": {"text": f"{e.path}: {e.message}"}} for e in report.errors
                        ],
                    }
                ],
            }
        ],
    }


def as_text(report: Report) -> str:
    """The log as JSON text."""
    codes = _codes(report)
    text = dumps(_log(report, codes, []))
    # Before the results stand the rules: the tool's own words, in which quotes are escaped.
    return with_rows(text, "results", list(_rows(report.findings, codes)), depth=4)


def _rows(findings: Iterable[Finding], codes: list[str]) -> Iterator[str]:
    templates: dict[Any, Template] = {}
    for f in findings:
        kind = (f.code, f.obligation, tuple(f.backends.items()))
        template = templates.get(kind)
        if template is None:
            spot: Any = replace(f, message="\0message", path="\0path", span=_Holes)  # type: ignore[arg-type]
            template = templates[kind] = Template(_result(spot, codes), _DIFFER, depth=4)
        span = f.span
        yield template.fill(f.message, f.path, span.line, span.column, span.end_line, span.end_column)


class _Holes:
    line, column, end_line, end_column = "\0line", "\0column", "\0end_line", "\0end_column"


#: what differs between results of a kind, in their order
_DIFFER = ("\0message", "\0path", "\0line", "\0column", "\0end_line", "\0end_column")


def _rule(code: str) -> dict[str, Any]:
    entry = rule(code)
    return {
        "id": code,
        "name": entry.name,
        "shortDescription": {"text": entry.summary},
        "fullDescription": {"text": entry.why},
        "defaultConfiguration": {"level": _LEVELS[entry.obligation]},
    }


def _result(finding: Any, codes: list[str]) -> dict[str, Any]:
    span = finding.span
    return {
        "ruleId": finding.code,
        "ruleIndex": codes.index(finding.code),
        "level": _LEVELS[finding.obligation],
        "message": {"text": finding.message},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": finding.path},
                    "region": {
                        "startLine": span.line,
                        "startColumn": span.column,
                        "endLine": span.end_line,
                        "endColumn": span.end_column,
                    },
                }
            }
        ],
        "properties": {"obligation": finding.obligation, "backends": dict(finding.backends)},
    }
