"""Everything a report is put together from, each worked out once and only if asked for."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property

from dash_migrate.compat.model import Place
from dash_migrate.deploy.deps.model import Requirement
from dash_migrate.deploy.starts import Start, Starts
from dash_migrate.deploy.workspace import Workspace
from dash_migrate.facts.blocking import Blocking
from dash_migrate.facts.callbacks import Callback, callbacks_of
from dash_migrate.facts.hooks import Hook, hooks_of
from dash_migrate.facts.reads import Reads
from dash_migrate.facts.routes import Route, routes_of
from dash_migrate.facts.scan import App, Facts
from dash_migrate.facts.sides import Sides
from dash_migrate.facts.values import Ext
from dash_migrate.model import Finding
from dash_migrate.project import Loaded

#: files of a project that are read for what calls may block; more would make a report slow
_MANY_FILES = 4000


class Material:
    """A project that has been read, and what the report asks of it."""

    def __init__(self, loaded: Loaded, findings: list[Finding] | None = None) -> None:
        self.loaded = loaded
        self.facts: Facts = loaded.facts
        self.findings = findings or []
        self._apps: dict[str, list[App]] = {}
        self._apps_of_callback: dict[int, list[App]] = {}

    @cached_property
    def sides(self) -> Sides:
        return Sides(self.facts)

    @cached_property
    def blocking(self) -> Blocking:
        return Blocking(self.facts.project)

    @cached_property
    def callbacks(self) -> list[Callback]:
        return callbacks_of(self.facts.project, list(self.loaded.selection.files)[:_MANY_FILES], self.blocking)

    @cached_property
    def routes(self) -> list[Route]:
        return routes_of(self.facts, self.sides)

    @cached_property
    def hooks(self) -> list[Hook]:
        return hooks_of(self.facts, self.blocking, self.sides)

    @cached_property
    def reads(self) -> Reads:
        return Reads(self.blocking)

    @cached_property
    def start_finder(self) -> Starts:
        """Finds the commands of deploy files that start an app, whatever backend it has."""
        return Starts(self.workspace, lambda app: "fastapi" if app.backend == "flask" else app.backend, True)

    @property
    def starts(self) -> list[Start]:
        """Those commands."""
        return self.start_finder.found

    @cached_property
    def workspace(self) -> Workspace:
        """The files that are no code."""
        return Workspace(self.loaded, self.loaded.contents)

    @cached_property
    def requirements(self) -> list[Requirement]:
        """Where the project asks for Dash."""
        from dash_migrate.deploy.deps.collect import declared

        return declared(self.workspace).named("dash")

    # --- the apps something belongs to

    def apps_of_path(self, path: str) -> list[App]:
        """The apps that a file serves: linked by imports; for other files those nearest to it."""
        if path not in self._apps:
            self._apps[path] = self._find_apps(path)
        return self._apps[path]

    def _find_apps(self, path: str) -> list[App]:
        file = self.facts.project.files.get(path)
        if file is not None:
            return self.sides.apps_for(file)
        folder = path.rpartition("/")[0]
        while True:
            prefix = folder + "/" if folder else ""
            near = [app for app in self.facts.apps if app.file.display.startswith(prefix)]
            if near or not folder:
                return near
            folder = folder.rpartition("/")[0]

    def apps_of_callback(self, callback: Callback) -> list[App]:
        """The apps it is declared on; for ``dash.callback`` those that its file is linked with."""
        known = self._apps_of_callback.get(id(callback))
        if known is None:
            same = self.facts.project.evaluator.objects.same_object
            known = [app for app in self.facts.apps if any(same(app.value, one) for one in callback.apps)]
            known = self._apps_of_callback[id(callback)] = known or self.apps_of_path(callback.file.display)
        return known

    # --- looking around in the code

    def attributes(self, name: str) -> Iterator[tuple[ast.Attribute, frozenset[str], Place]]:
        """The attribute expressions of a name, with the external names they may be."""
        evaluator = self.facts.project.evaluator
        for path in sorted(self.facts.project.files):
            file = self.facts.project.files[path]
            for node, scope in file.attributes.get(name, ()):
                found = frozenset(v.dotted for v in evaluator.eval(node, scope) if isinstance(v, Ext))
                yield node, found, Place(path, node.lineno)

    def calls(self, *names: str) -> Iterator[tuple[ast.Call, frozenset[str], Place]]:
        """The calls whose last name is one of these, with where what is called comes from."""
        from dash_migrate.facts.project import last_name

        for path in sorted(self.facts.project.files):
            file = self.facts.project.files[path]
            for call, scope in file.calls:
                if last_name(call.func) in names:
                    found = self.facts.project.evaluator.eval(call.func, scope)
                    dotted = frozenset(v.dotted for v in found if isinstance(v, Ext))
                    yield call, dotted, Place(path, call.lineno)

    def imports(self, root: str) -> Iterator[Place]:
        """Where a package is imported."""
        for path in sorted(self.facts.project.files):
            for bindings in self.facts.project.files[path].module.bindings.values():
                for binding in bindings:
                    module = binding.module or ""
                    if (
                        binding.kind in ("import", "from", "star")
                        and not binding.level
                        and module.split(".")[0] == root
                    ):
                        yield Place(path, binding.position[0])

    def options(self, *names: str) -> Iterator[tuple[App, str, ast.expr, Place]]:
        """The arguments of the constructors of apps, by name."""
        for app in self.facts.apps:
            for call, scope in app.constructors:
                for keyword in call.keywords:
                    if keyword.arg in names:
                        assert keyword.arg is not None
                        yield app, keyword.arg, keyword.value, Place(scope.file.display, keyword.value.lineno)
