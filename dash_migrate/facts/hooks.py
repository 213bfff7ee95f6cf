"""Every hook that the code puts on a Dash server, and whether a request can be refused there."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from dash_migrate.facts.blocking import Blocking
from dash_migrate.facts.project import last_name
from dash_migrate.facts.scan import Facts
from dash_migrate.facts.scopes import FileIndex, Scope, parent_of
from dash_migrate.facts.sides import Sides
from dash_migrate.facts.values import Blueprint, Func, Value

HookKind = Literal["before", "after", "teardown", "error", "first", "other"]

_KINDS: dict[str, HookKind] = {
    "before_request": "before",
    "before_app_request": "before",
    "before_first_request": "first",
    "before_app_first_request": "first",
    "after_request": "after",
    "after_app_request": "after",
    "teardown_request": "teardown",
    "teardown_app_request": "teardown",
    "teardown_appcontext": "teardown",
    "errorhandler": "error",
    "app_errorhandler": "error",
    "register_error_handler": "error",
    "url_value_preprocessor": "other",
    "app_url_value_preprocessor": "other",
    "url_defaults": "other",
    "context_processor": "other",
    "app_context_processor": "other",
}


@dataclass(frozen=True)
class Hook:
    """One registration; ``may_refuse`` says that a request can end there: it returns something, aborts, or raises."""

    file: FileIndex
    call: ast.AST
    kind: HookKind
    function: Func | None
    owner: Value
    may_refuse: bool

    @property
    def line(self) -> int:
        """1-based."""
        return getattr(self.call, "lineno", 1)

    @property
    def name(self) -> str:
        return self.function.name if self.function is not None else self.kind


def hooks_of(facts: Facts, blocking: Blocking | None = None, sides: Sides | None = None) -> list[Hook]:
    """The hooks on servers and blueprints of Dash apps, by file and line."""
    finder = _Finder(facts, blocking or Blocking(facts.project), sides or Sides(facts))
    return sorted(finder.run(), key=lambda hook: (hook.file.display, hook.line))


class _Finder:
    def __init__(self, facts: Facts, blocking: Blocking, sides: Sides) -> None:
        self.facts, self.blocking, self.sides = facts, blocking, sides
        self.evaluator = facts.project.evaluator

    def run(self) -> Iterator[Hook]:
        for file in list(self.facts.project.files.values()):
            for name, kind in _KINDS.items():
                for node, scope in file.attributes.get(name, ()):
                    owners = [v for v in self.evaluator.eval(node.value, scope) if self._is_ours(v)]
                    if owners:
                        site, function = self._function(node, scope)
                        refuses = kind == "before" and (function is None or self._may_refuse(function))
                        yield Hook(file, site, kind, function, sorted(owners, key=repr)[0], refuses)

    def _is_ours(self, value: Value) -> bool:
        if isinstance(value, Blueprint):
            return self.sides.is_ours(value)
        return self.facts.is_server(value) or value in self.facts.bridged_hosts

    def _function(self, node: ast.Attribute, scope: Scope) -> tuple[ast.AST, Func | None]:
        """``@server.before_request``, ``@server.errorhandler(404)``, ``server.before_request(f)``."""
        call = parent_of(node)
        site: ast.AST = call if isinstance(call, ast.Call) and call.func is node else node
        parent = parent_of(site)
        if isinstance(parent, (ast.FunctionDef, ast.AsyncFunctionDef)) and site in parent.decorator_list:
            return site, Func(scope.file, parent, scope)
        if isinstance(site, ast.Call) and site.args:
            for argument in reversed(site.args):
                for value in self.evaluator.eval(argument, scope):
                    if isinstance(value, Func):
                        return site, value
        return site, None

    def _may_refuse(self, function: Func) -> bool:
        node = function.node
        if isinstance(node, ast.Lambda):
            return not (isinstance(node.body, ast.Constant) and node.body.value is None)
        others = [d for d in node.decorator_list if last_name(d.func if isinstance(d, ast.Call) else d) not in _KINDS]
        if others:
            return True  # what an unknown decorator returns is not known
        scope = function.file.scope_of_node.get(node)
        if scope is not None and any(not _is_none(value) for value in scope.returns):
            return True
        for reached in self.blocking.reached(function):
            inner = reached.function
            for call, _ in self.blocking.calls_in(inner):
                if last_name(call.func) == "abort":
                    return True
            if any(isinstance(one, ast.Raise) for one in ast.walk(inner.node)):
                return True
        return False


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
