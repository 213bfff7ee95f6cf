"""What must be awaited, the functions that become coroutine functions by it, and everyone who calls them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from dash_migrate.facts.objects import Objects
from dash_migrate.facts.project import last_name
from dash_migrate.facts.scopes import FileIndex, Scope, parent_of
from dash_migrate.facts.values import Blueprint, Cls, Func
from dash_migrate.fixes.native.quart.decorators import Decorators, function_around
from dash_migrate.fixes.native.quart.unseen import Unseen
from dash_migrate.fixes.native.work import Work

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

#: what registers a function that may be a coroutine function
_REGISTRARS = frozenset(["add_url_rule", "after_request", "before_request", "register_error_handler"])
#: the methods that classes of views call
_VIEW_METHODS = frozenset(["delete", "dispatch_request", "get", "head", "options", "patch", "post", "put"])


class Awaiting:
    """Collects the expressions to await, and spreads ``async`` from there.

    A function that cannot become a coroutine function stays plain, and takes results with ``result_of(…)``.
    """

    def __init__(self, work: Work) -> None:
        self.work = work
        #: expressions to await, with the file they are in
        self.awaited: dict[ast.expr, FileIndex] = {}
        #: expressions whose results plain code takes
        self.taken: dict[ast.expr, FileIndex] = {}
        #: functions to make coroutine functions of
        self.functions: dict[FunctionNode, FileIndex] = {}
        #: functions that stay plain, although they use what has to be awaited
        self._plain: set[FunctionNode] = set()
        self.decorators = Decorators(self)
        self.unseen = Unseen(work)

    def need(self, file: FileIndex, node: ast.expr) -> None:
        """An expression gives a coroutine: await it, or take its result."""
        if node in self.awaited or node in self.taken or isinstance(parent_of(node), ast.Await):
            return
        holder = _holder(node)
        if isinstance(holder, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if self.make_async(file, holder):
                self.awaited[node] = file
                return
        elif isinstance(holder, ast.Lambda) and self._is_view(holder) and holder.body is node:
            return  # Quart awaits what a view gives
        self.taken[node] = file

    def make_async(self, file: FileIndex, function: FunctionNode) -> bool:
        """A function awaits something; False if it has to stay plain."""
        if isinstance(function, ast.AsyncFunctionDef) or function in self.functions:
            return True
        if function in self._plain or _unfit(function) or not self.decorators.take(file, function):
            self._plain.add(function)
            return False
        if function in self.functions:
            return True  # it was found to be one meanwhile
        self.functions[function] = file
        if self.decorators.gives_coroutines(file, function):
            self.spread(file, function)
        return True

    # --- callers

    def may_give_coroutines(self, file: FileIndex, function: FunctionNode) -> bool:
        """Whether everyone who calls a function, or has it called, can do with a coroutine."""
        project = self.work.facts.project
        if self.unseen.may_call(file, function) and not _is_view_method(file, function, project.evaluator.objects):
            return False
        for call, caller in self._calls(file, function):
            values = project.evaluator.eval(call.func, caller)
            known = [v.node for v in values if isinstance(v, Func)]
            if parent_of(call) is None or function not in known or len(known) < len(values):
                return False  # it may be another function's call
            if any(node is not function and not self._is_coroutine(node) for node in known):
                return False  # it is not always to be awaited
            if caller.file.display not in self.work.files:
                return False
        return all(self.takes_coroutines(other, node) for other, node in self._values(function))

    def spread(self, file: FileIndex, function: FunctionNode) -> None:
        """A function gives a coroutine now: its callers must await it."""
        for call, caller in self._calls(file, function):
            self.need(caller.file, call)

    def _calls(self, file: FileIndex, function: FunctionNode) -> list[tuple[ast.Call, Scope]]:
        """The calls of a function. Of methods with names that others have, only those that are surely of it."""
        project = self.work.facts.project
        calls = project.calls_of(function, file.scope_of_node[function])
        by_class = _is_view_method(file, function, project.evaluator.objects)
        if not by_class and not self.unseen.is_common(function):
            return calls
        known = [(call, project.evaluator.eval(call.func, caller)) for call, caller in calls]
        sure = {call for call, values in known if any(isinstance(v, Func) and v.node is function for v in values)}
        return [pair for pair in calls if pair[0] in sure]

    def _is_coroutine(self, node: ast.AST) -> bool:
        return isinstance(node, ast.AsyncFunctionDef) or node in self.functions

    def _is_view(self, function: ast.AST) -> bool:
        role = self.work.roles.by_function.get(function)
        return role is not None and role.kind in ("view", "error", "before")

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

    def takes_coroutines(self, file: FileIndex, node: ast.expr) -> bool:
        """Whether coroutine functions are as good as plain ones where a function is named."""
        parent = parent_of(node)
        if isinstance(parent, (ast.Attribute, ast.Import, ast.ImportFrom)):
            return True
        if isinstance(parent, ast.Return):
            return self.decorators.returns(file, parent) or self._is_made_for_registration(file, parent)
        call = parent_of(parent) if isinstance(parent, ast.keyword) else parent
        if not isinstance(call, ast.Call):
            return isinstance(call, ast.FunctionDef) and node in call.decorator_list
        if last_name(call.func) == "wraps":
            return True
        if self.is_registered(call) or (isinstance(call.func, ast.Call) and last_name(call.func.func) == "callback"):
            return True
        return self._is_alias_of_registrar(file, call) or self.decorators.takes_value(file, call, node)

    def _is_made_for_registration(self, file: FileIndex, statement: ast.Return) -> bool:
        """Whether a statement gives a function to those who register it: ``add_url_rule("/x", view_func=make())``."""
        maker = function_around(statement)
        if maker is None or any(not isinstance(parent_of(node), ast.ImportFrom) for _, node in self._values(maker)):
            return False
        calls = self.work.facts.project.calls_of(maker, file.scope_of_node[maker])
        return bool(calls) and all(self.takes_coroutines(scope.file, call) for call, scope in calls)

    def _is_alias_of_registrar(self, file: FileIndex, call: ast.Call) -> bool:
        """``rule = server.add_url_rule``, then ``rule("/x", view_func=f)``."""
        project = self.work.facts.project
        if not isinstance(call.func, ast.Name):
            return False
        owner = project.scope_at(file, call).owner_of(call.func.id)
        bindings = owner.bindings.get(call.func.id, ()) if owner is not None else ()
        for binding in bindings:
            value = binding.value
            if not isinstance(value, ast.Attribute) or value.attr not in _REGISTRARS:
                return False
            held = project.evaluator.eval(value.value, binding.scope)
            if not any(self.work.is_server(v) or isinstance(v, Blueprint) for v in held):
                return False
        return bool(bindings)

    def is_registered(self, call: ast.Call) -> bool:
        """Whether a call gives a function to a server, which takes coroutine functions, too."""
        for role in self.work.roles.by_function.values():
            for registration in role.registrations:
                if registration.call is not None and registration.call in (call, call.func):
                    return role.kind != "template" or registration.attribute.attr.endswith("context_processor")
        return False

    # --- the edits

    def write(self) -> None:
        """Make the edits that were found to be needed."""
        self.decorators.write()
        for node, file in self.awaited.items():
            self.work.edit(file, node, _await(_binds_tighter(node)))
        for node, file in self.taken.items():
            self.work.edit(file, node, _taken(self.work.name(file, "result_of")))
        for function, file in self.functions.items():
            self.work.edit(file, function, _make_async)


def _holder(node: ast.AST) -> FunctionNode | ast.Lambda | None:
    """The function whose body evaluates an expression, or the lambda (None: neither, or a generator)."""
    child, parent = node, parent_of(node)
    while parent is not None:
        if isinstance(parent, ast.Lambda) and child is parent.body:
            return parent
        if isinstance(parent, ast.GeneratorExp) and child is not parent.generators[0]:
            return None
        if isinstance(parent, ast.comprehension):
            made = parent_of(parent)
            if isinstance(made, ast.GeneratorExp) and (child is not parent.iter or parent is not made.generators[0]):
                return None
        if isinstance(parent, (ast.FunctionDef, ast.AsyncFunctionDef)) and child in parent.body:
            return parent
        if isinstance(parent, ast.ClassDef) and child in parent.body:
            return None
        child, parent = parent, parent_of(parent)
    return None


def _unfit(function: FunctionNode) -> bool:
    """Whether a function can be no coroutine function: special methods, tests and generators."""
    special = function.name.startswith("__") and function.name.endswith("__")
    generates = any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in own_nodes(function))
    return special or generates or function.name.startswith("test_")


def _is_view_method(file: FileIndex, function: FunctionNode, objects: Objects) -> bool:
    """Whether ``flask.views`` calls a method."""
    scope = file.scope_of_node[function].parent
    if function.name not in _VIEW_METHODS or scope is None or not isinstance(scope.node, ast.ClassDef):
        return False
    cls = Cls(file, scope.node, scope.parent or file.module)
    return any(base in ("flask.views.MethodView", "flask.views.View") for base in objects.external_bases(cls))


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


def _taken(name: str) -> Any:
    """``result_of(request.form)``."""

    def change(node: Any) -> Any:
        import libcst as cst

        return cst.Call(cst.Name(name), [cst.Arg(node)])

    return change


def _make_async(node: Any) -> Any:
    import libcst as cst

    return node.with_changes(asynchronous=cst.Asynchronous())
