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
        if row is None or _is_type(node) or _is_bound_otherwise(context, node):
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
            context.report("DM905", node, apps)
        elif states != {"custom"}:
            context.report(row["rule"], node, apps)


def _is_bound_otherwise(context: Context, node: ast.Name | ast.Attribute) -> bool:
    """Whether the guard around a use has a binding of its own: ``elif backend == "quart": from quart import g``."""
    root: ast.expr = node
    while isinstance(root, ast.Attribute):
        root = root.value
    if not isinstance(root, ast.Name):
        return False
    scope = context.scope_of(root)
    owner = scope.owner_of(root.id)
    bindings = owner.bindings.get(root.id, []) if owner is not None else []
    if len(bindings) < 2:
        return False
    allowed = guarded_backends(node, context.file, scope)
    if allowed is None:
        return False
    evaluator = context.facts.project.evaluator
    for binding in bindings:
        bound = guarded_backends(binding.node, context.file, binding.scope)
        is_seen = bound is None or bool(bound & allowed)
        if is_seen and any(isinstance(v, Ext) and v.dotted.startswith("flask.") for v in evaluator.binding(binding)):
            return False
    return True


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
