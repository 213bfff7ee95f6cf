"""The report for programs: the JSON contract of DESIGN.md."""

from __future__ import annotations

import json
from typing import Any

from dash_migrate import __version__
from dash_migrate.check import Report
from dash_migrate.model import SCHEMA_VERSION


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
    return json.dumps(as_object(report), indent=2, ensure_ascii=False)
