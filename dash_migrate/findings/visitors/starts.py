"""How the app is started from Python."""

from __future__ import annotations

import ast

from dash_migrate.facts.scan import App
from dash_migrate.facts.scopes import parent_of
from dash_migrate.facts.values import DashApp, Ext
from dash_migrate.findings.context import Context
from dash_migrate.findings.extensions import wsgi_servers
from dash_migrate.findings.visitors import on
from dash_migrate.rules_data import table


@on(ast.Attribute)
def run_server(context: Context, node: ast.Attribute) -> None:
    """``app.run_server``, called or not: touching it raises."""
    if node.attr in ("run_server", "long_callback"):
        apps = [v for v in context.values(node.value) if isinstance(v, DashApp)]
        if apps and node.attr == "run_server":
            context.report("DM102", node, [])
        elif apps:
            context.report("DM110", node, [], why="use `callback(..., background=True)`")


@on(ast.Call)
def start(context: Context, node: ast.Call) -> None:
    """``app.run(…)``, ``server.run(…)`` and WSGI servers started from Python."""
    func = node.func
    if isinstance(func, ast.Attribute) and func.attr in ("run", "run_server"):
        values = context.values(func.value)
        servers = [v for v in values if context.facts.is_server(v)]
        if servers:
            apps = context.facts.apps_of(servers)
            if any(a.backend == "flask" for a in apps):
                context.report("DM105", node, apps)
                _options(context, node, apps, flask=True)
            return
        if any(isinstance(v, DashApp) for v in values):
            apps = [a for a in context.sides.apps_for(context.file) if a.backend == "flask"]
            if apps:
                _options(context, node, apps, flask=False)
                _importable(context, node, func, apps)
        return
    for value in context.values(func):
        if isinstance(value, Ext) and value.dotted in wsgi_servers():
            servers = [v for v in context.arguments(node) if context.facts.is_server(v)]
            if servers:
                context.report("DM112", node, context.facts.apps_of(servers))


def _options(context: Context, node: ast.Call, apps: list[App], flask: bool) -> None:
    options = table("run_options")
    for keyword in node.keywords:
        name = keyword.arg
        if not name or name in options["dash"]:
            continue
        if name in options["renamed"] and not flask:
            context.report("DM103", keyword, apps, obligation="required", name=name)
        elif name in options["flask"] or not flask:
            kept = options["flask"].get(name, "lost")
            context.report("DM103", keyword, apps, obligation="potential" if kept == "lost" else "optional", name=name)


def _importable(context: Context, node: ast.Call, func: ast.Attribute, apps: list[App]) -> None:
    why = ""
    scope = context.scope_of(node)
    receiver = func.value
    if scope.function.kind == "function":
        owner = scope.owner_of(receiver.id) if isinstance(receiver, ast.Name) else None
        if owner is not context.file.module:
            why = "an app that is no global of the module"
    elif not _under_main(node):
        why = "a start without an `if __name__` guard"
    elif _sets_state(node):
        why = "state that is only set under `__main__`"
    if why:
        context.report("DM104", node, apps, why=why)


def _under_main(node: ast.AST) -> bool:
    return _main_guard(node) is not None


def _main_guard(node: ast.AST) -> ast.If | None:
    current = parent_of(node)
    while current is not None:
        if isinstance(current, ast.If) and any(
            isinstance(n, ast.Name) and n.id == "__name__" for n in ast.walk(current.test)
        ):
            return current
        current = parent_of(current)
    return None


def _sets_state(node: ast.AST) -> bool:
    guard = _main_guard(node)
    if guard is None:
        return False
    for statement in guard.body:
        for inner in ast.walk(statement):
            if isinstance(inner, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
                targets = inner.targets if isinstance(inner, ast.Assign) else [inner.target]
                if any(isinstance(t, (ast.Attribute, ast.Subscript)) for t in targets):
                    return True
    return False
