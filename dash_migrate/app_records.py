"""The ``apps`` of the JSON contract: what each Dash app is, and how much of it moves which way."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dash_migrate.facts.scan import App
from dash_migrate.facts.scopes import statement_of
from dash_migrate.facts.sides import Sides
from dash_migrate.files.project import is_below
from dash_migrate.model import Backend, Finding

if TYPE_CHECKING:
    from dash_migrate.fixes.plan import GroupPlan
    from dash_migrate.project import Loaded

_COUNTED: Mapping[str, str] = {"routes": "DM3", "hooks": "DM2"}
_PLACES = {"rewrite": "native", "works": "native", "guard": "native", "bridge": "bridged"}


def app_records(
    loaded: Loaded,
    targets: tuple[Backend, ...],
    findings: Sequence[Finding],
    plans: Iterable[GroupPlan] = (),
    before: Loaded | None = None,
) -> list[dict[str, Any]]:
    """The apps of a project.

    Args:
        findings: of the project as it was.
        plans: how ``fix`` moved the apps, if it did; else the plan says what the rules know.
        before: the project as it was, if ``fix`` moved it.
    """
    plans = list(plans)
    old = before or loaded
    sides = Sides(old.facts)
    counted = [f for f in findings if f.code.startswith(tuple(_COUNTED.values()))]
    files = old.facts.project.files
    owned: dict[tuple[str, int, int], list[Finding]] = {}
    for finding in counted:
        for app in sides.apps_for(files[finding.path]) if finding.path in files else ():
            owned.setdefault(app.position, []).append(finding)
    made = [_record(old, app, owned.get(app.position, []), targets, plans) for app in old.facts.apps]
    if before is not None and len(before.facts.apps) == len(loaded.facts.apps):
        for record, app in zip(made, loaded.facts.apps, strict=True):
            record.update(line=app.position[1], backend=app.backend)
    return made


def _record(
    loaded: Loaded,
    app: App,
    findings: list[Finding],
    targets: tuple[Backend, ...],
    plans: list[GroupPlan],
) -> dict[str, Any]:
    path, line, _ = app.position
    plan = next((p for p in plans if any(a.position == app.position for a in p.apps)), None)
    return {
        "name": name_of(app),
        "path": path,
        "line": line,
        "backend": app.backend,
        "dash": dash_constraint(loaded, path),
        "plan": {target: _plan(target, findings, plan) for target in targets if target != "flask"},
    }


def _plan(target: Backend, findings: list[Finding], plan: GroupPlan | None) -> dict[str, Any]:
    made: dict[str, Any] = {"strategy": plan.strategy if plan is not None else "auto"}
    for what, family in _COUNTED.items():
        counts = dict.fromkeys(("native", "bridged", "manual"), 0)
        for finding in findings:
            status = finding.backends.get(target)
            if status is None or not finding.code.startswith(family):
                continue
            if plan is not None and status in ("rewrite", "bridge", "works"):
                status = "bridge" if plan.strategy == "bridge" else "rewrite"
            counts[_PLACES.get(status, "manual")] += 1
        made[what] = counts
    if plan is not None and plan.declines:
        made["bridged_because"] = [f"{d.path}:{d.line}:{d.column} {d.why}" for d in plan.declines]
    return made


def name_of(app: App) -> str:
    """The name the app is bound to where it is made."""
    statement = statement_of(app.value.site.node)
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    for target in targets:
        if isinstance(target, (ast.Name, ast.Attribute)):
            return ast.unparse(target)
    return getattr(statement, "name", "") or "Dash"


def dash_constraint(loaded: Loaded, path: str) -> str | None:
    """What the nearest file with requirements asks of Dash (``>=2.18``, ``*`` for any); None if none does."""
    from dash_migrate.deploy.deps.collect import declared
    from dash_migrate.deploy.workspace import Workspace

    key = "requirements of dash"

    def asking() -> list[Any]:
        every = declared(Workspace(loaded, loaded.contents)).named("dash")
        return [r for r in every if not r.locked and not r.constraint]

    known: list[Any] = _memo(loaded, key, asking)
    folder = posixpath.dirname(path)
    others = _memo(loaded, "folders of apps", lambda: {posixpath.dirname(a.file.display) for a in loaded.facts.apps})
    asked = [r for r in known if is_below(path, posixpath.dirname(r.path)) or posixpath.dirname(r.path) not in others]
    if not asked:
        return None
    nearest = min(asked, key=lambda r: _steps(folder, posixpath.dirname(r.path)))
    return nearest.spec or "*"


def _memo(loaded: Loaded, key: str, make: Callable[[], Any]) -> Any:
    if key not in loaded.memo:
        loaded.memo[key] = make()
    return loaded.memo[key]


def _steps(folder: str, other: str) -> int:
    """How many steps lie between two folders."""
    ours, theirs = [p for p in folder.split("/") if p], [p for p in other.split("/") if p]
    common = len(posixpath.commonprefix([ours, theirs]))
    return len(ours) + len(theirs) - 2 * common
