"""Dash subclasses whose overrides Dash no longer calls, and names that only exist at run time."""

from __future__ import annotations

import ast

import libcst as cst

from dash_migrate.facts.names import names
from dash_migrate.facts.values import Cls, Const, DashApp
from dash_migrate.findings.context import Context
from dash_migrate.findings.visitors import on

#: methods of Dash up to 4.1 that nothing calls since 4.2, with what took their place
GONE = {
    "dispatch": "callbacks are dispatched by the backend since Dash 4.2",
    "_serve_component_suites": "component files are served by the backend since Dash 4.2",
    "serve_component_suites": "component files are served by the backend since Dash 4.2",
    "_add_url_rule": "routes are added by the backend since Dash 4.2",
    "_setup_routes_": "routes are added by the backend since Dash 4.2",
    "before_first_request": "gone since Flask 2.3",
}


@on(cst.ClassDef)
def overrides(context: Context, node: cst.ClassDef, _parents: object) -> None:
    """``class SecureDash(Dash): def dispatch(self): …``."""
    found = context.by_place.get(("ClassDef", context.places.get(node.name, (0, 0))))
    if not isinstance(found, ast.ClassDef):
        return
    scope = context.scope_of(found)
    cls = Cls(context.file, found, scope)
    if not any(base in names().dash_classes for base in context.facts.project.evaluator.external_bases(cls)):
        return
    for statement in node.body.body:
        if isinstance(statement, cst.FunctionDef) and statement.name.value in GONE:
            context.report("DM802", statement.name, [], why=GONE[statement.name.value])


@on(cst.Call)
def looked_up(context: Context, node: cst.Call, _parents: object) -> None:
    """``getattr(app, name)`` with a name that only exists at run time."""
    if not isinstance(node.func, cst.Name) or node.func.value not in ("getattr", "setattr") or len(node.args) < 2:
        return
    values = context.values(node.args[0].value)
    if not any(isinstance(v, DashApp) or context.facts.is_server(v) for v in values):
        return
    found = context.ast_of(node)
    if not isinstance(found, ast.Call):
        return
    looked = context.facts.project.evaluator.eval(found.args[1], context.scope_of(found))
    if not any(isinstance(v, Const) for v in looked):
        text = context.source(node.args[0].value)
        context.report("DM902", node, [], why=f"which attribute of `{text}` this is, is only known at run time")
