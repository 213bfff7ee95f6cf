"""SARIF 2.1.0, for code scanning."""

from __future__ import annotations

import json
from typing import Any

from dash_migrate import __version__
from dash_migrate.check import Report
from dash_migrate.findings.rules import rule

_LEVELS = {"required": "error", "potential": "warning", "optional": "note"}


def as_object(report: Report) -> dict[str, Any]:
    """The report as a SARIF log."""
    codes = sorted({f.code for f in report.findings})
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
                "results": [_result(f, codes) for f in report.findings],
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
    return json.dumps(as_object(report), indent=2, ensure_ascii=False)


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
