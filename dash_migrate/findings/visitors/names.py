"""Names of the flask package that need Flask around them, by ``flask_names.toml``."""

from __future__ import annotations

import libcst as cst

from dash_migrate.facts.values import Ext
from dash_migrate.findings.context import Context
from dash_migrate.findings.visitors import on
from dash_migrate.rules_data import table


@on(cst.Name, cst.Attribute)
def flask_name(context: Context, node: cst.Name | cst.Attribute, parents: dict[cst.CSTNode, cst.CSTNode]) -> None:
    """``request``, ``flask.session``, ``fl.g`` …"""
    for value in context.values(node):
        if not isinstance(value, Ext) or not value.dotted.startswith("flask."):
            continue
        row = table("flask_names")["names"].get(value.dotted[6:])
        if row is None or _is_type(node, parents):
            continue
        found = context.ast_of(node)
        if found is None or context.file.display not in context.sides.dash_files:
            continue
        if context.sides.in_foreign_view(found, context.file):
            continue
        apps = context.sides.apps_for(context.file)
        if not apps:
            continue
        states = {app.backend for app in apps}
        if not states & {"flask", "unknown"} and any(app.bridged for app in apps):
            context.report("DM905", node, apps)
        elif states != {"custom"}:
            context.report(row["rule"], node, apps)


def _is_type(node: cst.CSTNode, parents: dict[cst.CSTNode, cst.CSTNode]) -> bool:
    """Whether the name only says what type something has."""
    child: cst.CSTNode = node
    current = parents.get(node)
    while current is not None:
        if isinstance(current, cst.Annotation):
            return True
        if isinstance(current, (cst.BaseStatement, cst.BaseSmallStatement, cst.Lambda)):
            return False
        if isinstance(current, cst.Arg):
            call = parents.get(current)
            if isinstance(call, cst.Call) and isinstance(call.func, cst.Name):
                return call.func.value in ("isinstance", "issubclass") and call.args[-1] is current
            return False
        child, current = current, parents.get(current)
    return isinstance(child, cst.Arg)
