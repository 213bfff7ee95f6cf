"""What is looked up by a name that is put together at run time: ``import_module(f"boards.{name}")``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from dash_migrate.facts.names import names
from dash_migrate.facts.scopes import FileIndex, Scope
from dash_migrate.facts.values import DashApp, Ext, Mod, Values

if TYPE_CHECKING:
    from dash_migrate.facts.evaluate import Evaluator
    from dash_migrate.facts.project import Project
    from dash_migrate.facts.scan import Facts


def imported(project: Project, call: ast.Call, scope: Scope) -> Values:
    """The modules of the project that ``importlib.import_module(…)`` may give."""
    text, complete = beginning(call.args[0])
    level = len(text) - len(text.lstrip("."))
    text = text[level:]
    if complete:
        found = project.modules(scope.file, level, text)[:1]
        return frozenset(Mod(file) for file in found) if found or level else frozenset([Ext(names().canonical(text))])
    package, dot, start = text.rpartition(".")
    if not dot and not level:
        return frozenset()  # it may be any
    return frozenset(Mod(file) for file in _members(project, scope.file, level, package, start))


#: what gives objects that are only known at run time
_LOOKUPS = frozenset(["importlib.import_module", "builtins.__import__", "builtins.getattr", "builtins.globals"])


def is_handed_over(facts: Facts, call: ast.Call, scope: Scope) -> bool:
    """Whether a call gives a Dash app or its server to something that is only known at run time."""
    passed = [*call.args, *(k.value for k in call.keywords)]
    if not any(isinstance(v, DashApp) or facts.is_server(v) for p in passed for v in facts.values.get(p, ())):
        return False
    evaluator = facts.project.evaluator
    return not evaluator.eval(call.func, scope) and _is_looked_up(evaluator, call.func, scope)


def _is_looked_up(evaluator: Evaluator, node: ast.expr, scope: Scope) -> bool:
    """Whether an expression comes out of a module or object that is looked up by a computed name."""
    if isinstance(node, (ast.Attribute, ast.Subscript)):
        return _is_looked_up(evaluator, node.value, scope)
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and node.func.attr == "load" and not node.args:
            return True  # an entry point
        return any(isinstance(v, Ext) and v.dotted in _LOOKUPS for v in evaluator.eval(node.func, scope))
    owner = scope.owner_of(node.id) if isinstance(node, ast.Name) else None
    if owner is None or not isinstance(node, ast.Name):
        return False
    values = [b.value for b in owner.bindings[node.id] if b.kind == "assign" and not b.path]
    return any(isinstance(v, (ast.Call, ast.Attribute)) and _is_looked_up(evaluator, v, owner) for v in values)


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


def beginning(node: ast.expr) -> tuple[str, bool]:
    """What a text starts with, and whether that is all of it."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value, True
    if isinstance(node, ast.JoinedStr) and node.values and isinstance(node.values[0], ast.Constant):
        return str(node.values[0].value), False
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Mod)):
        text, _ = beginning(node.left)
        return (text.split("%")[0] if isinstance(node.op, ast.Mod) else text), False
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        return beginning(node.func.value)[0].split("{")[0], False
    return "", False
