"""``from flask import …`` → ``from quart import …``, in place."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from dash_migrate.facts.names import names
from dash_migrate.facts.scopes import Binding, FileIndex, Scope, parent_of
from dash_migrate.facts.values import Ext
from dash_migrate.fixes import code
from dash_migrate.fixes.native.quart.vocabulary import Home, home, is_module
from dash_migrate.fixes.native.work import Work


class Imports:
    """Gives every import of flask its new home, and spells what it binds accordingly."""

    def __init__(self, work: Work) -> None:
        self.work = work

    def convert(self) -> None:
        """Edit all imports of flask; one that has no counterpart declines the app."""
        for name in sorted(self.work.files):
            file = self.work.facts.project.files.get(name)
            if file is None:
                continue
            for statement, scope in _import_statements(file):
                if isinstance(statement, ast.Import):
                    self._modules(file, statement, scope)
                elif not statement.level and _is_flask(statement.module or ""):
                    self._names(file, statement, scope)

    # --- from flask import …

    def _names(self, file: FileIndex, statement: ast.ImportFrom, scope: Scope) -> None:
        module = statement.module or ""
        if statement.names[0].name == "*":
            self._star(file, statement)
            return
        stays: dict[str, str] = {}
        goes: set[str] = set()
        for alias in statement.names:
            dotted = f"{module}.{alias.name}"
            found = home(dotted) or (Home("quart", alias.name) if is_module(dotted) else None)
            if found is None:
                self.work.decline(file, statement, f"`{dotted}` has no counterpart")
                return
            if found.is_ours:
                goes.add(alias.asname or alias.name)
                if self._is_taken(file, alias.asname or alias.name):
                    self.work.decline(file, statement, f"other files take `{dotted}` from here")
                    return
                self._respell(file, scope, alias.asname or alias.name, found)
            else:
                stays[alias.name] = found.module
        modules = set(stays.values())
        if len(modules) > 1:
            self.work.decline(file, statement, "an import of names that Quart keeps in several modules")
            return
        if goes:
            self.work.edits[file.display].remove_import(statement, goes)
        for new in modules:
            self.work.edit(file, statement, _from(new))

    def _star(self, file: FileIndex, statement: ast.ImportFrom) -> None:
        """``from flask import *`` → the names that are used."""
        stars = file.module.bindings.get("*", ())
        known = {r.node for r in self.work.facts.references.get(file.display, ())}
        used: dict[str, Home | None] = {}
        for scope in file.scopes:
            for name in names().star_names("flask") & set(scope.loads):
                if not _is_bound(file, name):
                    found = used[name] = home(f"flask.{name}")
                    if found is not None and found.awaited and not known.issuperset(scope.loads[name]):
                        used[name] = None  # nobody saw that it must be awaited
        lost = [name for name, found in used.items() if found is None]
        if lost or not used or [b.node for b in stars] != [statement] or self._is_imported_from(file):
            self.work.decline(file, statement, "`flask.*` has no counterpart")
            return
        stay = sorted(name for name, found in used.items() if found is not None and found.module == "quart")
        for name, found in used.items():
            if found is not None and found.module != "quart":
                self.work.name(file, name, found.module)
        self.work.edit(file, statement, _with_names(stay or ["Quart"]))

    def _is_imported_from(self, file: FileIndex) -> bool:
        """Whether other files take names of flask from a file."""
        project = self.work.facts.project
        for name in self.work.files:
            other = project.files[name]
            for bindings in other.module.bindings.values() if other is not file else ():
                for binding in bindings:
                    if binding.kind not in ("from", "star") or file not in project.imported_modules(other, binding):
                        continue
                    values = project.evaluator.binding(binding) if binding.kind == "from" else ()
                    if binding.kind == "star" or any(
                        isinstance(v, Ext) and v.dotted.startswith("flask.") for v in values
                    ):
                        return True
        return False

    def _is_taken(self, file: FileIndex, name: str) -> bool:
        """Whether another file imports a name from this one, or reads it there behind a star."""
        sources = [file]
        for source in sources:
            for other, binding in self._importers.get(source.display, ()):
                if binding.kind == "from" and binding.attr == name:
                    return True
                if binding.kind == "star" and not _is_bound(other, name):
                    if any(name in scope.loads for scope in other.scopes):
                        return True
                    if other not in sources:
                        sources.append(other)
        return False

    @cached_property
    def _importers(self) -> dict[str, list[tuple[FileIndex, Binding]]]:
        """What is imported from each file: by whom, and as what."""
        project = self.work.facts.project
        found: dict[str, list[tuple[FileIndex, Binding]]] = {}
        for other in [project.files[name] for name in self.work.files if name in project.files]:
            for binding in [b for scope in other.scopes for bound in scope.bindings.values() for b in bound]:
                for source in project.imported_modules(other, binding) if binding.kind in ("from", "star") else ():
                    found.setdefault(source.display, []).append((other, binding))
        return found

    def _respell(self, file: FileIndex, scope: Scope, bound: str, found: Home) -> None:
        local = self.work.name(file, found.name, found.module)
        if local == bound:
            return
        for load in _loads(file, scope, bound):
            self.work.edit(file, load, code.rename(local))

    # --- import flask

    def _modules(self, file: FileIndex, statement: ast.Import, scope: Scope) -> None:
        for alias in statement.names:
            if not _is_flask(alias.name):
                continue
            if not is_module(alias.name):
                self.work.decline(file, statement, f"`{alias.name}` has no counterpart")
                return
            bound = alias.asname or "flask"
            if self._is_taken(file, bound):
                self.work.decline(file, statement, f"other files take `{bound}` from here")
                return
            used = [self._module_use(file, load, bool(alias.asname)) for load in _loads(file, scope, bound)]
            if not used and not self.work.edits[file.display]:
                continue  # nobody asked for it before either; the file can stay as it is
            if used and not any(used):
                self.work.edits[file.display].remove_import(statement, {bound})
            else:
                self.work.edit(file, statement, _renamed(alias.name))

    def _module_use(self, file: FileIndex, load: ast.Name, has_alias: bool) -> bool:
        """Convert one ``flask.x``; gives whether the module is still needed for it."""
        chain: ast.AST = load
        dotted = "flask"
        while isinstance(parent_of(chain), ast.Attribute):
            attribute = parent_of(chain)
            assert isinstance(attribute, ast.Attribute)
            if dotted != "flask" and not is_module(dotted):
                break
            dotted, chain = f"{dotted}.{attribute.attr}", attribute
        found = home(dotted)
        if found is None:
            self.work.decline(file, load, f"`{dotted}` has no counterpart")
            return True
        if found.is_ours:
            self.work.edit(file, chain, _name(self.work.name(file, found.name, found.module)))
            return False
        if not has_alias:
            self.work.edit(file, load, code.rename("quart"))
        return True


def _is_flask(module: str) -> bool:
    return module == "flask" or module.startswith("flask.")


def _import_statements(file: FileIndex) -> Iterator[tuple[ast.Import | ast.ImportFrom, Scope]]:
    seen: set[ast.AST] = set()
    for scope in file.scopes:
        for bindings in scope.bindings.values():
            for binding in bindings:
                if isinstance(binding.node, (ast.Import, ast.ImportFrom)) and binding.node not in seen:
                    seen.add(binding.node)
                    yield binding.node, scope


def _is_bound(file: FileIndex, name: str) -> bool:
    return any(name in scope.bindings for scope in file.scopes)


def _with_names(names: list[str]) -> Any:
    """``from quart import a, b`` for ``from flask import *``."""

    def change(node: Any) -> Any:
        import libcst as cst

        aliases = [cst.ImportAlias(cst.Name(name)) for name in names]
        return node.with_changes(module=cst.Name("quart"), names=aliases)

    return change


def _loads(file: FileIndex, scope: Scope, name: str) -> Iterator[ast.Name]:
    """Where a name that is bound in a scope is read."""
    for other in file.scopes:
        for node in other.loads.get(name, ()):
            if other.owner_of(name) is scope.function:
                yield node


def _name(text: str) -> Any:
    def change(node: Any) -> Any:
        import libcst as cst

        return cst.Name(text, lpar=node.lpar, rpar=node.rpar)

    return change


def _from(module: str) -> Any:
    def change(node: Any) -> Any:
        import libcst as cst

        made = cst.parse_expression(module)
        return node.with_changes(module=made) if hasattr(node, "names") else node

    return change


def _renamed(module: str) -> Any:
    """``import flask.views`` → ``import quart.views``."""

    def change(node: Any) -> Any:
        import libcst as cst

        names = [
            alias.with_changes(name=cst.parse_expression("quart" + module[5:]))
            if alias.evaluated_name == module
            else alias
            for alias in node.names
        ]
        return node.with_changes(names=names)

    return change
