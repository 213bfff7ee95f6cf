"""Dash subclasses whose overrides Dash no longer calls, and names that only exist at run time."""

from __future__ import annotations

import ast

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


@on(ast.ClassDef)
def overrides(context: Context, node: ast.ClassDef) -> None:
    """``class SecureDash(Dash): def dispatch(self): …``."""
    gone = [s for s in node.body if isinstance(s, (ast.FunctionDef, ast.AsyncFunctionDef)) and s.name in GONE]
    if not gone:
        return
    cls = Cls(context.file, node, context.scope_of(node))
    if not any(base in names().dash_classes for base in context.facts.project.evaluator.objects.external_bases(cls)):
        return
    for method in gone:
        start = context.text.place(method)[0]
        at = context.text.text.index(method.name, context.text.text.index("def", start) + 3)
        place = (at, at + len(method.name))
        context.report_place("DM802", place, method, [], text=method.name, why=GONE[method.name])


@on(ast.Call)
def looked_up(context: Context, node: ast.Call) -> None:
    """``getattr(app, name)`` with a name that only exists at run time."""
    if not isinstance(node.func, ast.Name) or node.func.id not in ("getattr", "setattr") or len(node.args) < 2:
        return
    values = context.values(node.args[0])
    if not any(isinstance(v, DashApp) or context.facts.is_server(v) for v in values):
        return
    looked = context.facts.project.evaluator.eval(node.args[1], context.scope_of(node))
    if not any(isinstance(v, Const) for v in looked):
        text = context.source(node.args[0])
        context.report("DM902", node, [], why=f"which attribute of `{text}` this is, is only known at run time")
