"""What must be awaited, the functions that become coroutine functions by it, and everyone who calls them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from dash_migrate.facts.project import last_name
from dash_migrate.facts.scopes import FileIndex, Scope, parent_of
from dash_migrate.facts.values import Func
from dash_migrate.fixes.native.quart.decorators import Decorators
from dash_migrate.fixes.native.work import Work

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


class Awaiting:
    """Collects the expressions to await, and spreads ``async`` from there."""

    def __init__(self, work: Work) -> None:
        self.work = work
        #: expressions to await, with the file they are in
        self.awaited: dict[ast.expr, FileIndex] = {}
        #: functions to make coroutine functions of
        self.functions: dict[FunctionNode, FileIndex] = {}
        #: functions that give a coroutine because of their decorators
        self.decorated: set[ast.AST] = set()
        self.decorators = Decorators(self)

    def need(self, file: FileIndex, node: ast.expr) -> None:
        """An expression gives a coroutine: await it."""
        if node in self.awaited or isinstance(parent_of(node), ast.Await):
            return
        holder = _holder(node)
        if isinstance(holder, str):
            self.work.decline(file, node, f"`{_shown(node)}` must be awaited, and cannot be {holder}")
            return
        self.awaited[node] = file
        self.make_async(file, holder)

    def make_async(self, file: FileIndex, function: FunctionNode) -> None:
        """A function awaits something."""
        if isinstance(function, ast.AsyncFunctionDef) or function in self.functions:
            return
        why = _unfit(function)
        if why:
            self.work.decline(file, function, f"`{function.name}` must await something, and is {why}")
            return
        self.functions[function] = file
        self.spread(file, function)
        self.decorators.of(file, function)

    def spread(self, file: FileIndex, function: FunctionNode) -> None:
        """A function gives a coroutine now: its callers must await it."""
        if function in self.decorated:
            return
        self.decorated.add(function)
        scope = file.scope_of_node[function]
        project = self.work.facts.project
        for call, caller in project.calls_of(function, scope):
            values = project.evaluator.eval(call.func, caller)
            known = [v.node for v in values if isinstance(v, Func)]
            if parent_of(call) is None or function not in known:
                self.work.decline(
                    caller.file, call.func, f"`{_shown(call.func)}` may be `{function.name}`, to be awaited"
                )
            elif any(node is not function and not self._is_coroutine(node) for node in known):
                self.work.decline(caller.file, call, f"`{_shown(call.func)}` is not always to be awaited")
            elif caller.file.display in self.work.files:
                self.need(caller.file, call)
        for other, node in self._values(function):
            if not self._takes_coroutines(other, node):
                self.work.decline(other, node, f"`{function.name}` becomes a coroutine function and is passed on here")

    def _is_coroutine(self, node: ast.AST) -> bool:
        return isinstance(node, ast.AsyncFunctionDef) or node in self.functions

    # --- a function as a value

    def _values(self, function: FunctionNode) -> Iterator[tuple[FileIndex, ast.expr]]:
        """Where a function is named without being called."""
        project = self.work.facts.project
        for name in self.work.files:
            file = project.files[name]
            for node, scope in _spelled(file, {function.name, *project._aliases.get(function.name, ())}):
                parent = parent_of(node)
                if isinstance(parent, ast.Call) and parent.func is node:
                    continue
                if any(isinstance(v, Func) and v.node is function for v in project.evaluator.eval(node, scope)):
                    yield file, node

    def _takes_coroutines(self, file: FileIndex, node: ast.expr) -> bool:
        """Whether coroutine functions are as good as plain ones where a function is named."""
        parent = parent_of(node)
        if isinstance(parent, (ast.Attribute, ast.Import, ast.ImportFrom)):
            return True
        if isinstance(parent, ast.Return):
            return self.decorators.returns(parent)
        call = parent_of(parent) if isinstance(parent, ast.keyword) else parent
        if not isinstance(call, ast.Call):
            return isinstance(call, ast.FunctionDef) and node in call.decorator_list
        if last_name(call.func) == "wraps":
            return True
        for role in self.work.roles.by_function.values():
            for registration in role.registrations:
                if registration.call is not None and registration.call in (call, call.func):
                    return role.kind != "template" or registration.attribute.attr.endswith("context_processor")
        return isinstance(call.func, ast.Call) and last_name(call.func.func) == "callback"

    # --- the edits

    def write(self) -> None:
        """Make the edits that were found to be needed."""
        self.decorators.write()
        for node, file in self.awaited.items():
            self.work.edit(file, node, _await(_binds_tighter(node)))
        for function, file in self.functions.items():
            self.work.edit(file, function, _make_async)


def _holder(node: ast.AST) -> FunctionNode | str:
    """The function whose body evaluates an expression, or where it is instead."""
    child, parent = node, parent_of(node)
    while parent is not None:
        if isinstance(parent, ast.Lambda) and child is parent.body:
            return "in a lambda"
        if isinstance(parent, ast.GeneratorExp) and child is not parent.generators[0]:
            return "in a generator"
        if isinstance(parent, ast.comprehension):
            made = parent_of(parent)
            if isinstance(made, ast.GeneratorExp) and (child is not parent.iter or parent is not made.generators[0]):
                return "in a generator"
        if isinstance(parent, (ast.FunctionDef, ast.AsyncFunctionDef)) and child in parent.body:
            return parent
        if isinstance(parent, ast.ClassDef) and child in parent.body:
            return "in the body of a class"
        child, parent = parent, parent_of(parent)
    return "while the module is imported"


def _unfit(function: FunctionNode) -> str:
    """Why a function cannot become a coroutine function (empty: it can)."""
    if function.name.startswith("__") and function.name.endswith("__"):
        return "a special method"
    if function.name.startswith("test_"):
        return "a test"
    if any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in own_nodes(function)):
        return "a generator"
    return ""


def own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """What is in the body of a function and not in that of an inner one."""
    todo: list[ast.AST] = list(getattr(function, "body", ()))
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            todo.extend(ast.iter_child_nodes(node))


def _spelled(file: FileIndex, names: set[str]) -> Iterator[tuple[ast.expr, Scope]]:
    for scope in file.scopes:
        for name in names:
            for node in scope.loads.get(name, ()):
                yield node, scope
    for name in names:
        yield from file.attributes.get(name, ())


def _shown(node: ast.expr) -> str:
    text = ast.unparse(node).split("\n")[0]
    return text if len(text) <= 40 else text[:37] + "…"


def _binds_tighter(node: ast.expr) -> bool:
    parent = parent_of(node)
    if isinstance(parent, (ast.Attribute, ast.Subscript)):
        return parent.value is node
    return isinstance(parent, ast.Call) and parent.func is node


def _await(in_parentheses: bool) -> Any:
    def change(node: Any) -> Any:
        import libcst as cst

        if node.lpar:  # its own parentheses go around
            return cst.Await(node.with_changes(lpar=[], rpar=[]), lpar=node.lpar, rpar=node.rpar)
        made = cst.Await(node)
        return made.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()]) if in_parentheses else made

    return change


def _make_async(node: Any) -> Any:
    import libcst as cst

    return node.with_changes(asynchronous=cst.Asynchronous())
