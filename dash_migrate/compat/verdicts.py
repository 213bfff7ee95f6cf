"""The verdict for one app on one backend, and the checklist that remains."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence

from dash_migrate.compat.model import (
    AppReport,
    FeatureUse,
    Place,
    Todo,
    Verdict,
)
from dash_migrate.compat.move import Move, is_work
from dash_migrate.facts.scan import App
from dash_migrate.features import feature
from dash_migrate.findings.rules import rule
from dash_migrate.model import Backend, Finding
from dash_migrate.reports.words import BACKEND_LABELS, count, joined

#: how many reasons a verdict names
_REASONS = 6


def verdict(
    app: App,
    move: Move,
    before: Sequence[Finding],
    left: Sequence[Finding],
    features: Iterable[FeatureUse],
) -> Verdict:
    """What a move means for an app.

    Args:
        app: it, as it is now.
        move: the move of the project it is in.
        before: findings of the app for this target.
        left: findings of the app that are work after ``fix``.
        features: what the app uses.
    """
    target = move.target
    plan = move.plan_of(app)
    strategy = plan.strategy if plan is not None else None
    declines = move.declines_of(app)
    kept_off = stuck(app, target, plan is not None)
    used = list(features)
    missing = [f"{use.title}: {use.cells[target].seen}" for use in used if is_missing(use, target)]
    changed = [] if plan is None else [u for u in used if is_changed(u, target) and not is_missing(u, target)]
    lost = [f"{use.title}: {use.cells[target].seen}" for use in changed]
    decisions = len(left) + len(lost) + bool(kept_off)
    impossible = [f for f in left if f.backends.get(target) == "impossible"]
    reasons = [*missing, *(f"{f.path}:{f.span.line} {f.message}" for f in impossible)]
    if reasons:
        return Verdict("blocked", decisions, _few([*reasons, *kept_off]), strategy, declines)
    if decisions:
        return Verdict("decisions", decisions, _few([*kept_off, *lost, *_summed(left)]), strategy, declines)
    if strategy is not None:
        return Verdict("automatic", 0, (_moved(strategy, before, declines),), strategy, declines)
    if any(is_work(f) for f in before):
        return Verdict("automatic", 0, (f"fix changes {_summary(before)}",), strategy, declines)
    return Verdict("ready", 0, (_ready(app, target),), strategy, declines)


def stuck(app: App, target: Backend, is_moved: bool) -> list[str]:
    """Why an app that is not on the target does not get there by ``fix``."""
    label = BACKEND_LABELS[target]
    if is_moved or app.backend in (target, "several", "unknown"):
        return []
    if app.backend == "custom":
        return [f"it is made with a backend of its own: whether it can be on {label} is for a person to say"]
    if app.backend in BACKEND_LABELS and app.backend != "flask":
        now = BACKEND_LABELS[app.backend]
        return [f"it is made for {now}, and fix moves apps from Flask only"]
    if app.backend != "flask":
        return [f"it is made with `{app.backend}`, from which fix moves nothing"]
    return [f"fix does not see how it is made, so it does not move it to {label}"] if target != "flask" else []


def _moved(strategy: str, before: Sequence[Finding], declines: Sequence[tuple[Place, str]]) -> str:
    """What ``fix`` does to an app that it moves."""
    done = {"rewrite": "rewritten natively", "bridge": "bridged", "guard": "guarded for both"}[strategy]
    routes = sum(f.code.startswith("DM3") for f in before)
    hooks = sum(f.code.startswith("DM2") for f in before)
    what = joined([count(n, noun) for n, noun in ((routes, "route"), (hooks, "hook")) if n])
    why = f", because {declines[0][0]} {declines[0][1]}" if declines and strategy == "bridge" else ""
    return f"{done} by fix" + (f", with {what}" if what else "") + why


def _summary(findings: Sequence[Finding]) -> str:
    names = dict.fromkeys(f"{f.code} {f.name}" for f in findings if is_work(f))
    return joined(list(names)[:_REASONS])


def _ready(app: App, target: Backend) -> str:
    if app.backend == "several":
        return "its backend is chosen when it starts, and nothing ties it to Flask"
    if app.backend == "unknown":
        return "its backend is known only when it runs; nothing found ties it to Flask"
    return f"it is on {BACKEND_LABELS[target]} already"


def is_missing(use: FeatureUse, target: Backend) -> bool:
    """Whether an app uses something without which it is not the same, and the backend does not have it."""
    return use.essential and use.cells[target].status == "no" and target not in use.kept


def is_changed(use: FeatureUse, target: Backend) -> bool:
    """Whether a moved app does with a feature what it did not do on Flask, and ``fix`` does not see to it.

    Start commands are left out: they have findings of their own.
    """
    differs = use.cells["flask"].status == "yes" and use.cells[target].status in ("no", "partly")
    return bool(use.places) and differs and target not in use.kept and feature(use.id).group != "serving"


def _summed(findings: Sequence[Finding]) -> list[str]:
    """One line a code, with how often and where first."""
    by_code: dict[str, list[Finding]] = {}
    for one in findings:
        by_code.setdefault(one.code, []).append(one)
    lines = []
    for code, some in sorted(by_code.items(), key=lambda item: -len(item[1])):
        first = some[0]
        more = f" and {count(len(some) - 1, 'more place')}" if len(some) > 1 else ""
        lines.append(f"{rule(code).summary} ({code}): {first.path}:{first.span.line}{more}")
    return lines


def _few(lines: Sequence[str]) -> tuple[str, ...]:
    rest = len(lines) - _REASONS
    return (*lines[:_REASONS], *([f"and {rest} more"] if rest > 0 else []))


def checklist(move: Move, apps: Sequence[AppReport], paths: Sequence[str], command: str = "") -> tuple[Todo, ...]:
    """What is to be done for one target, in order.

    Args:
        paths: what was asked for, as a command line has it.
        command: further words of the ``fix`` command.
    """
    target = move.target
    where = " ".join(shlex.quote(path) for path in paths)
    moving = [app for app in apps if app.verdicts[target].strategy is not None]
    todos: list[Todo] = []
    if move.changes:
        changed = sum(not change.is_runtime and not change.is_new for change in move.changes)
        added = [change.path for change in move.changes if change.is_new]
        run = f"dash-migrate fix {where} --target {target}{command}"
        more = f" and add {count(len(added), 'file')}" if added else ""
        todos.append(Todo(f"Let fix change {count(changed, 'file')}{more}", command=run))
    for finding in move.work_left:
        place = Place(finding.path, finding.span.line)
        todos.append(Todo(finding.message, place, finding.code, f"dash-migrate rule {finding.code}"))
    for app in apps:
        todos += [Todo(f"{app.name}: {why}", app.place) for why in app.stuck.get(target, ())]
    if moving:
        todos += _installs(move)
    for app in moving:
        todos += _features(app, target)
        for start in app.starts:
            if start.place is None and target in start.after:
                todos.append(Todo(f"Start {app.name} in production", command=start.after[target]))
    for finding in move.left:
        if not is_work(finding) and finding.code in _ADVICE:
            place = Place(finding.path, finding.span.line)
            words = f"{finding.message} (optional)"
            todos.append(Todo(words, place, finding.code, f"dash-migrate rule {finding.code}"))
    if moving:
        run = f"dash-migrate verify {where} --target {target}"
        todos.append(Todo("Boot before and after and compare the answers", command=run))
    return tuple(dict.fromkeys(todos))


#: optional findings that ask for something
_ADVICE = ("DM711", "DM741", "DM903")


def _installs(move: Move) -> list[Todo]:
    """How to install what the moved project needs: from the files that ``fix`` changed, where these ask for Dash."""
    target = move.target
    asked = [f.path for f in move.outcome.before.findings if f.code == "DM701"]
    changed = [change.path for change in move.changes if change.path in asked]
    found = []
    for path in dict.fromkeys(changed):
        name = path.rpartition("/")[2]
        if name.endswith((".txt", ".in")):
            found.append(Todo(f"Install what {path} now asks for", command=f"pip install -r {shlex.quote(path)}"))
        elif not name.startswith("Dockerfile"):
            found.append(Todo(f"Install what {path} now asks for"))
        else:
            found.append(Todo(f"Build the image of {path} anew"))
    if not found and target != "flask":
        found.append(
            Todo(
                f"Install Dash with its {BACKEND_LABELS[target]} backend",
                command=f"pip install 'dash[{target}]>={_floor(target)}'",
            )
        )
    return found


def _features(app: AppReport, target: Backend) -> list[Todo]:
    """The features an app loses or finds changed when it moves."""
    found = []
    for use in app.features:
        cell = use.cells[target]
        if not is_changed(use, target) and not is_missing(use, target):
            continue
        text = f"{app.name}: {use.title} — {cell.seen}" + (f". {cell.note}" if cell.note else "")
        found.append(Todo(text, use.places[0] if use.places else None))
    return found


def _floor(target: Backend) -> str:
    from dash_migrate.rules_data import table

    return str(table("dash_versions")["floor"][target])
