"""Decorators of functions that become coroutine functions: what they wrap around must await them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dash_migrate.facts.project import last_name
from dash_migrate.facts.scopes import FileIndex, Scope, parent_of
from dash_migrate.facts.values import Cls, Ext, ExtInst, Func, Inst, Value
from dash_migrate.rules_data import table

if TYPE_CHECKING:
    from dash_migrate.fixes.native.quart.awaiting import Awaiting, FunctionNode

#: decorators that take coroutine functions as they take plain ones
_TAKERS = frozenset(["flask.after_this_request", "functools.wraps", "builtins.staticmethod", "builtins.classmethod"])


@dataclass
class _Wrapping:
    """A decorator of the project that calls what it decorates."""

    #: the calls of what is decorated, with their file
    calls: list[tuple[ast.Call, FileIndex]]
    #: the functions under it
    users: list[tuple[FunctionNode, FileIndex]]
    #: whether it wraps with coroutine functions; else it takes the results of what it calls
    is_async: bool = False
    #: whether it is given things that may be plain functions as well as coroutine functions
    is_mixed: bool = False


class Decorators:
    """The decorators of the project that stand on coroutine functions."""

    def __init__(self, awaiting: Awaiting) -> None:
        self.awaiting = awaiting
        self.work = awaiting.work
        self.rows: dict[str, list[str]] = table("native_quart")["decorators"]
        #: None: what it decorates has to stay plain
        self._known: dict[ast.AST, _Wrapping | None] = {}

    # --- for functions that become coroutine functions

    def take(self, file: FileIndex, function: FunctionNode) -> bool:
        """Whether a function may become a coroutine function: its decorators and callers can do with it."""
        scope = file.scope_of_node[function].parent or file.module
        if not all(self._takes(function, decorator, scope) for decorator in function.decorator_list):
            return False
        return not self.gives_coroutines(file, function) or self.awaiting.may_give_coroutines(file, function)

    def gives_coroutines(self, file: FileIndex, function: FunctionNode) -> bool:
        """Whether a coroutine function gives coroutines under its decorators."""
        scope = file.scope_of_node[function].parent or file.module
        return not any(self._makes_plain(d, scope) for d in function.decorator_list)

    def returns(self, file: FileIndex, statement: ast.Return) -> bool:
        """Whether a statement gives back what a decorator makes that may wrap with coroutine functions."""
        maker = function_around(statement)
        if maker is None or statement not in maker.body:
            return False
        whole = _whole_decorator(maker)
        if whole not in self._known:
            self._project_decorator(_as_value(file, whole), whole is not maker)
        known = self._known[whole]
        return known is not None and known.is_async

    def _takes(self, function: FunctionNode, decorator: ast.expr, scope: Scope) -> bool:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        role = self.work.roles.by_function.get(function)
        if role is not None and any(r.attribute is target for r in role.registrations):
            return role.kind != "template" or target.attr.endswith("context_processor")  # type: ignore[attr-defined]
        if last_name(target) == "callback":
            return not (isinstance(decorator, ast.Call) and any(k.arg == "background" for k in decorator.keywords))
        values = self.work.called(target, scope)
        if not values and isinstance(target, ast.Name) and target.id in ("staticmethod", "classmethod"):
            return True
        for value in values:
            made, with_arguments = self._callable(value, isinstance(decorator, ast.Call))
            if made is not None:
                if self._project_decorator(made, with_arguments) is None:
                    return False
            elif not (isinstance(value, (Ext, ExtInst)) and self.is_taker(value.dotted)):
                return False
        return bool(values) or last_name(target) == "wraps"

    def is_taker(self, dotted: str) -> bool:
        """Whether a decorator of a package takes coroutine functions."""
        return dotted in _TAKERS or dotted in self.rows["keep"] or dotted in self.rows["plain"]

    def _makes_plain(self, decorator: ast.expr, scope: Scope) -> bool:
        """Whether a decorator makes a plain function of a coroutine function."""
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        for value in self.work.called(target, scope):
            made, _ = self._callable(value, isinstance(decorator, ast.Call))
            wrapping = self._known.get(made.node) if made is not None else None
            if wrapping is not None and not wrapping.is_async:
                return True
            if isinstance(value, (Ext, ExtInst)) and value.dotted in self.rows["plain"]:
                return True
        return False

    # --- decorators of the project

    def _callable(self, value: Value, is_called: bool) -> tuple[Func | None, bool]:
        """The function behind a decorator (an instance's ``__call__``), and whether it makes the decorator."""
        if isinstance(value, Func):
            return value, is_called
        if isinstance(value, Cls if is_called else Inst):
            cls = value if isinstance(value, Cls) else value.cls
            methods = self.work.facts.project.evaluator.objects.methods(cls, "__call__", None)
            return (methods[0], False) if len(methods) == 1 else (None, False)
        return None, False

    def takes_value(self, file: FileIndex, call: ast.Call, node: ast.expr) -> bool:
        """Whether a call is a decorator of the project that is given a function, and the result may give coroutines."""
        if call.args[:1] != [node] or len(call.args) + len(call.keywords) != 1:
            return False
        is_called = isinstance(call.func, ast.Call)
        target = call.func.func if isinstance(call.func, ast.Call) else call.func
        values = self.work.facts.project.evaluator.eval(target, self.work.facts.project.scope_at(file, call))
        for value in values:
            made, with_arguments = self._callable(value, is_called)
            if made is None or self._project_decorator(made, with_arguments) is None:
                return False
        return bool(values)

    def around(self, file: FileIndex, node: ast.AST) -> bool:
        """Whether a node is in the wrapper that a decorator of the project makes, which is converted then."""
        wrapper = function_around(node)
        maker = function_around(wrapper) if wrapper is not None else None
        if maker is None or _returned_function(maker) is not wrapper:
            return False
        whole = _whole_decorator(maker)
        return self._project_decorator(_as_value(file, whole), whole is not maker) is not None

    def _project_decorator(self, value: Func, with_arguments: bool) -> _Wrapping | None:
        """Make a decorator of the project await what it decorates, or take its results."""
        if value.node in self._known:
            return self._known[value.node]
        self._known[value.node] = None
        maker: ast.AST | None = _returned_function(value.node) if with_arguments else value.node
        if not isinstance(maker, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return None
        plain = [*maker.args.posonlyargs, *maker.args.args]
        if _is_method(maker):
            plain = plain[1:]
        if not plain:
            return None
        made = _Wrapping([], [])
        for load in _loads(value.file, maker, plain[0].arg):
            parent = parent_of(load)
            call = _ensured_call(load)
            if isinstance(parent, ast.Call) and parent.func is load:
                made.calls.append((parent, value.file))
            elif call is not None:
                made.calls.append((call, value.file))
            elif not passes_on(load):
                return None
        made.users = list(self._users(value))
        self._given(made, value, with_arguments)
        self._known[value.node] = made
        made.is_async = not self._is_called(value, with_arguments) and all(
            self.awaiting.may_give_coroutines(file, user) for user, file in made.users
        )
        if made.is_async:
            for user, file in made.users:
                self.awaiting.spread(file, user)
        for call, file in made.calls:
            if made.is_async:
                self.awaiting.need(file, call)
            else:
                self.awaiting.taken[call] = file
        return made

    def takes_results(self, value: Func, with_arguments: bool) -> bool:
        """Whether a decorator of the project, which is called with any view, gives results, whatever the view is."""
        wrapping = self._project_decorator(value, with_arguments)
        return wrapping is not None and not wrapping.is_async

    def _users(self, value: Func) -> Iterator[tuple[FunctionNode, FileIndex]]:
        """The functions under a decorator."""
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
                        yield scope.node, file

    def _is_called(self, value: Func, with_arguments: bool) -> bool:
        """Whether a decorator is called where its result has to be plain, and not only written above functions."""
        calls = [(_applied(c) if with_arguments else c, scope.file) for c, scope in self._calls(value)]
        return not all(self.awaiting.takes_coroutines(file, call) for call, file in calls)

    def _calls(self, value: Func) -> Iterator[tuple[ast.Call, Scope]]:
        """The calls of a decorator (of what makes it) that are not above functions."""
        for call, scope in self.work.facts.project.calls_of(value.node, value.file.scope_of_node[value.node]):
            if call not in getattr(parent_of(call), "decorator_list", ()):
                yield call, scope

    def _given(self, wrapping: _Wrapping, value: Func, with_arguments: bool) -> None:
        """Note the functions that a decorator is called with."""
        for call, scope in self._calls(value):
            applied = _applied(call) if with_arguments else call
            for argument in applied.args[:1]:
                if isinstance(argument, ast.Call):
                    wrapping.is_mixed = True
                    continue
                for given in self.work.facts.project.evaluator.eval(argument, scope):
                    if isinstance(given, Func) and isinstance(given.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                        wrapping.users.append((given.node, given.file))
                    else:
                        wrapping.is_mixed = True

    def write(self) -> None:
        """Make plain functions awaitable where a decorator stands on both kinds."""
        functions = self.awaiting.functions
        for wrapping in self._known.values():
            if wrapping is None or not wrapping.is_async:
                continue
            users = wrapping.users
            if not wrapping.is_mixed and all(isinstance(u, ast.AsyncFunctionDef) or u in functions for u, _ in users):
                continue
            for call, file in wrapping.calls:
                if call in self.awaiting.awaited and not isinstance(call.func, ast.Call):
                    app = _bound_to(file, "current_app") or self.work.name(file, "current_app", "quart")
                    self.work.edit(file, call.func, _ensured(app))


def _bound_to(file: FileIndex, name: str) -> str | None:
    """The name under which a module has a name of flask, if it is of another name."""
    for local, bindings in file.module.bindings.items():
        if len(bindings) == 1 and (bindings[0].kind, bindings[0].module, bindings[0].attr) == ("from", "flask", name):
            return None if local == name or _is_rebound(file, local) else local
    return None


def _is_rebound(file: FileIndex, name: str) -> bool:
    return any(name in scope.bindings for scope in file.scopes if scope is not file.module)


def _applied(call: ast.Call) -> ast.Call:
    """``role("admin")(view)`` for ``role("admin")``."""
    parent = parent_of(call)
    return parent if isinstance(parent, ast.Call) and parent.func is call else call


def _ensured_call(load: ast.expr) -> ast.Call | None:
    """``current_app.ensure_sync(view)(…)`` for its ``view``."""
    inner = parent_of(load)
    outer = parent_of(inner) if inner is not None else None
    if not (isinstance(inner, ast.Call) and load in inner.args and last_name(inner.func) == "ensure_sync"):
        return None
    return outer if isinstance(outer, ast.Call) and outer.func is inner else None


def _is_method(node: ast.AST) -> bool:
    return isinstance(parent_of(node), ast.ClassDef)


def _whole_decorator(maker: FunctionNode) -> FunctionNode:
    """``role`` for the ``deco`` that ``role("admin")`` gives."""
    outer = function_around(maker)
    return outer if outer is not None and _returned_function(outer) is maker else maker


def _as_value(file: FileIndex, function: FunctionNode) -> Func:
    return Func(file, function, file.scope_of_node[function].parent or file.module)


def function_around(node: ast.AST) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """The innermost function around a node."""
    current = parent_of(node)
    while current is not None and not isinstance(current, (ast.FunctionDef, ast.AsyncFunctionDef)):
        current = parent_of(current)
    return current


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
