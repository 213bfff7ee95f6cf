"""Where Dash apps are made and bound to a server."""

from __future__ import annotations

import ast

from dash_migrate.facts.project import last_name, server_argument
from dash_migrate.facts.scan import App
from dash_migrate.facts.values import Const, DashApp, FlaskApp
from dash_migrate.findings.context import Context
from dash_migrate.findings.visitors import on


@on(ast.Call)
def constructor(context: Context, node: ast.Call) -> None:
    """``Dash(…)``, ``super().__init__(…)`` of a subclass, ``partial(Dash, …)``."""
    apps = context.facts.made_by(node)
    if any(app.backend == "custom" for app in apps) and _is_site(apps, node):
        given = next((k.value for k in node.keywords if k.arg == "backend"), node)
        context.report("DM809", given, apps)
    apps = [app for app in apps if app.backend == "flask"]
    if not apps or not _is_site(apps, node):
        return
    context.report("DM101", node, apps)
    scope = context.scope_of(node)
    passed = server_argument(node)
    if passed is not None:
        values = context.facts.project.evaluator.eval(passed, scope)
        hosts = [v for v in values if isinstance(v, FlaskApp)]
        if hosts:
            context.report("DM107", node, apps, name=ast.unparse(passed))
            sharing = {a.position for a in context.facts.apps_on(hosts)}
            if len(sharing) > 1:
                context.report("DM108", node, apps, name=str(len(sharing)))
        elif values == {Const(False)}:
            context.report("DM106", node, apps)
    for keyword in node.keywords:
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


@on(ast.Call)
def init_app(context: Context, node: ast.Call) -> None:
    """``app.init_app(server)``."""
    if not isinstance(node.func, ast.Attribute) or node.func.attr != "init_app" or not (node.args or node.keywords):
        return
    if not any(isinstance(v, DashApp) for v in context.values(node.func.value)):
        return
    first = node.args[0] if node.args else node.keywords[0].value
    servers = [v for v in context.values(first) if context.facts.is_server(v)]
    apps = [a for a in context.facts.apps_on(servers) if a.backend == "flask"]
    if apps:
        context.report("DM106", node, apps)
