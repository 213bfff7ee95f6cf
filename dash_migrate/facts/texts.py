"""String expressions, as far as they are written out."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from dash_migrate.facts.project import Project, last_name
from dash_migrate.facts.scopes import Scope
from dash_migrate.facts.values import Const

_DEPTH = 8


def text_of(project: Project, node: ast.expr | None, scope: Scope, depth: int = 0) -> str | None:
    """The one string an expression gives, or None where only the run can tell (or there are several)."""
    found = set(texts_of(project, node, scope, depth))
    return found.pop() if len(found) == 1 else None


def texts_of(project: Project, node: ast.expr | None, scope: Scope, depth: int = 0) -> Iterator[str]:
    """Every string an expression may give: constants, names of them, ``+``, f-strings, ``os.environ.get``'s default."""
    if node is None or depth > _DEPTH:
        return
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            yield node.value
        return
    if isinstance(node, ast.JoinedStr):
        yield from _joined(project, node.values, scope, depth)
        return
    if isinstance(node, ast.FormattedValue):
        yield from texts_of(project, node.value, scope, depth + 1)
        return
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        yield from _joined(project, [node.left, node.right], scope, depth)
        return
    if isinstance(node, ast.IfExp):
        yield from texts_of(project, node.body, scope, depth + 1)
        yield from texts_of(project, node.orelse, scope, depth + 1)
        return
    if isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from texts_of(project, value, scope, depth + 1)
        return
    if isinstance(node, ast.Call) and _is_environment(node) and len(node.args) > 1:
        yield from texts_of(project, node.args[1], scope, depth + 1)
        return
    for found in project.evaluator.eval(node, scope):
        if isinstance(found, Const) and isinstance(found.value, str):
            yield found.value
    if isinstance(node, ast.Name):
        owner = scope.owner_of(node.id)
        for binding in owner.bindings.get(node.id, ()) if owner is not None else ():
            if binding.kind == "assign" and not binding.path and not isinstance(binding.value, ast.Constant):
                yield from texts_of(project, binding.value, binding.scope, depth + 1)


def _joined(project: Project, parts: list[ast.expr], scope: Scope, depth: int) -> Iterator[str]:
    """The parts put together, each at its first known value."""
    made = [""]
    for part in parts:
        known = list(dict.fromkeys(texts_of(project, part, scope, depth + 1)))[:4]
        if not known:
            return
        made = [before + after for before in made for after in known][:8]
    yield from made


def _is_environment(node: ast.Call) -> bool:
    """Whether a call reads the environment: ``os.environ.get``, ``os.getenv``, ``config("X", default)`` aside."""
    name = last_name(node.func)
    if name == "getenv":
        return True
    return name == "get" and isinstance(node.func, ast.Attribute) and last_name(node.func.value) == "environ"
