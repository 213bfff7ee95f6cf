"""Plans the move of a project and computes every file it changes, in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from dash_migrate.facts.dynamic import is_handed_over
from dash_migrate.facts.scan import App
from dash_migrate.facts.sides import Sides
from dash_migrate.fixes.bridge import MODULE, Bridge, start_edits
from dash_migrate.fixes.checked import checked, raise_for_debugging, reason_of
from dash_migrate.fixes.edits import FileEdits, apply_edits
from dash_migrate.fixes.imports import add_imports
from dash_migrate.fixes.native.declines import Decline
from dash_migrate.fixes.native.emit import emit
from dash_migrate.fixes.native.registry import NATIVES
from dash_migrate.fixes.native.work import Work
from dash_migrate.fixes.placement import Placement
from dash_migrate.model import Backend, FileError
from dash_migrate.project import Loaded

RUNTIME = Path(__file__).resolve().parent.parent / "runtime"

Strategy = Literal["auto", "rewrite", "bridge", "guard"]


@dataclass
class GroupPlan:
    """Apps that are linked by imports move together, one way."""

    apps: list[App]
    files: set[str]
    strategy: Literal["rewrite", "bridge", "guard"]
    #: what kept the group from being rewritten natively
    declines: list[Decline] = field(default_factory=list)


@dataclass
class Fixed:
    """What ``fix`` would write."""

    #: new contents by display path, only where they differ
    changed: dict[str, bytes] = field(default_factory=dict)
    created: dict[str, bytes] = field(default_factory=dict)
    errors: list[FileError] = field(default_factory=list)
    plans: list[GroupPlan] = field(default_factory=list)


def fix(loaded: Loaded, target: Backend, only: Iterable[str] = (), strategy: Strategy = "auto") -> Fixed:
    """The changes that bring a project to a backend.

    Args:
        only: move nothing but these files and what imports link them with (default: everything).
        strategy: ``auto`` rewrites what can be rewritten and bridges the rest; ``bridge`` bridges all;
            ``rewrite`` is ``auto`` with the reasons for every bridge reported as work that is left.
    """
    return Planner(loaded, target, only, strategy).run()


class Planner:
    """Groups the apps of a project, and computes the files of each group."""

    def __init__(self, loaded: Loaded, target: Backend, only: Iterable[str], strategy: Strategy) -> None:
        self.loaded, self.target, self.strategy = loaded, target, strategy
        self.facts = loaded.facts
        self.sides = Sides(self.facts)
        only = list(only)
        self.chosen = self.sides.linked(only) if only else set(loaded.texts)
        self.edits = self.fresh(set(loaded.texts))
        self.fixed = Fixed()

    def run(self) -> Fixed:
        """Compute every file."""
        start_edits(self.facts, self.edits)
        grouped: set[str] = set()
        if self.target != "flask":
            for group in self._groups():
                self.fixed.plans.append(group)
                grouped |= group.files
                before = dict(self.fixed.created)
                try:
                    packages = self.edit_group(group)
                except Exception as error:  # whatever an app does to us costs that app, not the run
                    self.fixed.created = before
                    self._not_changed(group.apps[0].file.display, error)
                    continue
                self._apply(group.files, packages)
        for name in sorted(self.chosen - grouped):
            self._apply({name}, [])
        return self.fixed

    def fresh(self, names: set[str]) -> dict[str, FileEdits]:
        """No edits yet for some files."""
        return {
            name: FileEdits(file, self.loaded.texts[name])
            for name, file in self.facts.project.files.items()
            if name in names and name in self.loaded.texts
        }

    # --- groups

    def _groups(self) -> list[GroupPlan]:
        """The apps to move, those that share files together."""
        moving = [a for a in self.facts.apps if a.backend == "flask" and a.constructors]
        moving = [a for a in moving if a.file.display in self.chosen]
        groups: list[GroupPlan] = []
        for app in moving:
            files = self.sides.linked([app.file.display]) & self.chosen
            known = next((g for g in groups if g.files & files), None)
            if known is None:
                groups.append(GroupPlan([app], set(files), "bridge"))
            else:
                known.apps.append(app)
                known.files |= files
        for name in self.chosen:
            file = self.facts.project.files.get(name)
            if file is None or any(name in g.files for g in groups):
                continue
            near = self.sides.apps_for(file)
            for group in groups:
                if any(app in near for app in group.apps):
                    group.files.add(name)
                    break
        return groups

    def edit_group(self, group: GroupPlan) -> list[Placement]:
        """Edit the files of a group; gives where the packages it needs were put."""
        if self.strategy != "bridge" and self.target in NATIVES:
            try:
                work = self._rewritten(group)
            except Exception as error:  # what no rewriter thought of can still be bridged
                raise_for_debugging(error)
                app = group.apps[0]
                group.declines = [Decline(app.file.display, app.position[1], 1, reason_of(error))]
            else:
                if not work.declines:
                    group.strategy = "rewrite"
                    return [self._take(group, work)]
                group.declines = sorted(work.declines.found)
        bridge = Bridge(self.facts, group.apps, self.target, self.edits)
        bridge.make()
        parts = {part.name: part.read_bytes() for part in sorted((RUNTIME / MODULE).glob("*.py"))}
        return [self.place(group, MODULE, parts)]

    def _rewritten(self, group: GroupPlan) -> Work:
        native = NATIVES[self.target]
        files = group.files - self.sides.bystanders
        work = Work(self.facts, group.apps, files, self.fresh(files), native.package)
        native.convert(work)
        for name in files:
            file = self.facts.project.files[name]
            for call, scope in file.calls:
                if is_handed_over(self.facts, call, scope):
                    work.decline(file, call, "what this does with the app is only known at run time")
                if self.facts.served_by_call(call):
                    work.decline(file, call, "the server is called as a WSGI app")
        for name in self.sides.used_by_bystanders(files):
            if work.edits[name]:
                work.decline(
                    work.edits[name].file, work.edits[name].file.tree, "a Flask app without Dash uses this, too"
                )
        return work

    def _take(self, group: GroupPlan, work: Work) -> Placement:
        names: set[str] = set()
        for name, made in work.edits.items():
            self.edits[name].take(made)
            names |= made.imports.get(work.package, set())
        return self.place(group, work.package, emit(work.package, NATIVES[self.target].rows, names, work.modules))

    def place(self, group: GroupPlan, package: str, parts: Mapping[str, bytes]) -> Placement:
        """Put the package beside the apps that need it, and spell its imports."""
        placement = Placement(self.loaded, package)
        for path in self.spell_imports(group, placement):
            for part, data in parts.items():
                self.fixed.created[f"{path}/{part}"] = data
        return placement

    def spell_imports(
        self, group: GroupPlan, placement: Placement, edits: Mapping[str, FileEdits] | None = None
    ) -> set[str]:
        """Write the imports of a generated module as each file of a group has to; gives where the module goes."""
        paths = {app.position: placement.place(app) for app in group.apps}
        for name in group.files:
            wanted = (self.edits if edits is None else edits).get(name)
            if wanted is None or (placement.name not in wanted.imports and not wanted.modules):
                continue
            near = [a for a in self.sides.apps_for(wanted.file) if a.position in paths] or group.apps
            dotted = placement.import_name(wanted.file, paths[near[0].position])
            if placement.name in wanted.imports:
                wanted.imports[dotted] = wanted.imports.pop(placement.name)
            for statement, module in wanted.modules.items():
                if module.startswith(f"{placement.name}."):
                    wanted.modules[statement] = dotted + module.removeprefix(placement.name)
        return set(paths.values())

    # --- texts

    def _apply(self, names: set[str], packages: list[Placement]) -> None:
        """Compute the files of a group, all of them or none."""
        changed: dict[str, bytes] = {}
        for name in sorted(names):
            wanted = self.edits.get(name)
            if wanted is None or not wanted:
                continue
            try:
                data = self.encoded(name, self.text(wanted))
            except Exception as error:  # whatever a file does to LibCST or to us costs its app, not the run
                self._not_changed(name, error)
                for path in (path for package in packages for path in package.placed):
                    self.fixed.created = {
                        p: d for p, d in self.fixed.created.items() if not p.startswith((f"{path}/", f"{path}.py"))
                    }
                return
            if data != self.loaded.sources[name].data:
                changed[name] = data
        self.fixed.changed.update(changed)

    def _not_changed(self, name: str, error: Exception) -> None:
        raise_for_debugging(error)
        self.fixed.errors.append(FileError(name, f"not changed, and nothing that goes with it: {reason_of(error)}"))

    def text(self, wanted: FileEdits) -> str:
        """The text of a file with its edits made."""
        text = self.with_imports(apply_edits(wanted), wanted)
        is_gap = wanted.text.text[:1] not in ("\r", "\n")  # a first import that went leaves one
        return text.lstrip("\r\n") if is_gap else text

    def with_imports(self, text: str, wanted: FileEdits) -> str:
        """A text with the imports that a file needs."""
        if not wanted.imports:
            return text
        name = wanted.file.display
        modules = self.loaded.selection.modules

        def is_local(module: str) -> bool:
            return bool(modules.resolve_import(name, 0, module))

        return add_imports(text, wanted.imports, self.newline(name), is_local)

    def newline(self, name: str) -> str:
        """How lines end in a file."""
        return self.loaded.sources[name].newline

    def encoded(self, name: str, text: str) -> bytes:
        """A text as the file has it."""
        return checked(self.loaded.sources[name], text)


def merged(loaded: Loaded, fixed: Fixed) -> Mapping[str, bytes]:
    """The contents of the project after the fix, for a second look."""
    return {**{n: s.data for n, s in loaded.sources.items()}, **fixed.changed, **fixed.created}
