"""Packages that are handed the server or the app, by ``extensions.toml``."""

from __future__ import annotations

import libcst as cst

from dash_migrate.facts.names import names
from dash_migrate.facts.values import Cls, DashApp, Ext, ExtInst, Func
from dash_migrate.findings.context import Context
from dash_migrate.findings.extensions import extension, is_neutral, wsgi_servers, wsgi_wrappers
from dash_migrate.findings.visitors import on
from dash_migrate.findings.visitors.surface import apps_of_server


@on(cst.Call)
def handed_over(context: Context, node: cst.Call, _parents: object) -> None:
    """``LoginManager(server)``, ``cache.init_app(app.server)``, ``BasicAuth(app, …)``, ``plugin(app)``."""
    servers = [v for arg in node.args for v in context.values(arg.value) if context.facts.is_server(v)]
    dash_apps = [v for arg in node.args for v in context.values(arg.value) if isinstance(v, DashApp)]
    if not servers and not dash_apps:
        return
    dotted = _callee(context, node.func)
    if dotted is None or dotted in wsgi_servers() or dotted.split(".")[0] in names().runtime_modules:
        return
    if dotted in wsgi_wrappers():
        if servers:
            context.report("DM503", node, apps_of_server(context, servers))
        return
    row = extension(dotted)
    root = dotted.split(".")[0]
    if servers and not dotted.startswith("dash.") and not (row and row.get("neutral")) and root != "builtins":
        effect = " / ".join(sorted({row["fastapi"], row["quart"]})) if row and "fastapi" in row else "depends on it"
        context.report("DM601", node, apps_of_server(context, servers), name=root, effect=effect)
    elif dash_apps and not is_neutral(dotted):
        apps = [a for a in context.sides.apps_for(context.file) if a.backend in ("flask", "unknown")]
        if not apps:
            return
        if row is not None:
            effect = " / ".join(sorted({row.get("fastapi", ""), row.get("quart", "")}))
            context.report("DM601", node, apps, name=root, effect=effect)
        else:
            context.report("DM602", node, apps, name=root)


def _callee(context: Context, func: cst.BaseExpression) -> str | None:
    """The dotted name of an external callable; for methods that of the class they are on."""
    if isinstance(func, cst.Attribute):
        for value in context.values(func.value):
            if isinstance(value, ExtInst):
                return value.dotted
    found = context.ast_of(func)
    if found is None:
        return None
    values = context.facts.project.evaluator.eval(found, context.scope_of(found))  # type: ignore[arg-type]
    for value in values:
        if isinstance(value, (Func, Cls)):
            return None
        if isinstance(value, Ext):
            return value.dotted
    return None
