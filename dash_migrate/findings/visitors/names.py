"""Names of the flask package that need Flask around them, by ``flask_names.toml``."""

from __future__ import annotations

import ast

from dash_migrate.facts.guards import guarded_backends
from dash_migrate.facts.scopes import parent_of
from dash_migrate.facts.values import Ext
from dash_migrate.findings.context import Context
from dash_migrate.findings.visitors import on
from dash_migrate.rules_data import table


@on(ast.Name, ast.Attribute)
def flask_name(context: Context, node: ast.Name | ast.Attribute) -> None:
    """``request``, ``flask.session``, ``fl.g`` …"""
    for value in context.values(node):
        if not isinstance(value, Ext) or not value.dotted.startswith("flask."):
            continue
        row = table("flask_names")["names"].get(value.dotted[6:])
        if row is None or _is_type(node):
            continue
        if context.file.display not in context.sides.dash_files:
            continue
        if context.sides.in_foreign_view(node, context.file):
            continue
        apps = context.sides.apps_for(context.file)
        if not apps:
            continue
        states = {app.backend for app in apps}
        if not states & {"flask", "unknown"} and any(app.bridged for app in apps):
            context.report("DM905", node, apps, only=_flask_on(context, node))
        elif states != {"custom"}:
            context.report(row["rule"], node, apps, only=_flask_on(context, node))


def _flask_on(context: Context, node: ast.Name | ast.Attribute) -> set[str] | None:
    """The backends on which the name is Flask's, where guards bind it twice: ``elif backend == "quart": from …``."""
    root: ast.expr = node
    while isinstance(root, ast.Attribute):
        root = root.value
    if not isinstance(root, ast.Name):
        return None
    scope = context.scope_of(root)
    owner = scope.owner_of(root.id)
    bindings = owner.bindings.get(root.id, []) if owner is not None else []
    if len(bindings) < 2:
        return None
    evaluator = context.facts.project.evaluator
    found: set[str] = set()
    for binding in bindings:
        if any(isinstance(v, Ext) and v.dotted.startswith("flask.") for v in evaluator.binding(binding)):
            bound = guarded_backends(binding.node, context.file, binding.scope)
            if bound is None:
                return None
            found |= bound
    return found


def _is_type(node: ast.AST) -> bool:
    """Whether the name only says what type something has."""
    child, current = node, parent_of(node)
    while current is not None:
        if child is getattr(current, "annotation", None) or child is getattr(current, "returns", None):
            return True
        if isinstance(current, (ast.stmt, ast.Lambda, ast.keyword)):
            return False
        if isinstance(current, ast.Call) and child is not current.func:
            names_test = isinstance(current.func, ast.Name) and current.func.id in ("isinstance", "issubclass")
            return names_test and child is current.args[-1]
        child, current = current, parent_of(current)
    return False
