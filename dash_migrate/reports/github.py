"""Annotations for GitHub Actions."""

from __future__ import annotations

from dash_migrate.check import Report

_LEVELS = {"required": "error", "potential": "warning", "optional": "notice"}


def as_text(report: Report) -> str:
    """One workflow command a finding."""
    rows = []
    for finding in report.findings:
        span = finding.span
        start = f"file={_value(finding.path)},line={span.line},col={span.column}"
        place = f"{start},endLine={span.end_line},endColumn={span.end_column}"
        rows.append(f"::{_LEVELS[finding.obligation]} title={finding.code},{place}::{_text(finding.message)}")
    rows += [f"::error file={_value(e.path)},line={e.line or 1}::{_text(e.message)}" for e in report.unsaid]
    return "\n".join(rows)


def _text(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _value(text: str) -> str:
    return _text(text).replace(":", "%3A").replace(",", "%2C")
