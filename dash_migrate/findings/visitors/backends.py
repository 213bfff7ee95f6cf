"""Backends of the project's own, and the ways ``Dash(backend=…)`` goes wrong, by ``backend_surface.toml``."""

from __future__ import annotations

import ast

from dash_migrate.facts import backends
from dash_migrate.facts.backends import BackendClass
from dash_migrate.facts.names import names
from dash_migrate.facts.project import server_argument
from dash_migrate.facts.values import AsgiApp, Cls, Const, Ext, FlaskApp, Func, Server, Values
from dash_migrate.findings.backend_surface import (
    CLASS_OF,
    Member,
    allowed_calls,
    arguments_of,
    call_of,
    members,
    required,
    takes,
    versions_of,
)
from dash_migrate.findings.context import Context
from dash_migrate.findings.visitors import on
from dash_migrate.model import BACKENDS, Obligation
from dash_migrate.syntax.segments import Place

_ADAPTERS = {
    "dash.backends.base_server.RequestAdapter": "RequestAdapter",
    "dash.backends.base_server.ResponseAdapter": "ResponseAdapter",
}
#: raises on Dash's own FastAPI backend too; Dash never asks for it
_NEVER_ASKED = frozenset(["callback_response"])


@on(ast.ClassDef)
def backend_subclass(context: Context, node: ast.ClassDef) -> None:
    """``class MyServer(BaseDashServer): …``."""
    evaluator = context.facts.project.evaluator
    cls = Cls(context.file, node, context.scope_of(node))
    found = backends.backend_class(evaluator, cls)
    if found is not None:
        _signatures(context, cls, CLASS_OF[found.kind], "DM803")
        if found.complete and not _has_subclasses(context, cls):
            _missing(context, found)
            _websockets(context, found)
        return
    for base in evaluator.objects.external_bases(cls):
        if base in _ADAPTERS:
            _signatures(context, cls, _ADAPTERS[base], "DM804")
            if backends.bases_known(evaluator, cls, frozenset(_ADAPTERS)) and not _has_subclasses(context, cls):
                _missing_of_adapter(context, cls, _ADAPTERS[base])
            return


def _has_subclasses(context: Context, cls: Cls) -> bool:
    scope = cls.file.scope_of_node[cls.node]
    return any(other.node is not cls.node for other in context.facts.project.subclasses(scope))


def _name(context: Context, node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> Place:
    """Where a class or function is named in its definition."""
    text = context.text.text
    start = context.text.place(node)[0]
    word = "class" if isinstance(node, ast.ClassDef) else "def"
    at = text.index(node.name, text.index(word, start) + len(word))
    return at, at + len(node.name)


def _missing(context: Context, found: BackendClass) -> None:
    evaluator, node = context.facts.project.evaluator, found.cls.node
    if found.kind != "base":
        return
    bound = backends.members(evaluator, found.cls)
    lacking = [m.name for m in required("BaseDashServer") if m.kind != "attribute" and m.name not in bound]
    rows = members("BaseDashServer")
    hidden = [name for name, variants in rows.items() if variants[-1].kind == "unlisted" and name not in bound]
    if lacking or hidden:
        parts = [f"`{name}`{versions_of(rows[name])}" for name in lacking]
        parts += [f"`{name}` (for pages with `redirect_from`)" for name in hidden]
        context.report_place(
            "DM801",
            _name(context, node),
            node,
            [],
            None if lacking else "potential",
            text=node.name,
            why=", ".join(parts),
        )
    for row in required("BaseDashServer"):
        if row.kind == "attribute" and not backends.is_set(evaluator, found.cls, row.name):
            why = f"never sets `{row.name}`, which Dash calls for each request"
            context.report_place("DM804", _name(context, node), node, [], text=node.name, why=why)


def _missing_of_adapter(context: Context, cls: Cls, kind: str) -> None:
    bound = backends.members(context.facts.project.evaluator, cls)
    lacking = [m.name for m in required(kind) if m.name not in bound and m.name not in _NEVER_ASKED]
    if lacking:
        why = "lacks " + ", ".join(f"`{name}`" for name in lacking)
        context.report_place("DM804", _name(context, cls.node), cls.node, [], text=cls.node.name, why=why)


def _websockets(context: Context, found: BackendClass) -> None:
    """``websocket_capability`` of a class that Dash's own has no websockets for, without their endpoint."""
    if found.kind in ("fastapi", "quart"):
        return
    evaluator = context.facts.project.evaluator
    bound = backends.members(evaluator, found.cls)
    claimed = backends.attribute(evaluator, found.cls, "websocket_capability")
    is_computed = any(
        isinstance(v, Func) for _, b in bound.get("websocket_capability", ()) for v in evaluator.binding(b)
    )
    if (Const(True) in claimed or is_computed) and "serve_websocket_callback" not in bound:
        context.report_place("DM805", _name(context, found.cls.node), found.cls.node, [], text=found.cls.node.name)


# --- signatures


def _signatures(context: Context, cls: Cls, table_class: str, code: str) -> None:
    """Overrides in the body of a class against what Dash's class has."""
    for method in cls.node.body:
        if not isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        base = members(table_class).get(method.name) or members("BaseDashServer").get(method.name)
        if not base or method.name in ("__init__", "__call__"):
            continue
        why, obligation = _difference(method, base, _calls(table_class, method.name))
        if why:
            context.report_place(
                code, _name(context, method), method, [], obligation, text=f"{cls.node.name}.{method.name}", why=why
            )


def _calls(table_class: str, name: str) -> list[tuple[str, tuple[str, ...]]]:
    """The shapes of Dash's calls of a method, with the versions that make them (none: all)."""
    if not table_class.endswith("DashServer"):
        return []
    return [(shape, v.only) for v in members("BaseDashServer").get(name, ()) for shape in v.calls]


def _difference(
    method: ast.FunctionDef | ast.AsyncFunctionDef, base: list[Member], calls: list[tuple[str, tuple[str, ...]]]
) -> tuple[str, Obligation]:
    """What is wrong with an override, and how bad it is: ``required`` where one of Dash's own calls fails."""
    newest = base[-1]
    decorators = {getattr(getattr(d, "func", d), "id", getattr(d, "attr", "")) for d in method.decorator_list}
    if decorators - {"staticmethod", "classmethod", "property", "cached_property", "override", "abstractmethod"}:
        return "", "optional"  # a decorator may give it any signature
    is_property = bool(decorators & {"property", "cached_property"})
    if newest.kind == "property" and not is_property:
        return "it is a method, Dash reads it as an attribute", "required"
    if newest.kind in ("method", "static") and is_property:
        return "it is an attribute, Dash calls it", "required"
    if is_property or newest.kind == "attribute":
        return "", "optional"
    if newest.kind == "static" and not decorators & {"staticmethod", "classmethod"}:
        return "Dash calls it on the class: it has to be a `staticmethod`", "required"
    if (
        isinstance(method, ast.AsyncFunctionDef)
        and not any(v.is_async for v in base)
        and method.name not in _MAY_BE_ASYNC
    ):
        return "it is `async`, and Dash does not await it", "required"
    skip = 0 if "staticmethod" in decorators else 1
    for shape, only in calls:
        if not takes(method.args, skip, call_of(shape)):
            when = f" ({', '.join(only)})" if only else ""
            return f"Dash calls it with `{shape}`{when}, which it does not take", "required"
    if newest.signature and all(
        not takes(method.args, skip, call) for v in base for call in allowed_calls(arguments_of(v.signature))[:1]
    ):
        return f"Dash's is `{newest.name}{newest.signature}`", "potential"
    return "", "optional"


#: Dash says of these that they may be either
_MAY_BE_ASYNC = frozenset(["get_json"])


# --- ``Dash(backend=…)``


@on(ast.Call)
def backend_argument(context: Context, node: ast.Call) -> None:
    """What is given as ``backend``, alone and together with ``server``."""
    if not context.facts.made_by(node):
        return
    given = next((k.value for k in node.keywords if k.arg == "backend"), None)
    if given is None:
        return
    scope = context.scope_of(node)
    evaluator = context.facts.project.evaluator
    values = evaluator.eval(given, scope)
    passed = server_argument(node)
    servers = evaluator.eval(passed, scope) if passed is not None else frozenset()
    has_server = any(isinstance(v, (FlaskApp, AsgiApp, Server)) for v in servers)
    for value, what in backends.class_values(values):
        if what == "name" and isinstance(value, Const):
            _backend_name(context, given, value, servers)
            continue
        own = backends.backend_class(evaluator, value) if isinstance(value, Cls) else None
        if what == "instance":
            if own is not None:
                context.report("DM806", given, [], why="is an instance: Dash raises ValueError, it wants the class")
        elif own is None and isinstance(value, Cls) and _makes_no_app(context, value):
            context.report("DM806", given, [], why="is no backend: it does not inherit from Dash's `BaseDashServer`")
        elif has_server and (own is not None or (isinstance(value, Ext) and value.dotted in names().backend_classes)):
            context.report("DM807", node, [], why="Dash raises TypeError for a class as `backend` beside a server")


def _makes_no_app(context: Context, cls: Cls) -> bool:
    evaluator = context.facts.project.evaluator
    return backends.bases_known(evaluator, cls, frozenset()) and "create_app" not in backends.members(evaluator, cls)


def _backend_name(context: Context, node: ast.expr, name: Const, servers: Values) -> None:
    if isinstance(name.value, bool):
        context.report("DM806", node, [], why="is neither a name nor a class: Dash raises ValueError")
    elif isinstance(name.value, str):
        lowered = name.value.lower()
        if lowered not in BACKENDS:
            context.report("DM806", node, [], why="is no backend of Dash (flask, fastapi, quart): KeyError")
            return
        kinds = {"flask" if isinstance(v, (FlaskApp, Server)) else v.kind for v in servers if isinstance(v, _SERVERS)}
        if kinds and lowered not in kinds:
            why = f"`{name.value}` is not the backend of the server beside it: Dash raises ValueError"
            context.report("DM807", node, [], why=why)


_SERVERS = (FlaskApp, AsgiApp, Server)
