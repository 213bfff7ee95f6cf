"""Uploaded files: ``request.files["x"].save(path)`` is awaited on Quart."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from dash_migrate.facts.scopes import FileIndex, Scope, parent_of
from dash_migrate.fixes.native.quart.awaiting import Awaiting
from dash_migrate.fixes.native.work import Work


def saves(work: Work, awaiting: Awaiting, file: FileIndex, files: ast.expr) -> None:
    """Await what saves the uploads that are read from ``files`` (``request.files``, or a name for it)."""
    for held in _held(files):
        attribute = parent_of(held)
        call = parent_of(attribute) if isinstance(attribute, ast.Attribute) else None
        if isinstance(attribute, ast.Attribute) and attribute.attr == "save" and isinstance(call, ast.Call):
            awaiting.need(file, call)
        scope = work.facts.project.scope_at(file, held)
        for name in _targets(held):
            for load in _loads(file, scope.function, name):
                saves(work, awaiting, file, load)


def _held(files: ast.expr) -> Iterator[ast.expr]:
    """The expressions that are an upload, several of them, or ``request.files`` itself."""
    yield files
    parent = parent_of(files)
    if isinstance(parent, ast.Subscript) and parent.value is files:
        yield from _held(parent)
    elif isinstance(parent, ast.Attribute) and parent.attr in ("get", "getlist", "values", "items", "to_dict", "pop"):
        call = parent_of(parent)
        if isinstance(call, ast.Call) and call.func is parent:
            yield from _held(call)


def _targets(value: ast.expr) -> Iterator[str]:
    parent = parent_of(value)
    targets: list[ast.expr] = []
    if isinstance(parent, ast.Assign):
        targets = parent.targets
    elif isinstance(parent, (ast.AnnAssign, ast.NamedExpr)) or (
        isinstance(parent, (ast.For, ast.comprehension)) and parent.iter is value
    ):
        targets = [parent.target]
    for target in targets:
        for node in ast.walk(target):
            if isinstance(node, ast.Name):
                yield node.id


def _loads(file: FileIndex, owner: Scope, name: str) -> Iterator[ast.Name]:
    for scope in file.scopes:
        for load in scope.loads.get(name, ()):
            holder = scope.owner_of(name)
            if holder is not None and holder.function is owner:
                yield load
