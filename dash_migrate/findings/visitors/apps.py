"""Where Dash apps are made and bound to a server."""

from __future__ import annotations

import ast

import libcst as cst

from dash_migrate.facts.project import last_name, server_argument
from dash_migrate.facts.scan import App
from dash_migrate.facts.values import Const, DashApp, FlaskApp
from dash_migrate.findings.context import Context
from dash_migrate.findings.visitors import on


@on(cst.Call)
def constructor(context: Context, node: cst.Call, _parents: object) -> None:
    """``Dash(…)``, ``super().__init__(…)`` of a subclass, ``partial(Dash, …)``."""
    found = context.ast_of(node)
    if not isinstance(found, ast.Call):
        return
    apps = [app for app in context.facts.apps if any(call is found for call, _ in app.constructors)]
    apps = [app for app in apps if app.backend == "flask"]
    if not apps or not _is_site(apps, found):
        return
    context.report("DM101", node, apps)
    scope = context.scope_of(found)
    passed = server_argument(found)
    if passed is not None:
        values = context.facts.project.evaluator.eval(passed, scope)
        hosts = [v for v in values if isinstance(v, FlaskApp)]
        if hosts:
            context.report("DM107", node, apps, name=ast.unparse(passed))
            sharing = {a.position for a in context.facts.apps for h in hosts if h in a.servers}
            if len(sharing) > 1:
                context.report("DM108", node, apps, name=str(len(sharing)))
        elif values == {Const(False)}:
            context.report("DM106", node, apps)
    for keyword in found.keywords:
        if keyword.arg in ("url_base_pathname", "routes_pathname_prefix") and not _is_root(keyword.value):
            context.report("DM109", node, apps, name=keyword.arg)


def _is_root(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value in (None, "/")


def _is_site(apps: list[App], call: ast.Call) -> bool:
    """Whether the finding belongs here: for subclasses at the call nearest to Dash that is written out."""
    for app in apps:
        sites = [c for c, _ in app.constructors]
        first = next((c for c in sites if last_name(c.func) == "__init__"), None)
        if (first or sites[0]) is call or (first is not None and call is sites[-1] and len(sites) > 1):
            return True
    return False


@on(cst.Call)
def init_app(context: Context, node: cst.Call, _parents: object) -> None:
    """``app.init_app(server)``."""
    if not isinstance(node.func, cst.Attribute) or node.func.attr.value != "init_app" or not node.args:
        return
    if not any(isinstance(v, DashApp) for v in context.values(node.func.value)):
        return
    servers = [v for v in context.values(node.args[0].value) if context.facts.is_server(v)]
    apps = [a for a in context.facts.apps if a.backend == "flask" and any(s in a.servers for s in servers)]
    if apps:
        context.report("DM106", node, apps)
