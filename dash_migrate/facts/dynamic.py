"""Modules that are imported by a name that is put together at run time: ``import_module(f"boards.{name}")``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from dash_migrate.facts.names import names
from dash_migrate.facts.scopes import FileIndex, Scope
from dash_migrate.facts.values import Ext, Mod, Values

if TYPE_CHECKING:
    from dash_migrate.facts.project import Project


def imported(project: Project, call: ast.Call, scope: Scope) -> Values:
    """The modules of the project that ``importlib.import_module(…)`` may give."""
    text, complete = _beginning(call.args[0])
    level = len(text) - len(text.lstrip("."))
    text = text[level:]
    if complete:
        found = project.modules(scope.file, level, text)[:1]
        return frozenset(Mod(file) for file in found) if found or level else frozenset([Ext(names().canonical(text))])
    package, dot, start = text.rpartition(".")
    if not dot and not level:
        return frozenset()  # it may be any
    return frozenset(Mod(file) for file in _members(project, scope.file, level, package, start))


def _members(project: Project, importer: FileIndex, level: int, package: str, start: str) -> Iterator[FileIndex]:
    """The modules of a package whose names start so."""
    folders = tuple(package.split(".")) if package else ()
    for display, file in list(project.files.items()):
        path = PurePosixPath(display)
        own = path.parent.parts[len(path.parent.parts) - len(folders) :] if folders else ()
        if path.suffix != ".py" or not path.stem.startswith(start) or own != folders or path.stem == "__init__":
            continue
        dotted = f"{package}.{path.stem}" if package else path.stem
        if file in project.modules(importer, level, dotted):
            yield file


def _beginning(node: ast.expr) -> tuple[str, bool]:
    """What a text starts with, and whether that is all of it."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value, True
    if isinstance(node, ast.JoinedStr) and node.values and isinstance(node.values[0], ast.Constant):
        return str(node.values[0].value), False
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Mod)):
        text, _ = _beginning(node.left)
        return (text.split("%")[0] if isinstance(node.op, ast.Mod) else text), False
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        return _beginning(node.func.value)[0].split("{")[0], False
    return "", False
