"""Which calls of a function, or of the functions it calls, keep their thread waiting (``blocking.toml``)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, Literal

from dash_migrate.facts.origins import Origins
from dash_migrate.facts.project import Project, last_name
from dash_migrate.facts.scopes import FileIndex, Scope, parent_of
from dash_migrate.facts.values import Const, Func, Partial, Values
from dash_migrate.rules_data import table

Cost = Literal["long", "short", "breaks"]

#: how many calls deep helpers are followed
DEPTH = 6


@dataclass(frozen=True)
class Row:
    """One row of the table: which calls, what they wait for, what to use in ``async def``."""

    kind: str
    cost: Cost
    instead: str
    of: tuple[str, ...]
    calls: frozenset[str]
    first_argument: re.Pattern[str] | None = None

    def matches(self, origin: str) -> bool:
        """Whether a call whose function has this origin is meant: ``requests.Session().get``."""
        head, _, last = origin.rpartition(".")
        if last not in self.calls and ("*" not in self.calls or last[:1].isupper()):  # making an object does not wait
            return False
        return any(head.startswith(one[:-2]) if one.endswith("**") else head == one for one in self.of)


@dataclass(frozen=True)
class BlockingCall:
    """A call that waits.

    ``through`` names the helpers between the function that was asked about and the call, outermost first;
    ``certain`` is False where only the name of a method says so.
    """

    kind: str
    cost: Cost
    what: str
    instead: str
    file: FileIndex
    node: ast.Call
    through: tuple[str, ...] = ()
    certain: bool = True

    @property
    def line(self) -> int:
        """1-based."""
        return self.node.lineno


@dataclass(frozen=True)
class Reached:
    """A function of the project that runs when another one does."""

    function: Func
    through: tuple[str, ...]


@dataclass(eq=False)
class Blocking:
    """Answers for the functions of one project."""

    project: Project
    origins: Origins = field(init=False)
    _calls: dict[Scope, list[tuple[ast.Call, Scope]]] = field(default_factory=dict)
    _indexed: set[str] = field(default_factory=set)
    _direct: dict[ast.AST, tuple[BlockingCall, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.origins = Origins(self.project)

    def in_function(self, function: Func) -> tuple[BlockingCall, ...]:
        """Every blocking call that runs when the function runs, its helpers' included; each place once."""
        found: dict[ast.Call, BlockingCall] = {}
        for reached in self.reached(function):
            for call in self._in_body(reached.function):
                if call.node not in found:
                    found[call.node] = _through(call, reached.through)
        return tuple(found.values())

    def reached(self, function: Func) -> Iterator[Reached]:
        """The function and the project's functions that it calls, and so on; each once, nearest first."""
        seen: set[ast.AST] = {function.node}
        todo = [Reached(function, ())]
        for reached in todo:
            yield reached
            if len(reached.through) >= DEPTH:
                continue
            for called in self._called(reached.function):
                if called.node not in seen:
                    seen.add(called.node)
                    todo.append(Reached(called, (*reached.through, called.name)))

    def calls_in(self, function: Func) -> list[tuple[ast.Call, Scope]]:
        """The calls that the body of a function makes itself, with their scopes (lambdas in it included)."""
        self._index(function.file)
        scope = function.file.scope_of_node.get(function.node)
        return self._calls.get(scope, []) if scope is not None else []

    # --- one function

    def _index(self, file: FileIndex) -> None:
        if file.display in self._indexed:
            return
        self._indexed.add(file.display)
        for call, scope in file.calls:
            owner: Scope | None = scope.function
            while owner is not None and isinstance(owner.node, ast.Lambda):
                self._calls.setdefault(owner, []).append((call, scope))
                owner = owner.parent.function if owner.parent is not None else None
            if owner is not None:
                self._calls.setdefault(owner, []).append((call, scope))

    def _called(self, function: Func) -> Iterator[Func]:
        evaluator = self.project.evaluator
        for call, scope in self.calls_in(function):
            if self._is_elsewhere(call, scope):
                continue
            for value in evaluator.eval(call.func, scope):
                if isinstance(value, Partial):
                    value = value.target
                if isinstance(value, Func):
                    yield value
            for argument in call.args:  # map(load, paths), frame.apply(convert)
                if isinstance(argument, (ast.Name, ast.Attribute)) and last_name(call.func) in _RUNS_ARGUMENT:
                    yield from (v for v in evaluator.eval(argument, scope) if isinstance(v, Func))

    def _in_body(self, function: Func) -> tuple[BlockingCall, ...]:
        known = self._direct.get(function.node)
        if known is None:
            known = self._direct[function.node] = tuple(self._find(function))
        return known

    def _find(self, function: Func) -> Iterator[BlockingCall]:
        for call, scope in self.calls_in(function):
            if isinstance(parent_of(call), ast.Await) or self._is_elsewhere(call, scope):
                continue
            found = self.judge(call, scope, function.file)
            if found is not None:
                yield found

    def judge(self, call: ast.Call, scope: Scope, file: FileIndex) -> BlockingCall | None:
        """What the table says of one call (None: nothing)."""
        data = _table()
        last = last_name(call.func)
        if any(isinstance(value, Func) for value in self._eval(call.func, scope)):
            return None  # the project's own: looked into instead
        if last in data.words or "*" in data.words:
            for origin in sorted(self.origins.of(call.func, scope)):
                row = data.row_of(origin)
                if row is not None:
                    return BlockingCall(row.kind, row.cost, origin, row.instead, file, call)
        if not isinstance(call.func, ast.Attribute) or last not in data.method_words:
            return None
        if self.origins.of(call.func.value, scope):
            return None  # known, and not in the table
        for row in data.methods:
            if last in row.calls and self._fits(row, call, scope):
                return BlockingCall(row.kind, row.cost, f"….{last}", row.instead, file, call, certain=False)
        return None

    def _fits(self, row: Row, call: ast.Call, scope: Scope) -> bool:
        if row.first_argument is None:
            return True
        if not call.args:
            return False
        return any(row.first_argument.match(text) for text in _texts(call.args[0], self._eval(call.args[0], scope)))

    def _eval(self, node: ast.expr, scope: Scope) -> Values:
        return self.project.evaluator.eval(node, scope)

    def _is_elsewhere(self, call: ast.Call, scope: Scope) -> bool:
        """Whether the call stands in a lambda that is handed to a thread."""
        current: ast.AST | None = call
        while current is not None:
            parent = parent_of(current)
            if isinstance(current, ast.Lambda) and isinstance(parent, ast.Call) and self._offloads(parent, scope):
                return True
            if isinstance(current, ast.keyword):
                current = parent
                continue
            if isinstance(current, (ast.FunctionDef, ast.AsyncFunctionDef)):
                return False
            current = parent
        return False

    def _offloads(self, call: ast.Call, scope: Scope) -> bool:
        data = _table()
        if isinstance(call.func, ast.Attribute) and call.func.attr in data.offload_methods:
            return True
        return bool(self.origins.of(call.func, scope) & data.offload_calls)


_RUNS_ARGUMENT = frozenset(["map", "filter", "apply", "applymap", "sorted", "reduce", "agg", "transform", "pipe"])


def _through(call: BlockingCall, through: tuple[str, ...]) -> BlockingCall:
    if not through:
        return call
    return BlockingCall(call.kind, call.cost, call.what, call.instead, call.file, call.node, through, call.certain)


def _texts(node: ast.expr, values: Values) -> Iterator[str]:
    """The beginnings a string expression may have, as far as they are written out."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr) and node.values:
        yield from _texts(node.values[0], frozenset())
    elif isinstance(node, ast.BinOp):
        yield from _texts(node.left, frozenset())
    elif isinstance(node, ast.Call) and last_name(node.func) in ("text", "format", "dedent") and node.args:
        yield from _texts(node.args[0], frozenset())
    yield from (v.value for v in values if isinstance(v, Const) and isinstance(v.value, str))


class _Table:
    """``blocking.toml``, in the forms that are asked for."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.rows = [_row(one) for one in data["row"]]
        self.methods = [_row(one) for one in data["method"]]
        self.words = frozenset().union(*(row.calls for row in self.rows))
        self.method_words = frozenset().union(*(row.calls for row in self.methods))
        self.offload_calls = frozenset(data["offload"]["calls"])
        self.offload_methods = frozenset(data["offload"]["methods"])
        self._answers: dict[str, Row | None] = {}

    @cached_property
    def heads(self) -> frozenset[str]:
        """First parts of everything the rows speak of."""
        return frozenset(one.split(".")[0].removesuffix("**") for row in self.rows for one in row.of)

    def row_of(self, origin: str) -> Row | None:
        """The first row that means a function of this origin."""
        if origin not in self._answers:
            known = origin.split(".")[0] in self.heads
            self._answers[origin] = next((r for r in self.rows if r.matches(origin)), None) if known else None
        return self._answers[origin]


def _row(data: dict[str, Any]) -> Row:
    pattern = data.get("first_argument")
    return Row(
        data["kind"],
        data["cost"],
        data["instead"],
        tuple(data.get("of", ())),
        frozenset(data["calls"]),
        re.compile(pattern) if pattern else None,
    )


@cache
def _table() -> _Table:
    return _Table(table("blocking"))
