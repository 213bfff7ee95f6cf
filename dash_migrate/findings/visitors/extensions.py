"""Packages that are handed the server or the app, by ``extensions.toml``."""

from __future__ import annotations

import ast

from dash_migrate.facts.names import names
from dash_migrate.facts.scopes import FileIndex
from dash_migrate.facts.values import Cls, DashApp, Ext, ExtInst, Func
from dash_migrate.findings.context import Context
from dash_migrate.findings.extensions import extension, is_neutral, is_stdlib, wsgi_servers, wsgi_wrappers
from dash_migrate.findings.visitors import on


@on(ast.Call)
def called(context: Context, node: ast.Call) -> None:
    """``server(environ, start_response)``: a WSGI app of the project's own has the server inside."""
    servers = context.facts.served_by_call(node)
    if servers:
        context.report("DM503", node, context.facts.apps_of(servers))


@on(ast.Call)
def handed_over(context: Context, node: ast.Call) -> None:
    """``LoginManager(server)``, ``cache.init_app(app.server)``, ``BasicAuth(app, …)``, ``plugin(app)``."""
    servers = [v for v in context.arguments(node) if context.facts.is_server(v)]
    dash_apps = [v for v in context.arguments(node) if isinstance(v, DashApp)]
    if not servers and not dash_apps:
        return
    dotted = _callee(context, node.func)
    if dotted is None or dotted in wsgi_servers() or dotted.split(".")[0] in names().runtime_modules:
        return
    if _has_counterpart(context, node.func):
        return
    if dotted in wsgi_wrappers():
        if servers:
            context.report("DM503", node, context.facts.apps_of(servers))
        return
    row = extension(dotted)
    root = dotted.split(".")[0]
    if servers and not dotted.startswith("dash.") and not (row and row.get("neutral")) and not is_stdlib(dotted):
        effect = " / ".join(sorted({row["fastapi"], row["quart"]})) if row and "fastapi" in row else "depends on it"
        context.report("DM601", node, context.facts.apps_of(servers), name=root, effect=effect)
    elif dash_apps and not is_neutral(dotted):
        apps = [a for a in context.sides.apps_for(context.file) if a.backend in ("flask", "unknown")]
        if not apps:
            return
        if row is not None:
            effect = " / ".join(sorted({row.get("fastapi", ""), row.get("quart", "")}))
            context.report("DM601", node, apps, name=root, effect=effect)
        elif any(app.backend == "flask" for app in apps):  # who chooses the backend has chosen the package for it
            context.report("DM602", node, apps, name=root)


def _callee(context: Context, func: ast.expr) -> str | None:
    """The dotted name of an external callable; for methods that of the class they are on."""
    if isinstance(func, ast.Attribute):
        for value in context.values(func.value):
            if isinstance(value, ExtInst):
                return value.dotted
    if not isinstance(func, (ast.Name, ast.Attribute, ast.Call)):
        return None
    for value in context.facts.project.evaluator.eval(func, context.scope_of(func)):
        if isinstance(value, (Func, Cls)):
            return None
        if isinstance(value, Ext):
            return value.dotted
    return None


def _has_counterpart(context: Context, func: ast.expr) -> bool:
    """Whether what is called is imported from a generated package on other backends."""
    sources = [(func, context.file)]
    if isinstance(func, ast.Attribute):
        made = [v.site for v in context.values(func.value) if isinstance(v, ExtInst)]
        sources += [(site.node.func, site.file) for site in made if isinstance(site.node, ast.Call)]
    return any(_is_runtime_name(expression, file) for expression, file in sources)


def _is_runtime_name(expression: ast.expr, file: FileIndex) -> bool:
    while isinstance(expression, ast.Attribute):
        expression = expression.value
    if not isinstance(expression, ast.Name):
        return False
    bindings = [b for scope in file.scopes for b in scope.bindings.get(expression.id, ())]
    modules = [b.module for b in bindings if b.kind in ("import", "from")]
    return any(names().runtime_modules.intersection(module.split(".")) for module in modules)
