"""What each function of an app is for: view, hook, error handler, callback, or helper of one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from dash_migrate.facts.project import last_name
from dash_migrate.facts.scan import Facts
from dash_migrate.facts.scopes import FileIndex, Scope, parent_of
from dash_migrate.facts.values import Blueprint, Ext, Func, Value

Kind = Literal["view", "before", "after", "teardown", "error", "template", "callback", "wrapper", "helper"]

ROUTE_METHODS = frozenset(["route", "get", "post", "put", "delete", "patch"])
_HOOKS: dict[str, Kind] = {
    "before_request": "before",
    "after_request": "after",
    "teardown_request": "teardown",
    "teardown_appcontext": "teardown",
    "before_first_request": "teardown",
    "before_app_request": "before",
    "after_app_request": "after",
    "teardown_app_request": "teardown",
    "errorhandler": "error",
    "app_errorhandler": "error",
    "app_context_processor": "template",
    "app_template_filter": "template",
    "app_template_global": "template",
    "app_template_test": "template",
    "context_processor": "template",
    "template_filter": "template",
    "template_global": "template",
    "template_test": "template",
}

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(eq=False)
class Registration:
    """One place where a function is given to the server: a decorator or a call."""

    file: FileIndex
    scope: Scope
    #: the call ``server.route("/x", …)``, ``server.add_url_rule(…)``; None for a bare decorator
    call: ast.Call | None
    attribute: ast.Attribute
    owner: Value


@dataclass(eq=False)
class Role:
    """A function and what it is registered for."""

    function: FunctionNode
    file: FileIndex
    kind: Kind
    registrations: list[Registration] = field(default_factory=list)


class Roles:
    """The roles of all functions in some files."""

    def __init__(self, facts: Facts, files: set[str], is_server: object) -> None:
        self.facts = facts
        self.files = files
        self._is_server = is_server
        self.by_function: dict[ast.AST, Role] = {}
        #: inner functions of decorators that stand on callbacks
        self.around_callbacks: set[ast.AST] = set()
        for name in files:
            file = facts.project.files.get(name)
            if file is not None:
                self._decorated(file)
                self._called(file)
                self._callbacks(file)
        self._wrappers()

    def role_of(self, node: ast.AST) -> Role | None:
        """The role of the innermost function with one around a node."""
        current: ast.AST | None = node
        while current is not None:
            role = self.by_function.get(current)
            if role is not None:
                return role
            current = parent_of(current)
        return None

    def function_around(self, node: ast.AST) -> FunctionNode | None:
        """The innermost function around a node."""
        current = parent_of(node)
        while current is not None and not isinstance(current, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            current = parent_of(current)
        return current

    def views(self) -> Iterator[Role]:
        """The views."""
        return (role for role in self.by_function.values() if role.kind == "view")

    def shows_parameters(self, role: Role) -> bool:
        """Whether the decorators of a function hand its parameters through, for whoever looks at its signature."""
        registered = {r.call or r.attribute for r in role.registrations}
        scope = role.file.scope_of_node[role.function].parent or role.file.module
        for decorator in getattr(role.function, "decorator_list", ()):
            if decorator in registered:
                continue
            target = decorator.func if isinstance(decorator, ast.Call) else decorator
            values = self.facts.project.evaluator.eval(target, scope)
            if not values or not all(_hands_on(value) for value in values):
                return False
        return True

    # --- finding

    def _owner(self, node: ast.expr) -> Value | None:
        for value in self.facts.values.get(node, ()):
            if isinstance(value, Blueprint) or self._is_server(value):  # type: ignore[operator]
                return value
        return None

    def _note(self, function: ast.AST, file: FileIndex, kind: Kind, registration: Registration) -> None:
        role = self.by_function.setdefault(function, Role(function, file, kind))  # type: ignore[arg-type]
        role.registrations.append(registration)

    def _decorated(self, file: FileIndex) -> None:
        for scope in list(file.scopes):
            function = scope.node
            for decorator in getattr(function, "decorator_list", ()):
                call = decorator if isinstance(decorator, ast.Call) else None
                target = decorator.func if call is not None else decorator
                if not isinstance(target, ast.Attribute):
                    continue
                kind: Kind | None = "view" if target.attr in ROUTE_METHODS else _HOOKS.get(target.attr)
                owner = self._owner(target.value)
                if kind is not None and owner is not None:
                    outer = scope.parent or file.module
                    self._note(function, file, kind, Registration(file, outer, call, target, owner))

    def _called(self, file: FileIndex) -> None:
        """``server.add_url_rule("/x", view_func=f)``, ``server.before_request(f)``, ``server.errorhandler(404)(f)``."""
        for call, scope in file.calls:
            func = call.func
            if isinstance(func, ast.Call) and isinstance(func.func, ast.Attribute):
                owner = self._owner(func.func.value)
                kind: Kind | None = "view" if func.func.attr in ROUTE_METHODS else _HOOKS.get(func.func.attr)
                if owner is not None and kind is not None and call.args:
                    self._functions(call.args[0], scope, kind, Registration(file, scope, func, func.func, owner))
                continue
            if not isinstance(func, ast.Attribute):
                continue
            owner = self._owner(func.value)
            if owner is None:
                continue
            registration = Registration(file, scope, call, func, owner)
            if func.attr == "add_url_rule":
                given = next((k.value for k in call.keywords if k.arg == "view_func"), None)
                given = given or (call.args[2] if len(call.args) > 2 else None)
                if given is not None:
                    self._functions(given, scope, "view", registration)
            elif func.attr == "register_error_handler" and len(call.args) > 1:
                self._functions(call.args[1], scope, "error", registration)
            elif func.attr in _HOOKS and call.args and not _is_decorator(call):
                self._functions(call.args[0], scope, _HOOKS[func.attr], registration)

    def _functions(self, node: ast.expr, scope: Scope, kind: Kind, registration: Registration) -> None:
        if isinstance(node, ast.Lambda):
            self._note(node, registration.file, kind, registration)
            return
        for value in self.facts.project.evaluator.eval(node, scope):
            if isinstance(value, Func):
                self._note(value.node, value.file, kind, registration)

    def _callbacks(self, file: FileIndex) -> None:
        for scope in list(file.scopes):
            for decorator in getattr(scope.node, "decorator_list", ()):
                target = decorator.func if isinstance(decorator, ast.Call) else decorator
                if last_name(target) in ("callback", "long_callback") and scope.node not in self.by_function:
                    self.by_function[scope.node] = Role(scope.node, file, "callback")  # type: ignore[arg-type]

    def _wrappers(self) -> None:
        """The inner functions of decorators that stand on views: what they return is an answer too."""
        evaluator = self.facts.project.evaluator
        for role in list(self.by_function.values()):
            if role.kind not in ("view", "before", "callback"):
                continue
            scope = role.file.scope_of_node[role.function].parent or role.file.module
            for decorator in getattr(role.function, "decorator_list", ()):
                target = decorator.func if isinstance(decorator, ast.Call) else decorator
                for value in evaluator.eval(target, scope):
                    if isinstance(value, Func):
                        for inner in _inner_functions(value.node):
                            if role.kind == "callback":
                                self.around_callbacks.add(inner)
                            else:
                                self.by_function.setdefault(inner, Role(inner, value.file, "wrapper"))


def _is_decorator(call: ast.Call) -> bool:
    parent = parent_of(call)
    return call in getattr(parent, "decorator_list", ())


def _inner_functions(node: ast.AST) -> Iterator[ast.FunctionDef]:
    for inner in ast.walk(node):
        if inner is not node and isinstance(inner, ast.FunctionDef):
            yield inner


def _hands_on(value: Value) -> bool:
    if isinstance(value, Func):
        return hands_through(value.node)
    return isinstance(value, Ext) and value.dotted.startswith("functools.")


def hands_through(function: ast.AST) -> bool:
    """Whether a decorator wraps with ``functools.wraps`` and passes ``**kwargs`` on."""
    for inner in ast.walk(function):
        if isinstance(inner, ast.FunctionDef) and inner is not function:
            wraps = any("wraps" in ast.dump(d.func if isinstance(d, ast.Call) else d) for d in inner.decorator_list)
            if wraps and inner.args.kwarg is not None:
                return True
    returned = [n.value for n in ast.walk(function) if isinstance(n, ast.Return)]
    names = {a.arg for a in getattr(function, "args", ast.arguments([], [], None, [], [], None, [])).args}
    inner_names = {n.name for n in ast.walk(function) if isinstance(n, ast.FunctionDef) and n is not function}
    # a decorator that gives back what it was given
    return bool(returned) and not inner_names and all(isinstance(v, ast.Name) and v.id in names for v in returned)
