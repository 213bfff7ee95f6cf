"""Which files and blueprints belong to the Dash side of a project, and which to a Flask site of its own."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cached_property

from dash_migrate.facts.project import last_name
from dash_migrate.facts.scan import App, Facts
from dash_migrate.facts.scopes import FileIndex, parent_of
from dash_migrate.facts.values import Blueprint, DashApp, FlaskApp, Server, Value


class Sides:
    """Answers "is this ours?" for files, blueprints and functions."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self._apps_for: dict[str, list[App]] = {}
        self._imported: dict[str, list[str]] = {}

    @cached_property
    def dash_files(self) -> set[str]:
        """Files that make or use a Dash app on Flask, and what they import, and so on."""
        todo = [name for name, file in self.facts.project.files.items() if self._touches_dash(name, file)]
        found = set(todo)
        while todo:
            new = set(self.imports(todo.pop())) - found
            found |= new
            todo += new
        return found

    @cached_property
    def bystanders(self) -> set[str]:
        """Files of Flask apps that have nothing to do with Dash, but for what they share with it."""
        found = {name for name in self.facts.project.files if name not in self.dash_files and self._has_flask_app(name)}
        todo = list(found)
        while todo:
            name = todo.pop()
            near = set(self.imports(name))
            near |= {other for other, imported in self._imported_by_others.items() if name in imported}
            todo += near - found - self.dash_files
            found |= near - self.dash_files
        return found

    def used_by_bystanders(self, names: Iterable[str]) -> set[str]:
        """Which files, of some of the Dash side, Flask apps that have nothing to do with Dash import, too."""
        found: set[str] = set()
        todo = list(self.bystanders)
        while todo:
            new = set(self.imports(todo.pop())) - found - self.bystanders
            found |= new
            todo += new
        return found & set(names)

    @cached_property
    def _imported_by_others(self) -> dict[str, set[str]]:
        """For the files that are not on the Dash side: what they import."""
        files = self.facts.project.files
        others = [name for name in files if name not in self.dash_files]
        return {name: set(self.imports(name)) for name in others}

    def _has_flask_app(self, name: str) -> bool:
        references = self.facts.references.get(name, ())
        return any(isinstance(value, FlaskApp) for reference in references for value in reference.values)

    def _touches_dash(self, name: str, file: FileIndex) -> bool:
        for reference in self.facts.references.get(name, ()):
            for value in reference.values:
                if isinstance(value, (DashApp, Server)) or value in self.facts.hosts:
                    return True
        for bindings in file.module.bindings.values():
            for binding in bindings:
                root = (binding.module or "").split(".")[0]
                if binding.kind in ("import", "from", "star") and not binding.level and _is_dash(root):
                    return True
        return False

    def imports(self, name: str) -> list[str]:
        """The project files that a file imports."""
        known = self._imported.get(name)
        if known is None:
            known = self._imported[name] = self.facts.project.imported_paths(name)
        return known

    @cached_property
    def _registrations(self) -> dict[Blueprint, set[bool]]:
        """For each blueprint: whether it is registered on a Dash server (True), another Flask app (False)."""
        found: dict[Blueprint, set[bool]] = {}
        nested: list[tuple[Blueprint, Blueprint]] = []
        evaluator = self.facts.project.evaluator
        for file in self.facts.project.files.values():
            for node, scope in file.attributes.get("register_blueprint", ()):
                call = parent_of(node)
                if not isinstance(call, ast.Call) or not call.args:
                    continue
                blueprints = [v for v in evaluator.eval(call.args[0], scope) if isinstance(v, Blueprint)]
                for owner in evaluator.eval(node.value, scope):
                    for blueprint in blueprints:
                        if isinstance(owner, Blueprint):
                            nested.append((owner, blueprint))
                        elif isinstance(owner, (Server, FlaskApp)):
                            found.setdefault(blueprint, set()).add(self.facts.is_server(owner))
        for _ in nested:
            for owner, blueprint in nested:
                found.setdefault(blueprint, set()).update(found.get(owner, ()))
        return found

    def linked(self, names: Iterable[str]) -> set[str]:
        """The files that are linked by imports, whichever way, with one of these."""
        return set().union(*(self._components.get(name, {name}) for name in names))

    @cached_property
    def _components(self) -> dict[str, set[str]]:
        """Files that are linked by imports, whichever way."""
        links: dict[str, set[str]] = {name: set() for name in self.facts.project.files}
        for name in self.facts.project.files:
            for imported in self.imports(name):
                links[name].add(imported)
                links.setdefault(imported, set()).add(name)
        found: dict[str, set[str]] = {}
        for start in links:
            if start in found:
                continue
            component = {start}
            todo = [start]
            while todo:
                for other in links[todo.pop()]:
                    if other not in component:
                        component.add(other)
                        todo.append(other)
            for name in component:
                found[name] = component
        return found

    def apps_for(self, file: FileIndex) -> list[App]:
        """The Dash apps that code in a file may serve: linked by imports, else the nearest folder upwards."""
        known = self._apps_for.get(file.display)
        if known is None:
            known = self._apps_for[file.display] = self._find_apps_for(file)
        return known

    def _find_apps_for(self, file: FileIndex) -> list[App]:
        component = self._components.get(file.display, set())
        linked = [app for app in self.facts.apps if app.file.display in component]
        if linked:
            return linked
        folder = file.display.rpartition("/")[0]
        while True:
            prefix = folder + "/" if folder else ""
            near = [app for app in self.facts.apps if app.file.display.startswith(prefix)]
            if near or not folder:
                return near
            folder = folder.rpartition("/")[0]

    def is_ours(self, value: Value) -> bool:
        """Whether a Flask app or blueprint belongs to a Dash server."""
        if isinstance(value, Blueprint):
            where = self._registrations.get(value)
            return True in where if where else value.site.file.display in self.dash_files
        return self.facts.is_server(value)

    def in_foreign_view(self, node: ast.AST, file: FileIndex) -> bool:
        """Whether a node is inside a view or hook of a Flask app that has nothing to do with Dash."""
        current = parent_of(node)
        while current is not None:
            for decorator in getattr(current, "decorator_list", ()):
                target = decorator.func if isinstance(decorator, ast.Call) else decorator
                if isinstance(target, ast.Attribute) and last_name(target.value):
                    owners = [
                        v
                        for v in self.facts.values.get(target.value, ())
                        if isinstance(v, (FlaskApp, Server, Blueprint))
                    ]
                    if owners and not any(self.is_ours(v) for v in owners):
                        return True
            current = parent_of(current)
        return False


def _is_dash(root: str) -> bool:
    return root == "dash" or root.startswith("dash_") or root == "jupyter_dash"
