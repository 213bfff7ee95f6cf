"""The verdict for one app on one backend, and the checklist that remains."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dash_migrate.compat.model import (
    AppReport,
    FeatureUse,
    Place,
    StartCommand,
    Todo,
    Verdict,
)
from dash_migrate.compat.move import Move, is_work
from dash_migrate.features import feature
from dash_migrate.model import Backend, Finding
from dash_migrate.reports.words import BACKEND_LABELS, count

#: how many reasons a verdict names
_REASONS = 6


def verdict(
    backend: str,
    path: str,
    move: Move,
    before: Sequence[Finding],
    left: Sequence[Finding],
    features: Iterable[FeatureUse],
) -> Verdict:
    """What a move means for an app.

    Args:
        backend: the app's now.
        path: the file that makes it.
        before: findings of the app for this target.
        left: findings of the app that are work after ``fix``.
        features: what the app uses.
    """
    target = move.target
    plan = move.plan_of(path)
    strategy = plan.strategy if plan is not None else None
    declines = move.declines_of(path)
    missing = [f"{use.title}: {use.cells[target].seen}" for use in features if is_missing(use, target)]
    impossible = [f for f in left if f.backends.get(target) == "impossible"]
    reasons = [*missing, *(f"{f.path}:{f.span.line} {f.message}" for f in impossible)]
    if reasons:
        return Verdict("blocked", len(left), _few(reasons), strategy, declines)
    if left:
        return Verdict("decisions", len(left), _few(_summed(left)), strategy, declines)
    if any(is_work(f) for f in before) or (backend not in (target, "unknown", "custom") and target != "flask"):
        done = {"rewrite": "rewritten", "bridge": "bridged", "guard": "guarded"}
        words = f"{done.get(strategy or '', 'changed')} by fix"
        return Verdict("automatic", 0, (words,), strategy, declines)
    return Verdict("ready", 0, (), strategy, declines)


def is_missing(use: FeatureUse, target: Backend) -> bool:
    """Whether an app uses something without which it is not the same, and the backend does not have it."""
    return use.essential and use.cells[target].status == "no" and target not in use.kept


def _summed(findings: Sequence[Finding]) -> list[str]:
    """One line a code, with how often and where first."""
    by_code: dict[str, list[Finding]] = {}
    for one in findings:
        by_code.setdefault(one.code, []).append(one)
    lines = []
    for code, some in sorted(by_code.items(), key=lambda item: -len(item[1])):
        first = some[0]
        more = f" and {count(len(some) - 1, 'more place')}" if len(some) > 1 else ""
        lines.append(f"{code} {first.name}: {first.path}:{first.span.line}{more}")
    return lines


def _few(lines: Sequence[str]) -> tuple[str, ...]:
    rest = len(lines) - _REASONS
    return (*lines[:_REASONS], *([f"and {rest} more"] if rest > 0 else []))


def checklist(move: Move, apps: Sequence[AppReport], paths: Sequence[str]) -> tuple[Todo, ...]:
    """What is to be done for one target, in order."""
    target, label = move.target, BACKEND_LABELS[move.target]
    where = " ".join(paths)
    todos: list[Todo] = []
    moving = any(app.verdicts[target].kind != "ready" for app in apps if target in app.verdicts)
    if moving and move.changes:
        files = sum(not change.is_runtime for change in move.changes)
        todos.append(
            Todo(f"Let fix change {count(files, 'file')}", command=f"dash-migrate fix {where} --target {target}")
        )
    for finding in move.work_left:
        place = Place(finding.path, finding.span.line)
        todos.append(Todo(finding.message, place, finding.code, f"dash-migrate rule {finding.code}"))
    if moving and target != "flask":
        todos.append(
            Todo(f"Install Dash with its {label} backend", command=f"pip install 'dash[{target}]>={_floor(target)}'")
        )
    for app in apps:
        for use in app.features:
            cell = use.cells.get(target)
            if cell is None or cell.status not in ("no", "partly") or target in use.kept or target == "flask":
                continue
            if feature(use.id).group == "serving":  # start commands have findings of their own
                continue
            text = f"{app.name}: {use.title} — {cell.seen}" + (f". {cell.note}" if cell.note else "")
            todos.append(Todo(text, use.places[0] if use.places else None))
    for start in _starts(apps, target):
        todos.append(Todo(f"Start it with `{start.after[target]}`", start.place))
    if moving and target != "flask":
        todos.append(
            Todo(
                "Boot before and after and compare the answers",
                command=f"dash-migrate verify {where} --target {target}",
            )
        )
    return tuple(dict.fromkeys(todos))


def _starts(apps: Sequence[AppReport], target: Backend) -> list[StartCommand]:
    found: list[StartCommand] = []
    for app in apps:
        found += (s for s in app.starts if s.place is None and target in s.after and s not in found)
    return found


def _floor(target: Backend) -> str:
    from dash_migrate.rules_data import table

    return str(table("dash_versions")["floor"][target])
