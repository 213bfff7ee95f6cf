"""Puts the compatibility report together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from dash_migrate.app_records import name_of
from dash_migrate.check import display_path, narrowed, report_on
from dash_migrate.compat.apps import (
    blocking_of,
    constructor_of,
    coverage_of,
    dash_of,
    starts_of,
)
from dash_migrate.compat.diffs import deploy_changes
from dash_migrate.compat.material import Material
from dash_migrate.compat.model import (
    AppReport,
    CompatReport,
    DeployChange,
    FeatureCell,
    FeatureUse,
    Frame,
    Judged,
    NotAnalysed,
    Place,
)
from dash_migrate.compat.move import Move, move
from dash_migrate.compat.uses import EVERY, places
from dash_migrate.compat.verdicts import checklist, stuck, verdict
from dash_migrate.facts.scan import App
from dash_migrate.features import Feature, features, nearest, versions
from dash_migrate.fixes.plan import Strategy
from dash_migrate.model import BACKENDS, Backend, Finding
from dash_migrate.project import Loaded, load
from dash_migrate.syntax.segments import split_lines

#: lines shown before and after a finding, and how many at most
_AROUND, _MOST = 2, 14
#: longest line that a frame shows
_WIDE = 240

#: rows about start commands, which fix rewrites where it finds them
_STARTED = ("gunicorn", "serve-dash-object")


def build(
    paths: Sequence[Path | str],
    targets: tuple[Backend, ...] = BACKENDS,
    dash_version: str | None = None,
    strategy: Strategy = "auto",
) -> CompatReport:
    """The compatibility report of the project under ``paths``.

    Args:
        dash_version: the version of Dash to read the feature table for; default: the newest release probed.
        strategy: how ``fix`` is to move it.

    Raises:
        VersionError: ``dash_version`` is not a version number.
    """
    version = nearest(dash_version, list(versions()))
    return _Builder(paths, targets, version, strategy).run()


class _Builder:
    def __init__(
        self, paths: Sequence[Path | str], targets: tuple[Backend, ...], version: str, strategy: Strategy
    ) -> None:
        self.paths, self.targets, self.version, self.strategy = paths, targets, version, strategy
        self.loaded: Loaded = load(paths)
        self.before = narrowed(report_on(self.loaded, targets), paths)
        self.findings = self.before.findings
        self.ties = self.findings
        if targets == ("flask",):  # for which nothing of Flask's is a finding; it is counted all the same
            self.ties = report_on(self.loaded, ("fastapi", "quart")).findings
        self.material = Material(self.loaded, self.findings)
        self.moves: Mapping[Backend, Move] = {t: move(self.loaded, paths, t, self.findings, strategy) for t in targets}
        self._texts: dict[str, list[str]] = {}
        self.ids = {app: f"app-{number}" for number, app in enumerate(self.material.facts.apps, start=1)}

    def run(self) -> CompatReport:
        used = {row.id: places(self.material, row.id) for row in features()}
        apps = tuple(self._app(app, used) for app in self.material.facts.apps)
        named = [display_path(path) for path in self.paths]
        command = "" if self.strategy == "auto" else f" --strategy {self.strategy}"
        return CompatReport(
            targets=self.targets,
            dash_version=self.version,
            apps=apps,
            findings=tuple(self._judged(finding) for finding in self.findings),
            changes={target: made.changes for target, made in self.moves.items()},
            checklist={target: checklist(made, apps, named, command) for target, made in self.moves.items()},
            not_analysed=tuple(self._not_analysed()),
            errors=tuple(self.before.errors),
            read=self.before.read,
            skipped=self.before.skipped,
        )

    # --- one app

    def _app(self, app: App, used: Mapping[str, list[Place]]) -> AppReport:
        mine = [f for f in self.findings if app in self.material.apps_of_path(f.path)]
        ties = [f for f in self.ties if app in self.material.apps_of_path(f.path)]
        callbacks = [c for c in self.material.callbacks if app in self.material.apps_of_callback(c)]
        moved = tuple(t for t, made in self.moves.items() if made.plan_of(app) is not None)
        guarded = tuple(t for t in moved if self.strategy == "guard" and t != "flask")
        uses = tuple(self._uses(app, used, moved))
        verdicts = {}
        for target, made in self.moves.items():
            before = [f for f in mine if target in f.backends]
            left = [f for f in made.work_left if app in self.material.apps_of_path(f.path)]
            verdicts[target] = verdict(app, made, before, left, uses)
        files = sorted(p for p in self.material.facts.project.files if app in self.material.apps_of_path(p))
        return AppReport(
            id=self.ids[app],
            name=name_of(app),
            place=Place(app.file.display, app.position[1]),
            constructor=constructor_of(self.material, app),
            backend=app.backend,
            bridged=app.bridged,
            dash=dash_of(self.material, app),
            files=tuple(files),
            verdicts=verdicts,
            features=uses,
            coverage=coverage_of(self.material, app, callbacks, ties),
            blocking=blocking_of(callbacks),
            starts=starts_of(self.material, app, moved, guarded),
            stuck={t: tuple(stuck(app, t, t in moved)) for t in self.targets},
            deploy={t: self._deploy(app, t) for t in self.targets},
        )

    def _deploy(self, app: App, target: Backend) -> tuple[DeployChange, ...]:
        found = deploy_changes(self.moves[target].changes)
        return tuple(one for one in found if app in self.material.apps_of_path(one.place.path))

    def _uses(self, app: App, used: Mapping[str, list[Place]], moved: tuple[Backend, ...]) -> list[FeatureUse]:
        found = []
        for row in features():
            where = tuple(p for p in used[row.id] if app in self.material.apps_of_path(p.path))
            if where or row.id in EVERY:
                carried = frozenset(moved)
                if app.backend in BACKENDS and (app.bridged or app.native):
                    carried |= {app.backend}
                found.append(self._use(row, where, carried))
        return found

    def _use(self, row: Feature, where: tuple[Place, ...], carried: frozenset[str]) -> FeatureUse:
        """A row for an app; ``carried``: the backends to which ``fix`` brings it, or has."""
        cells = {}
        for backend in BACKENDS:
            cell = row.cell(backend, self.version)
            cells[backend] = FeatureCell(
                cell.status, cell.seen, row.notes.get(backend, ""), row.refuted(backend, self.version)
            )
        claims: dict[Backend, str] = {backend: claim.status for backend, claim in row.claims.items()}
        fixed: dict[Backend, FeatureCell] = {}
        for backend in BACKENDS:
            after = row.after_fix(backend, self.version)
            if after is not None:
                fixed[backend] = FeatureCell(after.status, after.seen)
        kept = {backend for backend in fixed if row.kept(backend, self.version)}
        if row.id in _STARTED and any(start.changes for start in self.material.starts):
            kept |= {target for target in self.targets if target != "flask"}
        kept &= carried
        return FeatureUse(row.id, row.title, row.decides, where, cells, claims, fixed, frozenset(kept), row.essential)

    # --- findings

    def _judged(self, finding: Finding) -> Judged:
        concerned = [t for t in self.targets if t in finding.backends]
        return Judged(
            finding,
            {target: self.moves[target].fate(finding) for target in concerned},
            tuple(self.ids[app] for app in self.material.apps_of_path(finding.path)),
            self._frame(finding),
            {target: self.moves[target].hunks.touching(finding) for target in concerned},
        )

    def _frame(self, finding: Finding) -> Frame | None:
        lines = self._lines(finding.path)
        if not lines:
            return None
        first = max(1, finding.span.line - _AROUND)
        last = min(len(lines), finding.span.end_line + _AROUND, first + _MOST - 1)
        shown = (line.rstrip("\r\n\f") for line in lines[first - 1 : last])
        return Frame(first, tuple(line if len(line) <= _WIDE else line[:_WIDE] + "…" for line in shown))

    def _lines(self, path: str) -> list[str]:
        known = self._texts.get(path)
        if known is None:
            text = self.loaded.texts.get(path)
            if text is not None:
                known = split_lines(text.text)
            else:
                known = self._lines_of_other(path)
            self._texts[path] = known
        return known

    def _lines_of_other(self, path: str) -> list[str]:
        file = self.material.workspace.file(path)
        return split_lines(file.text) if file is not None else []

    # --- what was not looked into

    def _not_analysed(self) -> list[NotAnalysed]:
        found = [
            NotAnalysed(error.path + (f":{error.line}" if error.line else ""), error.message)
            for error in self.before.errors
        ]
        found += [NotAnalysed(f"{f.path}:{f.span.line}", f.message) for f in self.findings if f.code == "DM902"]
        found += [NotAnalysed(path, "a notebook") for path in self.loaded.selection.notebooks]
        reasons = Counter(one.reason for one in (*self.loaded.files.skipped, *self.loaded.selection.skipped))
        for reason, number in reasons.most_common():
            first = next(
                one.path for one in (*self.loaded.files.skipped, *self.loaded.selection.skipped) if one.reason == reason
            )
            found.append(NotAnalysed(first if number == 1 else f"{first} and {number - 1} more", reason))
        return found
