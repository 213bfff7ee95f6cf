"""Flask extensions that have a counterpart in the generated package: their imports change, their uses stay."""

from __future__ import annotations

import ast
from fnmatch import fnmatchcase
from typing import Any

from dash_migrate.facts.scopes import Binding, FileIndex, parent_of
from dash_migrate.facts.values import Blueprint, Ext, ExtInst
from dash_migrate.fixes.native.work import Work
from dash_migrate.rules_data import table


def extension_rows(rows: str) -> dict[str, dict[str, Any]]:
    """The extensions in the table of a backend, with those it shares with another."""
    data = table(rows)
    found: dict[str, dict[str, Any]] = dict(data.get("extension", {}))
    shared = data.get("shared")
    if shared is not None:
        others: dict[str, dict[str, Any]] = table(shared["rows"])["extension"]
        found |= {name: row for name, row in others.items() if row["module"] in shared["modules"]}
    return found


class Extensions:
    """The extensions an app uses, by the table of its backend."""

    def __init__(self, work: Work, rows: str) -> None:
        self.work = work
        self.rows: dict[str, dict[str, Any]] = extension_rows(rows)
        #: packages of which every use is supported
        self.used: set[str] = set()

    def row(self, dotted: str) -> tuple[dict[str, Any], str] | None:
        """The row for a dotted name, and the name within the package (``""``: the package itself)."""
        root, _, rest = dotted.partition(".")
        row = self.rows.get(root)
        if row is None:
            return None
        for inner in row.get("submodules", ()):
            if rest == inner:
                return row, ""
            rest = rest.removeprefix(f"{inner}.")
        return row, rest

    def knows(self, dotted: str) -> bool:
        """Whether a name has a counterpart."""
        found = self.row(dotted)
        return found is not None and (not found[1] or self._allows(found[0], found[1]))

    def _allows(self, row: dict[str, Any], name: str) -> bool:
        head, _, attribute = name.partition(".")
        allowed = row["names"].get(head)
        return allowed is not None and (not attribute or "*" in allowed or attribute.split(".")[0] in allowed)

    def reference(self, file: FileIndex, node: ast.expr, value: Ext | ExtInst) -> bool:
        """Look at one use; False if the name is of no extension in the table."""
        found = self.row(value.dotted)
        if found is None:
            return False
        row, name = found
        parent = parent_of(node)
        self.used.add(value.dotted.split(".")[0])
        if name and not self._allows(row, name):
            self.work.decline(file, node, f"`{value.dotted}` has no counterpart")
        if isinstance(parent, ast.ClassDef) and node in parent.bases and name in row.get("final", ()):
            self.work.decline(file, node, f"a class of its own on `{value.dotted}`")
        if isinstance(value, ExtInst):
            allowed = row["names"].get(name.split(".")[0], ())
            known = "*" in allowed or not name or "." in name
            if isinstance(parent, ast.Attribute) and parent.value is node and not known and parent.attr not in allowed:
                self.work.decline(file, parent, f"`{parent.attr}` of `{value.dotted}` has no counterpart")
            method = parent if isinstance(parent, ast.Attribute) and parent.value is node else None
            call = parent_of(method) if method is not None else None
            if isinstance(call, ast.Call) and method is not None and call.func is method:
                self._options(file, call, row, f"{name}.{method.attr}")
                if row.get("plain_functions"):
                    self._plain_function(file, call, value.dotted)
        elif isinstance(parent, ast.Call) and parent.func is node:
            self._options(file, parent, row, name)
            declined = row.get("declined_options", {}).get(name, ())
            for option in parent.keywords:
                if option.arg in declined:
                    self.work.decline(file, option.value, f"`{value.dotted}(…, {option.arg})` has no counterpart")
        return True

    def _options(self, file: FileIndex, call: ast.Call, row: dict[str, Any], name: str) -> None:
        """Decline options that the counterpart does not list, where it lists them."""
        known = row.get("options", {}).get(name)
        for option in call.keywords if known is not None else ():
            if option.arg not in known:
                self.work.decline(file, option.value, f"`{name}(…, {option.arg or '**'})` has no counterpart")

    def _plain_function(self, file: FileIndex, call: ast.Call, dotted: str) -> None:
        """Decline what is done to blueprints or as a context manager."""
        outer = parent_of(call)
        given = [*call.args, *(outer.args if isinstance(outer, ast.Call) and outer.func is call else ())]
        project = self.work.facts.project
        for node in given:
            if any(isinstance(v, Blueprint) for v in project.evaluator.eval(node, project.scope_at(file, node))):
                self.work.decline(file, call, f"`{dotted}` for a blueprint has no counterpart")
        if isinstance(outer, ast.withitem):
            self.work.decline(file, call, f"`{dotted}` as a context manager has no counterpart")

    # --- imports

    def convert(self) -> None:
        """Import from the generated package instead; to be done when all uses have been looked at."""
        for name in sorted(self.work.files):
            file = self.work.facts.project.files[name]
            for scope in file.scopes:
                for bindings in scope.bindings.values():
                    for binding in bindings:
                        if binding.kind in ("import", "from") and not binding.level:
                            self._import(file, binding)
        for package in self.used:
            self._settings(self.rows[package])

    def _import(self, file: FileIndex, binding: Binding) -> None:
        found = self.row(binding.module)
        if found is None or self.work.facts.project.imported_modules(file, binding):
            return
        row, rest = found
        package = binding.module.split(".")[0]
        module = f"{self.work.package}.{row['module']}"
        edits = self.work.edits[file.display]
        node = binding.node
        if rest and not rest.startswith(tuple(row["names"])):
            self.work.decline(file, node, f"`{binding.module}` has no counterpart")
        elif isinstance(node, ast.ImportFrom):
            edits.modules[node] = module
        elif isinstance(node, ast.Import):
            plain = next(a for a in node.names if (a.asname or a.name.split(".")[0]) == binding.name)
            if "." in plain.name:
                self.work.decline(file, node, f"`import {plain.name}` has no counterpart")
                return
            edits.remove_import(node, {binding.name})
            edits.need(self.work.package, f"{row['module']} as {binding.name}")
        self.used.add(package)
        self.work.modules.add(row["module"])

    def _settings(self, row: dict[str, Any]) -> None:
        """Decline values of settings that the counterpart does not know."""
        for setting in row.get("declined_settings", {}).get("names", ()):
            for name in self.work.files:
                file = self.work.facts.project.files[name]
                for value in _values_of(file.tree, setting):
                    self.work.decline(file, value, f"`{setting}` has no counterpart")
        for setting, known in row.get("config", {}).items():
            for name in self.work.files:
                file = self.work.facts.project.files[name]
                for value in _values_of(file.tree, setting):
                    text = value.value if isinstance(value, ast.Constant) else None
                    if isinstance(text, str) and not any(fnmatchcase(text, pattern) for pattern in known):
                        self.work.decline(file, value, f"`{setting} = {text!r}` has no counterpart")


def _values_of(tree: ast.AST, setting: str) -> list[ast.expr]:
    """What a setting is given: in dictionaries, as a keyword, by subscript, as an attribute or a variable."""
    found: list[ast.expr] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            found += [
                v
                for k, v in zip(node.keys, node.values, strict=True)
                if isinstance(k, ast.Constant) and k.value == setting
            ]
        elif isinstance(node, ast.keyword):
            found += [node.value] if node.arg == setting else []
        elif isinstance(node, ast.Assign) and any(_names(t, setting) for t in node.targets):
            found.append(node.value)
    return found


def _names(target: ast.expr, setting: str) -> bool:
    if isinstance(target, ast.Subscript):
        return isinstance(target.slice, ast.Constant) and target.slice.value == setting
    return getattr(target, "attr", getattr(target, "id", None)) == setting
