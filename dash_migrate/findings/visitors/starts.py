"""How the app is started from Python."""

from __future__ import annotations

import ast

import libcst as cst

from dash_migrate.facts.scopes import parent_of
from dash_migrate.facts.values import DashApp, Ext
from dash_migrate.findings.context import Context
from dash_migrate.findings.extensions import wsgi_servers
from dash_migrate.findings.visitors import on
from dash_migrate.findings.visitors.surface import apps_of_server
from dash_migrate.rules_data import table


@on(cst.Attribute)
def run_server(context: Context, node: cst.Attribute, _parents: object) -> None:
    """``app.run_server``, called or not: touching it raises."""
    if node.attr.value in ("run_server", "long_callback"):
        apps = [v for v in context.values(node.value) if isinstance(v, DashApp)]
        if apps and node.attr.value == "run_server":
            context.report("DM102", node, [])
        elif apps:
            context.report("DM110", node, [], why="use `callback(..., background=True)`")


@on(cst.Call)
def start(context: Context, node: cst.Call, _parents: object) -> None:
    """``app.run(…)``, ``server.run(…)`` and WSGI servers started from Python."""
    func = node.func
    if isinstance(func, cst.Attribute) and func.attr.value in ("run", "run_server"):
        values = context.values(func.value)
        servers = [v for v in values if context.facts.is_server(v)]
        if servers:
            apps = apps_of_server(context, servers)
            if any(a.backend == "flask" for a in apps):
                context.report("DM105", node, apps)
                _options(context, node, apps, flask=True)
            return
        if any(isinstance(v, DashApp) for v in values):
            apps = [a for a in context.sides.apps_for(context.file) if a.backend == "flask"]
            if apps:
                _options(context, node, apps, flask=False)
                _importable(context, node, apps)
        return
    for value in context.values(func):
        if isinstance(value, Ext) and value.dotted in wsgi_servers():
            servers = [v for arg in node.args for v in context.values(arg.value) if context.facts.is_server(v)]
            if servers:
                context.report("DM112", node, apps_of_server(context, servers))


def _options(context: Context, node: cst.Call, apps: list, flask: bool) -> None:  # type: ignore[type-arg]
    options = table("run_options")
    for argument in node.args:
        name = argument.keyword.value if argument.keyword is not None else ""
        if not name or name in options["dash"]:
            continue
        if name in options["renamed"] and not flask:
            context.report("DM103", argument, apps, obligation="required", name=name)
        elif name in options["flask"] or not flask:
            kept = options["flask"].get(name, "lost")
            context.report("DM103", argument, apps, obligation="potential" if kept == "lost" else "optional", name=name)


def _importable(context: Context, node: cst.Call, apps: list) -> None:  # type: ignore[type-arg]
    found = context.ast_of(node)
    if not isinstance(found, ast.Call) or not isinstance(found.func, ast.Attribute):
        return
    why = ""
    scope = context.scope_of(found)
    receiver = found.func.value
    if scope.function.kind == "function":
        owner = scope.owner_of(receiver.id) if isinstance(receiver, ast.Name) else None
        if owner is not context.file.module:
            why = "an app that is no global of the module"
    elif not _under_main(found):
        why = "a start without an `if __name__` guard"
    elif _sets_state(found):
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
