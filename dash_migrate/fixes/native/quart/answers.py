"""Answers in the hands of the app: their bodies are read with ``await`` on Quart."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from dash_migrate.facts.arguments import argument_for
from dash_migrate.facts.scan import Reference
from dash_migrate.facts.scopes import FileIndex, Scope, parent_of
from dash_migrate.facts.values import Ext, ExtInst, Func
from dash_migrate.findings.extensions import is_stdlib
from dash_migrate.fixes.native.quart.awaiting import Awaiting
from dash_migrate.fixes.native.work import Work
from dash_migrate.rules_data import table


class Answers:
    """Converts what is done to answers: those that names of flask make, and those that hooks are given."""

    def __init__(self, work: Work, awaiting: Awaiting) -> None:
        self.work = work
        self.awaiting = awaiting
        self.rows: dict[str, Any] = table("native_quart")["answer"]
        self._parameters: set[ast.arg] = set()

    def hooks(self) -> None:
        """Convert the answers that ``after_request`` hooks are given."""
        for role in list(self.work.roles.by_function.values()):
            if role.kind == "after" and isinstance(role.function, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
                self._parameter(role.file, role.function)
        for name in sorted(self.work.files):
            file = self.work.facts.project.files[name]
            for scope in list(file.scopes):
                for decorator in getattr(scope.node, "decorator_list", ()):
                    if self.work.flask_name(decorator) == "after_this_request":
                        self._parameter(file, scope.node)
            for call, scope in file.calls:
                if self.work.flask_name(call.func) == "after_this_request" and call.args:
                    for function, owner in self._functions(call.args[0], scope):
                        self._parameter(owner, function)

    def reference(self, file: FileIndex, reference: Reference) -> None:
        """One expression that may be an answer a name of flask has made."""
        for value in reference.values:
            if isinstance(value, ExtInst) and value.dotted in self.rows["makers"]:
                self._use(file, reference.node)
                return

    def _functions(self, node: ast.expr, scope: Scope) -> Iterator[tuple[ast.AST, FileIndex]]:
        if isinstance(node, ast.Lambda):
            yield node, scope.file
        for value in self.work.facts.project.evaluator.eval(node, scope):
            if isinstance(value, Func) and value.node is not node:
                yield value.node, value.file

    def _parameter(self, file: FileIndex, function: Any, place: int = -1, argument: ast.arg | None = None) -> None:
        """A parameter of a function holds an answer."""
        arguments = [*function.args.posonlyargs, *function.args.args]
        argument = argument or (arguments[place] if arguments else None)
        if argument is None or argument in self._parameters:
            return
        self._parameters.add(argument)
        scope = file.scope_of_node[function]
        for other in file.scopes:
            for load in other.loads.get(argument.arg, ()):
                if other.owner_of(argument.arg) is scope:
                    self._use(file, load)
                    self._passed(file, load, other)

    def _passed(self, file: FileIndex, load: ast.expr, scope: Scope) -> None:
        parent = parent_of(load)
        call = parent_of(parent) if isinstance(parent, ast.keyword) else parent
        if not isinstance(call, ast.Call) or call.func is load:
            return
        values = self.work.facts.project.evaluator.eval(call.func, scope)
        for value in values:
            if isinstance(value, Func):
                for argument in [*value.node.args.posonlyargs, *value.node.args.args, *value.node.args.kwonlyargs]:
                    if argument_for(value.node, argument, call, value.owner is not None) is load:
                        self._parameter(value.file, value.node, argument=argument)
            elif isinstance(value, Ext) and value.dotted.startswith(("flask.", "builtins.")):
                continue
            elif not (isinstance(value, Ext) and is_stdlib(value.dotted)):
                self.work.decline(file, call, f"`{ast.unparse(call.func)}` takes an answer")
        if not values:
            self.work.decline(file, call, f"`{ast.unparse(call.func)}` takes an answer")

    def _use(self, file: FileIndex, node: ast.expr) -> None:
        attribute = parent_of(node)
        if not isinstance(attribute, ast.Attribute) or attribute.value is not node:
            return
        attr, call = attribute.attr, parent_of(attribute)
        called = isinstance(call, ast.Call) and call.func is attribute
        loaded = isinstance(attribute.ctx, ast.Load)
        if attr in self.rows["awaited"] and loaded:
            self.awaiting.need(file, attribute)
        elif attr in self.rows["awaited_calls"] and called:
            self.awaiting.need(file, call)  # type: ignore[arg-type]
        elif attr not in self.rows["kept"] and not (attr in self.rows["awaited"] and not loaded):
            self.work.decline(file, attribute, f"`{attr}` of an answer has no counterpart")
