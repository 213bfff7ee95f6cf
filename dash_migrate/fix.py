"""What ``fix`` does, without a terminal and without writing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dash_migrate import deploy
from dash_migrate.app_records import app_records
from dash_migrate.check import MODULES, Report, display_path, lost, narrowed, report_on
from dash_migrate.files.errors import SourceError
from dash_migrate.files.folder import with_project
from dash_migrate.files.prefilter import Selection, select
from dash_migrate.files.source import read_bytes
from dash_migrate.files.walk import FileSet, walk
from dash_migrate.findings.library import Found
from dash_migrate.findings.library import search as find_library
from dash_migrate.fixes import dash_majors, declines, overrides, skeleton
from dash_migrate.fixes.guard.plan import default_first
from dash_migrate.fixes.guard.plan import fix as compute_guarded
from dash_migrate.fixes.library import rewrite as rewrite_library
from dash_migrate.fixes.plan import GroupPlan, Strategy, merged
from dash_migrate.fixes.plan import fix as compute
from dash_migrate.model import Backend, FileError, VersionError
from dash_migrate.project import Loaded, each_part, load_files
from dash_migrate.writes.changes import Change

#: passes after which a rewrite must have come to rest
PASSES = 3
#: bytes of source that one process takes in; it needs two hundred times as much memory
ROOM = 700_000


@dataclass
class Outcome:
    """The changes of a run, and what is left after them."""

    changes: list[Change] = field(default_factory=list)
    report: Report = field(default_factory=lambda: Report(()))
    before: Report = field(default_factory=lambda: Report(()))
    errors: list[FileError] = field(default_factory=list)
    plans: list[GroupPlan] = field(default_factory=list)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "plans": []}  # these know the code of the whole project

    @classmethod
    def joined(cls, parts: list[Outcome]) -> Outcome:
        """One outcome from those of the parts of a tree."""
        if len(parts) == 1:
            return parts[0]
        return cls(
            changes=[change for part in parts for change in part.changes],
            report=Report.joined(parts[0].report.targets, [part.report for part in parts]),
            before=Report.joined(parts[0].before.targets, [part.before for part in parts]),
            errors=[error for part in parts for error in part.errors],
            plans=[plan for part in parts for plan in part.plans],
        )


def fix(
    paths: Sequence[Path | str],
    targets: tuple[Backend, ...],
    strategy: Strategy = "auto",
    base: Path | None = None,
    with_badge: bool = False,
    dash_version: str | None = None,
    with_skeleton: bool = False,
) -> Outcome:
    """Compute the move of the project under ``paths``, and the report of what is left.

    Several targets, or the strategy ``guard``, give one code base whose backend is chosen when it starts.

    Args:
        with_skeleton: fill in what backend classes of the project lack.
        dash_version: the release of Dash to ask for (default: the oldest that works, for exact pins a tried one).

    Raises:
        VersionError: a target does not work on that release.
    """
    if dash_version is not None:
        _check_version(dash_version, targets)
    named = [display_path(p) for p in paths] if all(os.path.isfile(p) for p in paths) else []
    files = walk(with_project(paths), base)

    def work(loaded: Loaded) -> Outcome:
        loaded.dash_version = dash_version
        return fix_loaded(loaded, targets, named, strategy, with_badge, with_skeleton)

    def died(part: FileSet, chosen: Selection) -> Outcome:
        return Outcome(report=lost(part, chosen, targets))

    outcomes = each_part(files, select(files), work, died, ROOM, (*MODULES, "libcst", "dash_migrate.syntax.codegen"))
    outcome = Outcome.joined(outcomes)
    narrowed(outcome.report, paths)
    return outcome


def fix_loaded(
    loaded: Loaded,
    targets: tuple[Backend, ...],
    only: Sequence[str] = (),
    strategy: Strategy = "auto",
    with_badge: bool = False,
    with_skeleton: bool = False,
) -> Outcome:
    """The same for a project that has been read; ``only`` as in ``fixes.plan.fix``.

    The rewrite is repeated on its own result until nothing changes, so that a second run has nothing to do.
    """
    if strategy == "guard":
        targets = default_first(targets)
    outcome = Outcome(before=report_on(loaded, targets))
    of_library = find_library(loaded.files, loaded)
    if of_library:
        return _library(loaded, targets, of_library, only, outcome)
    current: dict[str, bytes] = {} if only else dash_majors.rewrite(loaded)
    created: dict[str, bytes] = {}
    state = load_files(loaded.files, loaded.selection, current, loaded) if current else loaded
    if with_skeleton:
        current.update(skeleton.rewrite(state))
        state = load_files(loaded.files, loaded.selection, current, state)
    for _ in range(PASSES):
        revived = overrides.rewrite(state, only)
        if not revived:
            break
        current.update(revived)
        state = load_files(loaded.files, loaded.selection, current, state)
    for _ in range(PASSES):
        if len(targets) == 1:
            fixed = compute(state, targets[0], only, strategy)
        else:
            fixed = compute_guarded(state, targets, only, strategy, with_badge)
        outcome.errors += [e for e in fixed.errors if e not in outcome.errors]
        created.update(fixed.created)
        outcome.plans += fixed.plans
        if not fixed.changed:
            break
        current.update(fixed.changed)
        contents = {**merged(loaded, fixed), **current, **created}
        state = load_files(loaded.files, loaded.selection, contents, state)
    else:
        names = ", ".join(sorted(fixed.changed))
        outcome.errors.append(FileError(names, "the rewrite does not come to rest; nothing is written"))
        outcome.report = replace(outcome.before, errors=[*outcome.before.errors, *outcome.errors])
        return outcome
    state.dash_version = loaded.dash_version
    if not only:
        state.contents.update(current)
        state.created = created
        current.update(deploy.changes(loaded, targets, state))
    for path, data in current.items():
        old = loaded.sources[path].data if path in loaded.sources else _on_disk(loaded, path)
        outcome.changes.append(Change(path, data, old))
    for path, data in sorted(created.items()):
        outcome.changes.append(Change(path, data, _on_disk(loaded, path)))
    outcome.changes = [c for c in outcome.changes if c.is_needed]
    outcome.report = report_on(state, targets)
    outcome.report.apps = app_records(state, targets, outcome.before.findings, outcome.plans, loaded)
    outcome.report.notes = [declines.note(plan) for plan in outcome.plans if plan.declines]
    if strategy == "rewrite":
        outcome.report.findings += declines.findings(outcome.plans, targets, current, loaded)
    outcome.report.findings += deploy.lasting(outcome.before.findings, state, outcome.report.findings)
    outcome.report.findings.sort(key=lambda f: f.sort_key)
    outcome.report.changed = sorted(c.path for c in outcome.changes)
    outcome.report.errors += [e for e in outcome.errors if e not in outcome.report.errors]
    return outcome


def _library(
    loaded: Loaded, targets: tuple[Backend, ...], found: list[Found], only: Sequence[str], outcome: Outcome
) -> Outcome:
    """The move of a project that adds something to the apps of others: it gets to run on every backend."""
    outcome.report = report_on(loaded, targets)
    if targets == ("flask",):
        return outcome
    changed, created = rewrite_library(loaded.files, [f for f in found if not only or f.path in only])
    for path, data in {**changed, **created}.items():
        outcome.changes.append(Change(path, data, _on_disk(loaded, path)))
    outcome.changes = [c for c in outcome.changes if c.is_needed]
    outcome.report.findings = [f for f in outcome.report.findings if f.path not in changed]
    outcome.report.changed = sorted(c.path for c in outcome.changes)
    return outcome


def _check_version(asked: str, targets: tuple[Backend, ...]) -> None:
    from dash_migrate.deploy.deps.versions import below, numbers
    from dash_migrate.rules_data import table

    versions = table("dash_versions")
    if not numbers(asked):
        raise VersionError(f"{asked!r} is no version of Dash")
    for target in targets:
        if below(asked, versions["floor"][target]):
            why = f"{versions['floor'][target]} or newer ({versions['why'][target]})"
            raise VersionError(f"{target} needs Dash {why}, not {asked}")


def _on_disk(loaded: Loaded, path: str) -> bytes | None:
    try:
        return read_bytes(path, loaded.files.locate(path))
    except SourceError:
        return None
