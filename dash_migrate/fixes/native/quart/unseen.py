"""Callers of a function that are out of sight: what they get must not become a coroutine, which is always true."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from dash_migrate.facts.dynamic import beginning
from dash_migrate.facts.scopes import FileIndex, Scope, parent_of
from dash_migrate.facts.values import Cls, Ext, ExtInst, Mod, Value
from dash_migrate.fixes.native.work import Work

#: methods of Python's own containers, strings and files: who calls one of these is hardly after a view
_COMMON = frozenset(
    name for kind in (dict, list, set, str, bytes) for name in dir(kind) if not name.startswith("_")
) | {"close", "read", "readline", "write"}


@dataclass(frozen=True)
class _Lookup:
    """``getattr(owner, f"do_{name}")``, ``globals()[…]``: the beginning of the name, and whether that is all of it."""

    file: FileIndex
    scope: Scope
    #: None: the names of the file
    owner: ast.expr | None
    text: str
    is_whole: bool
    #: whether what is found is called right there
    is_called: bool


class Unseen:
    """Finds functions that are looked up by name, or called as methods of who knows what."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self._lookups: list[_Lookup] | None = None

    def is_common(self, function: ast.AST) -> bool:
        """Whether a view has the name of a method that everything has."""
        return function in self.work.roles.by_function and getattr(function, "name", "") in _COMMON

    def may_call(self, file: FileIndex, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
        """Whether a function may have callers that nobody can find."""
        scope = file.scope_of_node[function].parent
        owner = scope.node if scope is not None and isinstance(scope.node, ast.ClassDef) else None
        if owner is None and scope is not file.module:
            return False
        if owner is not None and not self.is_common(function) and self._is_called_as_method(function.name):
            return True
        cls = Cls(file, owner, scope.parent or file.module) if owner is not None and scope is not None else None
        return any(self._finds(lookup, file, function.name, cls) for lookup in self._all())

    def _is_called_as_method(self, name: str) -> bool:
        """Whether a method of this name is called on an object that could be any."""
        project = self.work.facts.project
        for call, scope in project._calls_by_name.get(name, ()):
            is_known = not isinstance(call.func, ast.Attribute) or project.evaluator.eval(call.func, scope)
            if not is_known and not project.evaluator.eval(call.func.value, scope):  # type: ignore[attr-defined]
                return True
        return False

    def _finds(self, lookup: _Lookup, file: FileIndex, name: str, cls: Cls | None) -> bool:
        if lookup.text != name if lookup.is_whole else not name.startswith(lookup.text):
            return False
        if lookup.owner is None:
            return cls is None and (lookup.file is file or name in lookup.file.module.bindings)
        owners = self.work.facts.project.evaluator.eval(lookup.owner, lookup.scope)
        if not owners:
            return bool(lookup.text) or lookup.is_called
        return any(self._may_have(owner, file, cls) for owner in owners)

    def _may_have(self, owner: Value, file: FileIndex, cls: Cls | None) -> bool:
        if isinstance(owner, (Ext, ExtInst)):
            return False
        if cls is None:
            return isinstance(owner, Mod) and owner.file is file
        known = owner if isinstance(owner, Cls) else getattr(owner, "cls", None)
        objects = self.work.facts.project.evaluator.objects
        return isinstance(known, Cls) and (cls in objects.lineage(known) or known in objects.lineage(cls))

    def _all(self) -> list[_Lookup]:
        if self._lookups is None:
            self._lookups = []
            for name in sorted(self.work.files):
                file = self.work.facts.project.files[name]
                for call, scope in file.calls:
                    self._look_at(file, call, scope)
        return self._lookups

    def _look_at(self, file: FileIndex, call: ast.Call, scope: Scope) -> None:
        named = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
        owner: ast.expr | None = None
        place: ast.AST | None = call
        if named == "getattr" and len(call.args) > 1:
            owner, key = call.args[0], call.args[1]
        elif named in ("globals", "locals", "vars"):
            place, found = _taken_from(call)
            if found is None:
                return
            owner, key = call.args[0] if call.args else None, found
        else:
            return
        text, is_whole = beginning(key)
        outer = parent_of(place) if place is not None else None
        called = isinstance(outer, ast.Call) and outer.func is place
        assert self._lookups is not None
        self._lookups.append(_Lookup(file, scope, owner, text, is_whole, called))


def _taken_from(call: ast.Call) -> tuple[ast.AST | None, ast.expr | None]:
    """What is read from ``globals()``: the expression that reads, and its key."""
    parent = parent_of(call)
    if isinstance(parent, ast.Subscript):
        return parent, parent.slice
    if isinstance(parent, ast.Attribute) and parent.attr == "get":
        get = parent_of(parent)
        if isinstance(get, ast.Call) and get.args:
            return get, get.args[0]
    return None, None
