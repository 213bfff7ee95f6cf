"""The comparison of an app before and after as JSON (``schema/verify.schema.json``)."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from dash_migrate import __version__
from dash_migrate.reports.verify_terminal import body_diff
from dash_migrate.verify.client import Answer
from dash_migrate.verify.judge import Compared
from dash_migrate.verify.project import Booted, Verification
from dash_migrate.verify.steps import Parallel, Step, WebSocket

SCHEMA = 1


@cache
def schema() -> dict[str, Any]:
    """The JSON schema (draft 2020-12) that every verification fits."""
    path = Path(__file__).with_name("schema") / "verify.schema.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def as_text(found: Verification) -> str:
    """A verification as indented JSON."""
    return json.dumps(as_data(found), indent=2, ensure_ascii=False)


def as_data(found: Verification) -> dict[str, Any]:
    """A verification as plain data."""
    return {
        "schema": SCHEMA,
        "kind": "verification",
        "tool": {"name": "dash-migrate", "version": __version__},
        "project": found.project,
        "target": found.target,
        "equal": found.ok,
        "summary": {
            "requests": len(found.compared),
            "equal": len(found.compared) - len(found.different),
            "different": len(found.different),
            "more_open": len(found.opened),
            "seconds": round(found.seconds, 2),
        },
        "before": _side(found.before),
        "after": _side(found.after),
        "changed": list(found.changed),
        "requests": [_request(one) for one in found.compared],
        "notes": list(found.notes),
    }


def _side(booted: Booted) -> dict[str, Any]:
    return {
        "app": booted.target,
        "server": booted.server,
        "interpreter": booted.interpreter,
        "found_by": booted.why,
    }


def _request(one: Compared) -> dict[str, Any]:
    step = one.asked.step
    request = step.request if isinstance(step, Parallel) else step
    return {
        "name": step.name,
        "kind": one.asked.kind,
        "method": _method(step),
        "path": request.path,
        "session": request.session,
        "count": step.count if isinstance(step, Parallel) else 1,
        "equal": not one.differences,
        "before": [_answer(answer) for answer in one.asked.before],
        "after": [_answer(answer) for answer in one.asked.after],
        "differences": [
            {
                "what": found.what,
                "before": found.before,
                "after": found.after,
                "more_open": found.opened,
                **({"diff": body_diff(one, None)} if found.what == "body" else {}),
            }
            for found in one.differences
        ],
        "volatile": list(one.volatile),
    }


def _method(step: Step) -> str:
    if isinstance(step, WebSocket):
        return "GET"
    return step.request.method if isinstance(step, Parallel) else step.method


def _answer(answer: Answer) -> dict[str, Any]:
    return {
        "status": answer.status,
        "content_type": answer.get("content-type"),
        "bytes": len(answer.body),
        "seconds": round(answer.elapsed, 4),
        "error": answer.error,
    }
