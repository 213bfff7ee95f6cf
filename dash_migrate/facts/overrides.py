"""Methods of Dash that the project overrides and that Dash no longer calls, by ``dash_overrides.toml``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from dash_migrate.facts.names import names
from dash_migrate.facts.project import Project, last_name
from dash_migrate.facts.scopes import FileIndex, Scope, parent_of
from dash_migrate.facts.values import Cls, DashApp, Ext, Inst, Super
from dash_migrate.rules_data import table

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

#: methods in which a class hands an override to Dash, or to the server, itself
_SETTING_UP = frozenset(["__init__", "init_app", "_add_url", "_setup_routes"])


@dataclass(frozen=True)
class Override:
    """One method in the body of a class that is a Dash app, or is mixed into one."""

    cls: Cls
    method: FunctionNode
    #: whether the class has Dash among its bases, not only classes that derive from it
    is_dash: bool
    #: calls of what is overridden: ``super().dispatch()``
    calls: tuple[ast.Call, ...] = ()
    #: other places that have the method from an app
    uses: tuple[ast.expr, ...] = field(default=())
    #: whether the project itself gives it to Dash or to the server
    is_given: bool = False
    #: whether other classes that the class inherits from, that inherit from it, or that are mixed with it do the same
    in_ancestors: bool = False
    in_descendants: bool = False
    in_siblings: bool = False

    @property
    def name(self) -> str:
        return self.method.name


def gone() -> dict[str, dict[str, str]]:
    """What is known of each method that Dash no longer calls."""
    return table("dash_overrides")


def dead_overrides(project: Project, file: FileIndex, node: ast.ClassDef | None = None) -> Iterator[Override]:
    """The overrides in a file (or in one class of it) that Dash does not call."""
    rows = gone()
    for scope in [file.scope_of_node[node]] if node is not None else list(file.scopes):
        if not isinstance(scope.node, ast.ClassDef):
            continue
        methods = [s for s in scope.node.body if isinstance(s, FunctionNode) and s.name in rows]
        if methods:
            cls = Cls(file, scope.node, scope.parent or file.module)
            is_dash = is_dash_class(project, cls)
            relatives = [c for c in project.subclasses(scope) if c.node is not scope.node]
            if not is_dash and not any(is_dash_class(project, relative) for relative in relatives):
                continue
            for method in methods:
                yield _looked_at(project, cls, method, is_dash, relatives)


def is_dash_class(project: Project, cls: Cls) -> bool:
    """Whether a class of the project inherits from Dash."""
    return any(base in names().dash_classes for base in project.evaluator.objects.external_bases(cls))


def _looked_at(project: Project, cls: Cls, method: FunctionNode, is_dash: bool, relatives: list[Cls]) -> Override:
    name, objects = method.name, project.evaluator.objects
    calls, uses, is_given = [], [], False
    ancestors = [c for c in objects.lineage(cls) if c.node is not cls.node]
    family = [cls, *ancestors, *relatives]
    for other in project.files.values():
        for node, scope in other.attributes.get(name, ()):
            if not isinstance(node.ctx, ast.Load):
                continue
            call = parent_of(node)
            called = isinstance(call, ast.Call) and call.func is node
            if called and _is_overridden(project, node.value, scope):
                assert isinstance(call, ast.Call)
                if _is_inside(other, node, cls, method):
                    calls.append(call)
            elif _is_app(project, node.value, scope, family):
                uses.append(node)
                is_given = is_given or (not called and _method_around(scope) in _SETTING_UP)
    known = {c.node for c in family}
    mixed = [c for relative in relatives for c in objects.lineage(relative) if c.node not in known]
    return Override(
        cls,
        method,
        is_dash,
        tuple(calls),
        tuple(uses),
        is_given,
        any(_has(c, name) for c in ancestors),
        any(_has(c, name) for c in relatives),
        any(_has(c, name) for c in mixed),
    )


def _is_inside(file: FileIndex, node: ast.AST, cls: Cls, method: FunctionNode) -> bool:
    if file is not cls.file:
        return False
    first, last = method.lineno, method.end_lineno or method.lineno
    return first <= getattr(node, "lineno", 0) <= last


def _is_overridden(project: Project, owner: ast.expr, scope: Scope) -> bool:
    """``super()``, ``super(Cls, self)``, ``Dash``."""
    if isinstance(owner, ast.Call):
        return last_name(owner.func) == "super"
    values = project.evaluator.eval(owner, scope)
    return any(isinstance(v, (Cls, Super)) or (isinstance(v, Ext) and v.dotted in names().dash_classes) for v in values)


def _is_app(project: Project, owner: ast.expr, scope: Scope, family: list[Cls]) -> bool:
    nodes = {cls.node for cls in family}
    for value in project.evaluator.eval(owner, scope):
        cls = value.cls if isinstance(value, (DashApp, Inst, Super)) else value if isinstance(value, Cls) else None
        if cls is not None and cls.node in nodes:
            return True
    return False


def _method_around(scope: Scope) -> str:
    current: Scope | None = scope
    while current is not None and current.parent is not None and current.parent.kind != "class":
        current = current.parent
    return getattr(current.node, "name", "") if current is not None else ""


def _has(cls: Cls, name: str) -> bool:
    return any(isinstance(s, FunctionNode) and s.name == name for s in cls.node.body)


def is_replaced(project: Project, target: ast.Attribute, scope: Scope) -> bool:
    """Whether an assignment to an attribute gives a Dash app, or a class of them, another method."""
    for value in project.evaluator.eval(target.value, scope):
        if isinstance(value, DashApp) or (isinstance(value, Ext) and value.dotted in names().dash_classes):
            return True
        if isinstance(value, Cls) and is_dash_class(project, value):
            return True
    return False
