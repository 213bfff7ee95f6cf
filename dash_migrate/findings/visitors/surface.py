"""Flask's surface on Dash's server: routes, hooks, config and the rest, by ``flask_surface.toml``."""

from __future__ import annotations

import ast

from dash_migrate.facts.scopes import parent_of
from dash_migrate.facts.values import AsgiApp, Blueprint, Bridged, DashApp, Value
from dash_migrate.findings.context import Context
from dash_migrate.findings.visitors import on
from dash_migrate.rules_data import table


@on(ast.Attribute)
def server_attribute(context: Context, node: ast.Attribute) -> None:
    """``server.X`` where ``server`` is Dash's."""
    attr = node.attr
    values = context.values(node.value)
    if not values:
        return
    servers = [v for v in values if context.facts.is_server(v)]
    if servers:
        _report_surface(context, node, attr, servers)
        return
    kinds = {v.kind for v in values if isinstance(v, AsgiApp) and v in _served(context)}
    if kinds:
        _report_mixed(context, node, attr, kinds)
        return
    if any(isinstance(v, Bridged) or v in context.facts.bridged_hosts for v in values):
        context.report("DM905", node, [])
        return
    blueprints = [v for v in values if isinstance(v, Blueprint) and context.sides.is_ours(v)]
    if blueprints:
        _report_blueprint(context, node, attr)
        return
    backends = [v for v in values if isinstance(v, DashApp)]
    if backends and attr == "backend":
        parent = parent_of(node)
        if isinstance(parent, ast.Attribute) and parent.attr in ("before_request", "after_request"):
            apps = context.sides.apps_for(context.file)
            if not apps or not all(app.native or app.bridged for app in apps):
                context.report("DM206", parent, apps)


def _served(context: Context) -> set[Value]:
    """The FastAPI and Quart apps that Dash apps are given for a server."""
    return {server for app in context.facts.apps for server in app.servers if isinstance(server, AsgiApp)}


def _report_mixed(context: Context, node: ast.Attribute, attr: str, kinds: set[str]) -> None:
    """What is done to a FastAPI or Quart app in Flask's words, and is not there."""
    row = table("flask_surface")["server"].get(attr)
    if row is None or attr == "run":
        return
    missing = {kind for kind in kinds if row.get(kind) == "missing"}
    if missing:
        apps = [a for a in context.facts.apps if any(isinstance(s, AsgiApp) for s in a.servers)]
        context.report(row["rule"], node, apps, only=missing)


def _report_surface(context: Context, node: ast.Attribute, attr: str, servers: list[Value]) -> None:
    data = table("flask_surface")
    row = data["server"].get(attr)
    if attr == "run":
        return  # a start, see starts.py
    apps = context.facts.apps_of(servers)
    if apps and all(app.native for app in apps):
        return
    states = {app.backend for app in apps}
    if states and not states & {"flask", "unknown"}:
        known = row or data["server_default"]
        if states == {"custom"} or all(known.get(state) != "missing" for state in states):
            return
    if row is None and _is_asgi(node, attr) and states != {"flask"}:
        return
    allowed = context.allowed(node)
    is_twin = allowed is not None and "flask" not in allowed
    if is_twin and not any((row or {}).get(backend) == "ignored" for backend in allowed or ()):
        return
    context.report((row or data["server_default"])["rule"], node, apps)


def _is_asgi(node: ast.Attribute, attr: str) -> bool:
    """A method that FastAPI or Quart has and Flask has not: ``server.add_middleware(…)``."""
    call = parent_of(node)
    called = isinstance(call, ast.Call) and call.func is node
    return attr == "asgi_app" or (called and attr in table("flask_surface")["asgi"])


def _report_blueprint(context: Context, node: ast.Attribute, attr: str) -> None:
    data = table("flask_surface")
    row = data["blueprint"].get(attr)
    if row is None and attr in data["server"] and attr not in ("name", "import_name", "root_path"):
        row = {"rule": data["server"][attr]["rule"]}
    if row is None:
        return
    apps = context.sides.apps_for(context.file)
    if not apps:
        return
    if any(app.backend in ("flask", "unknown") for app in apps):
        context.report(row["rule"], node, apps)
    elif any(app.bridged for app in apps):
        context.report("DM905", node, apps)
