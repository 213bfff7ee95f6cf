"""What ``check`` does, without a terminal."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dash_migrate.files.folder import with_project
from dash_migrate.files.walk import FileSet, walk
from dash_migrate.model import Backend, FileError, Finding

if TYPE_CHECKING:
    from dash_migrate.files.looks import Looks
    from dash_migrate.files.prefilter import Selection
    from dash_migrate.project import Loaded

#: bytes of source that one process takes in; it needs a hundred times as much memory
ROOM = 1_500_000
#: what a report imports as late as it can
MODULES = (
    *(f"dash_migrate.deploy.{name}" for name in ("judge", "starts", "deps.judge", "deps.unused", "readers.json_files")),
    *(f"dash_migrate.findings.visitors.{name}" for name in ("apps", "backends", "extensions", "names", "surface")),
    *(f"dash_migrate.findings.{name}" for name in ("comments", "engine", "unread")),
)
CRASHED = "the parser crashed on it, or on a file that goes with it"


#: what is said once of all the folders that are no project
_ONCE = ("DM704",)


@dataclass
class Report:
    """Everything a report is made of."""

    targets: tuple[Backend, ...]
    findings: list[Finding] = field(default_factory=list)
    apps: list[dict[str, Any]] = field(default_factory=list)
    read: int = 0
    skipped: int = 0
    changed: list[str] = field(default_factory=list)
    errors: list[FileError] = field(default_factory=list)
    #: what is worth a sentence and is no finding
    notes: list[str] = field(default_factory=list)
    #: whether it is of a project; else of a folder among others that nothing marks as one
    is_project: bool = True

    @property
    def unsaid(self) -> list[FileError]:
        """The errors of files that no finding speaks of."""
        said = {f.path for f in self.findings if f.code == "DM901"}
        return [error for error in self.errors if error.path not in said]

    @classmethod
    def joined(cls, targets: tuple[Backend, ...], parts: Iterable[Report]) -> Report:
        """One report from those of the parts of a tree."""
        whole = cls(targets)
        said: set[str] = set()
        for part in parts:
            whole.findings += [f for f in part.findings if part.is_project or f.code not in said]
            said |= set() if part.is_project else {f.code for f in part.findings if f.code in _ONCE}
            whole.apps += part.apps
            whole.read += part.read
            whole.skipped += part.skipped
            whole.changed += part.changed
            whole.errors += [e for e in part.errors if e not in whole.errors]
            whole.notes += part.notes
        whole.findings.sort(key=lambda f: f.sort_key)
        whole.apps.sort(key=lambda app: (app["path"], app["line"]))
        whole.changed.sort()
        return whole

    def count(self, obligation: str) -> int:
        return sum(f.obligation == obligation for f in self.findings)

    def has_work(self, strict: bool = False) -> bool:
        """Whether anything is left that a person has to know of."""
        left = self.count("required") + self.count("potential")
        return bool(left or (strict and self.findings))


def check(
    paths: Sequence[Path | str],
    targets: tuple[Backend, ...],
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    cache: Path | None = None,
) -> Report:
    """Find what ties the project under ``paths`` to Flask.

    Args:
        cache: the folder in which to look for the answer, and to keep it; None: find it out in any case.
    """
    files = walk(with_project(paths))
    if cache is None:
        return narrowed(_found(files, targets, select, ignore), paths)
    from dash_migrate.cache.answers import question
    from dash_migrate.files.looks import Looks, recorded

    asked = question(cache, files, targets, select, ignore)
    report = asked.answer()
    if report is None:
        with recorded(Looks()) as looks:
            report = _found(files, targets, select, ignore)
        asked.keep(report, looks)
    return narrowed(report, paths)


def _found(
    files: FileSet,
    targets: tuple[Backend, ...],
    select: Sequence[str],
    ignore: Sequence[str],
) -> Report:
    """The report for the whole project."""
    from dash_migrate.files.looks import recording
    from dash_migrate.files.prefilter import select as select_files

    selection = select_files(files)
    if selection.files or selection.notebooks:
        from dash_migrate.project import each_part  # facts and rules take longer to import than a small tree to read

        def work(loaded: Loaded) -> tuple[Report, Looks | None]:
            return report_on(loaded, targets, select, ignore), recording()

        def died(part: FileSet, chosen: Selection) -> tuple[Report, Looks | None]:
            return lost(part, chosen, targets), None

        parts = each_part(files, selection, work, died, ROOM, MODULES)
        looks = recording()
        for _, seen in parts if looks is not None else ():
            if looks is not None and seen is not looks:
                looks.take(seen)
        report = Report.joined(targets, (one for one, _ in parts))
    else:
        report = Report(targets, read=selection.read, skipped=len(files.skipped) + len(selection.skipped))
        report.errors = [*files.errors, *selection.errors]
        from dash_migrate.files.declared import declaring

        if declaring(files):
            from dash_migrate.findings import library

            found = library.search(files, None)
            report.findings = [f for f in library.findings(found, targets) if _chosen(f, select, ignore)]
        if report.errors:
            from dash_migrate.findings.unread import unread

            report.findings += [f for f in unread(report.errors, targets) if _chosen(f, select, ignore)]
    return report


def lost(files: FileSet, selection: Selection, targets: tuple[Backend, ...]) -> Report:
    """The report for a part of a tree that kills the process that looks at it."""
    from dash_migrate.findings.unread import unread

    errors = [FileError(one.path, CRASHED) for one in selection.to_index]
    report = Report(targets, list(unread(errors, targets)), read=selection.read, errors=errors)
    report.skipped = len(files.skipped) + len(selection.skipped)
    return report


def narrowed(report: Report, paths: Sequence[Path | str]) -> Report:
    """The report for the files named one by one; the whole report if a folder was named."""
    if all(os.path.isfile(p) for p in paths):
        named = {display_path(p) for p in paths}
        report.findings = [f for f in report.findings if f.path in named]
        report.errors = [e for e in report.errors if e.path in named]
    return report


def display_path(path: Path | str) -> str:
    """A path as findings have it: relative to the working directory where it can be, with ``/``."""
    return os.path.relpath(path).replace(os.sep, "/")


def report_on(
    loaded: Loaded,
    targets: tuple[Backend, ...],
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> Report:
    """The report for a project that has been read."""
    from dash_migrate import deploy
    from dash_migrate.app_records import app_records
    from dash_migrate.findings import library
    from dash_migrate.findings.comments import apply_comments, read_comments
    from dash_migrate.findings.engine import judge
    from dash_migrate.findings.unread import unread

    findings, errors = judge(loaded.facts, loaded.texts, targets)
    of_library = library.search(loaded.files, loaded)
    if of_library:  # what it makes on the side, for its tests, stays where it is
        findings = list(library.findings(of_library, targets))
    comments = {name: read_comments(text.text) for name, text in loaded.texts.items() if "dash-migrate" in text.text}
    findings = apply_comments(findings, comments, targets)
    findings += [] if of_library else deploy.findings(loaded, targets)
    findings += unread((*loaded.errors, *errors), targets)
    findings = sorted((f for f in findings if _chosen(f, select, ignore)), key=lambda f: f.sort_key)
    report = Report(targets, findings)
    report.apps = app_records(loaded, targets, findings)
    report.is_project = loaded.selection.is_project
    report.read = loaded.read
    report.skipped = len(loaded.files.skipped) + len(loaded.selection.skipped)
    report.errors = [*loaded.errors, *errors]
    return report


def _chosen(finding: Finding, select: Sequence[str], ignore: Sequence[str]) -> bool:
    def named(names: Sequence[str]) -> bool:
        return any(finding.code.startswith(n.upper()) or finding.name == n for n in names)

    return (not select or named(select)) and not named(ignore)
