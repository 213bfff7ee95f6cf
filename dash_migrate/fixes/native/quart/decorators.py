"""Decorators of functions that become coroutine functions: what they wrap around must await them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dash_migrate.facts.project import last_name
from dash_migrate.facts.scopes import FileIndex, Scope, parent_of
from dash_migrate.facts.values import Ext, Func

if TYPE_CHECKING:
    from dash_migrate.fixes.native.quart.awaiting import Awaiting, FunctionNode

#: decorators that take coroutine functions as they take plain ones
_TAKERS = frozenset(["flask.after_this_request", "functools.wraps", "builtins.staticmethod", "builtins.classmethod"])


class Decorators:
    """The decorators of the project that stand on coroutine functions."""

    def __init__(self, awaiting: Awaiting) -> None:
        self.awaiting = awaiting
        self.work = awaiting.work
        #: for each decorator: the calls it makes of what it decorates, with their file
        self._calls: dict[ast.AST, list[tuple[ast.Call, FileIndex]]] = {}
        self._users: dict[ast.AST, set[FunctionNode]] = {}

    def of(self, file: FileIndex, function: FunctionNode) -> None:
        """Convert the decorators of a function that becomes a coroutine function."""
        scope = file.scope_of_node[function].parent or file.module
        for decorator in function.decorator_list:
            if not self._takes(file, function, decorator, scope):
                self.work.decline(file, decorator, f"`{function.name}` becomes a coroutine function under a decorator")

    def returns(self, statement: ast.Return) -> bool:
        """Whether a statement gives back what a known decorator makes."""
        return any(statement in ast.walk(node) for node in self._calls)

    def _takes(self, file: FileIndex, function: FunctionNode, decorator: ast.expr, scope: Scope) -> bool:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        role = self.work.roles.by_function.get(function)
        if role is not None and any(r.attribute is target for r in role.registrations):
            return role.kind != "template" or target.attr.endswith("context_processor")  # type: ignore[attr-defined]
        if last_name(target) == "callback":
            return not (isinstance(decorator, ast.Call) and any(k.arg == "background" for k in decorator.keywords))
        values = self.work.facts.project.evaluator.eval(target, scope)
        if not values and isinstance(target, ast.Name) and target.id in ("staticmethod", "classmethod"):
            return True
        for value in values:
            if isinstance(value, Func):
                if not self._project_decorator(value, isinstance(decorator, ast.Call)):
                    return False
            elif not (isinstance(value, Ext) and value.dotted in _TAKERS):
                return False
        return bool(values) or last_name(target) == "wraps"

    def _project_decorator(self, value: Func, with_arguments: bool) -> bool:
        """Make a decorator of the project await what it decorates."""
        if value.node in self._calls:
            return True
        maker: ast.AST | None = value.node
        if with_arguments:
            maker = _returned_function(value.node)
        if maker is None or isinstance(maker, ast.Lambda):
            return False
        assert isinstance(maker, (ast.FunctionDef, ast.AsyncFunctionDef))
        plain = [*maker.args.posonlyargs, *maker.args.args]
        if not plain:
            return False
        self._calls[value.node] = calls = []
        for load in _loads(value.file, maker, plain[0].arg):
            parent = parent_of(load)
            if isinstance(parent, ast.Call) and parent.func is load:
                calls.append((parent, value.file))
            elif not passes_on(load):
                return False
        self._decorate_all(value)
        for call, file in calls:
            self.awaiting.need(file, call)
        return True

    def _decorate_all(self, value: Func) -> None:
        """Every function under the decorator gives a coroutine now."""
        users = self._users[value.node] = set()
        project = self.work.facts.project
        for name in self.work.files:
            file = project.files[name]
            for scope in list(file.scopes):
                for decorator in getattr(scope.node, "decorator_list", ()):
                    target = decorator.func if isinstance(decorator, ast.Call) else decorator
                    if last_name(target) not in {value.name, *project._aliases.get(value.name, ())}:
                        continue
                    found = project.evaluator.eval(target, scope.parent or file.module)
                    if any(isinstance(v, Func) and v.node is value.node for v in found):
                        assert isinstance(scope.node, (ast.FunctionDef, ast.AsyncFunctionDef))
                        users.add(scope.node)
                        self.awaiting.spread(file, scope.node)
                        self.of(file, scope.node)

    def write(self) -> None:
        """Make plain functions awaitable where a decorator stands on both kinds."""
        functions = self.awaiting.functions
        for decorator, calls in self._calls.items():
            users = self._users.get(decorator, set())
            if all(isinstance(u, ast.AsyncFunctionDef) or u in functions for u in users):
                continue
            for call, file in calls:
                app = self.work.name(file, "current_app", "quart")
                self.work.edit(file, call.func, _ensured(app))


def passes_on(load: ast.expr) -> bool:
    """``wraps(view)``, ``view.__name__``, ``return view``: uses that do not call."""
    parent = parent_of(load)
    if isinstance(parent, ast.Call) and load in parent.args:
        return last_name(parent.func) in ("wraps", "update_wrapper")
    return isinstance(parent, (ast.Attribute, ast.Return))


def _returned_function(node: ast.AST) -> ast.AST | None:
    """The inner function that a function gives back."""
    inner = {n.name: n for n in getattr(node, "body", ()) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))}
    for statement in getattr(node, "body", ()):
        if isinstance(statement, ast.Return) and isinstance(statement.value, ast.Name):
            return inner.get(statement.value.id)
    return None


def _loads(file: FileIndex, maker: ast.AST, name: str) -> Iterator[ast.expr]:
    outer = file.scope_of_node[maker]
    for scope in file.scopes:
        for node in scope.loads.get(name, ()):
            if scope.owner_of(name) is outer:
                yield node


def _ensured(app: str) -> Any:
    def change(node: Any) -> Any:
        import libcst as cst

        return cst.Call(cst.parse_expression(f"{app}.ensure_async"), [cst.Arg(node)])

    return change
