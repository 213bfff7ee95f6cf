"""The compatibility report for programs; ``schema/report.schema.json`` describes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from dash_migrate import __version__
from dash_migrate.compat.model import (
    AppReport,
    CompatReport,
    DeployChange,
    FeatureUse,
    FileChange,
    Judged,
    Place,
    StartCommand,
    Todo,
)
from dash_migrate.model import OBLIGATIONS, SCHEMA_VERSION


@cache
def schema() -> dict[str, Any]:
    """The JSON schema (draft 2020-12) that every report fits."""
    path = Path(__file__).with_name("schema") / "report.schema.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def as_object(report: CompatReport) -> dict[str, Any]:
    """The report as plain data."""
    return {
        "schema": SCHEMA_VERSION,
        "kind": "compatibility",
        "tool": {"name": "dash-migrate", "version": __version__},
        "targets": list(report.targets),
        "dash_version": report.dash_version,
        "summary": {
            "apps": len(report.apps),
            "findings": {obligation: report.count(obligation) for obligation in OBLIGATIONS},
            "files": {"read": report.read, "skipped": report.skipped},
        },
        "apps": [_app(app) for app in report.apps],
        "findings": [_finding(one) for one in report.findings],
        "changes": {target: [_change(one) for one in changes] for target, changes in report.changes.items()},
        "checklist": {target: [_todo(one) for one in todos] for target, todos in report.checklist.items()},
        "not_analysed": [{"what": one.what, "why": one.why} for one in report.not_analysed],
        "errors": [error.as_json() for error in report.errors],
    }


def as_text(report: CompatReport) -> str:
    """The report as JSON text."""
    return json.dumps(as_object(report), indent=2, ensure_ascii=False)


def _place(place: Place | None) -> dict[str, Any] | None:
    return None if place is None else {"path": place.path, "line": place.line}


def _app(app: AppReport) -> dict[str, Any]:
    return {
        "id": app.id,
        "name": app.name,
        "path": app.place.path,
        "line": app.place.line,
        "constructor": app.constructor,
        "backend": app.backend,
        "bridged": app.bridged,
        "dash": [{"path": place.path, "line": place.line, "requirement": text} for place, text in app.dash],
        "files": list(app.files),
        "verdicts": {
            target: {
                "verdict": verdict.kind,
                "label": verdict.label,
                "decisions": verdict.decisions,
                "why": list(verdict.why),
                "strategy": verdict.strategy,
                "declines": [{"path": p.path, "line": p.line, "why": why} for p, why in verdict.declines],
            }
            for target, verdict in app.verdicts.items()
        },
        "features": [_feature(use) for use in app.features],
        "coverage": {
            key: list(value) if isinstance(value, tuple) else value for key, value in vars(app.coverage).items()
        },
        "blocking": [
            {
                "callback": one.name,
                "path": one.place.path,
                "line": one.place.line,
                "async": one.is_async,
                "calls": [
                    {
                        "kind": call.kind,
                        "what": call.what,
                        "path": call.place.path,
                        "line": call.place.line,
                        "through": list(call.through),
                        "cost": call.cost,
                        "certain": call.certain,
                        "instead": call.instead,
                    }
                    for call in one.calls
                ],
            }
            for one in app.blocking
        ],
        "starts": [_start(one) for one in app.starts],
        "deploy": {target: [_deploy(one) for one in changes] for target, changes in app.deploy.items()},
    }


def _feature(use: FeatureUse) -> dict[str, Any]:
    def cells(found: Mapping[Any, Any]) -> dict[str, Any]:
        return {backend: {"status": cell.status, "seen": cell.seen} for backend, cell in found.items()}

    return {
        "id": use.id,
        "title": use.title,
        "places": [_place(place) for place in use.places],
        "backends": cells(use.cells),
        "after_fix": cells(use.fixed),
        "notes": {backend: cell.note for backend, cell in use.cells.items() if cell.note},
        "claimed": dict(use.claims),
        "refuted": sorted(backend for backend, cell in use.cells.items() if cell.refuted),
        "essential": use.essential,
        "kept_by_fix": sorted(use.kept),
    }


def _start(start: StartCommand) -> dict[str, Any]:
    return {
        "place": _place(start.place),
        "before": start.before,
        "after": dict(start.after),
        "why": start.why,
        "by_hand": start.by_hand,
    }


def _deploy(change: DeployChange) -> dict[str, Any]:
    place = change.place
    return {"path": place.path, "line": place.line, "before": list(change.before), "after": list(change.after)}


def _finding(one: Judged) -> dict[str, Any]:
    frame = None if one.frame is None else {"first": one.frame.first, "lines": list(one.frame.lines)}
    return {
        **one.finding.as_json(),
        "fates": dict(one.fates),
        "apps": list(one.apps),
        "frame": frame,
        "hunks": {target: list(ids) for target, ids in one.hunks.items()},
    }


def _change(change: FileChange) -> dict[str, Any]:
    return {
        "path": change.path,
        "new": change.is_new,
        "runtime": change.is_runtime,
        "hunks": [{"id": h.id, "start": h.start, "end": h.end, "text": h.text} for h in change.hunks],
    }


def _todo(todo: Todo) -> dict[str, Any]:
    return {"text": todo.text, "place": _place(todo.place), "code": todo.code, "command": todo.command}
