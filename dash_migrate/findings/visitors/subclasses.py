"""Dash subclasses whose overrides Dash no longer calls, and names that only exist at run time."""

from __future__ import annotations

import ast

from dash_migrate.facts.dynamic import is_handed_over
from dash_migrate.facts.overrides import dead_overrides, gone, is_replaced
from dash_migrate.facts.values import Const, DashApp
from dash_migrate.findings.context import Context
from dash_migrate.findings.visitors import on


@on(ast.ClassDef)
def overrides(context: Context, node: ast.ClassDef) -> None:
    """``class SecureDash(Dash): def dispatch(self): …``."""
    for override in dead_overrides(context.facts.project, context.file, node):
        if override.is_given:
            continue
        method = override.method
        start = context.text.place(method)[0]
        at = context.text.text.index(method.name, context.text.text.index("def", start) + 3)
        place = (at, at + len(method.name))
        context.report_place("DM802", place, None, [], text=method.name, why=gone()[method.name]["why"])


@on(ast.Attribute)
def replaced(context: Context, node: ast.Attribute) -> None:
    """``app.dispatch = guarded``, ``Dash.dispatch = guarded``."""
    if not isinstance(node.ctx, ast.Store) or node.attr not in gone():
        return
    if is_replaced(context.facts.project, node, context.scope_of(node)):
        context.report("DM802", node, [], why=gone()[node.attr]["why"])


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


@on(ast.Call)
def handed_over(context: Context, node: ast.Call) -> None:
    """``import_module(name).register(app)``: what does it do with the app?"""
    if is_handed_over(context.facts, node, context.scope_of(node)):
        text = context.source(node.func)
        context.report("DM902", node, [], why=f"what `{text}` does with the app is only known at run time")
