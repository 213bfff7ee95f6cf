"""Names a function gets for what it asks of more than once: the request, and werkzeug's view of it."""

from __future__ import annotations

import ast
from functools import cached_property

from dash_migrate.facts.scopes import FileIndex, Scope, parent_of
from dash_migrate.fixes.native.work import Work, is_flask

#: how often a function asks before a name is worth its line
REQUEST_USES, WERKZEUG_USES = 2, 3

#: the name of werkzeug's view of a request
WERKZEUG_NAME = "flask_request"

#: nodes whose parts are evaluated later, more than once, or not at all
_UNSURE = (
    ast.Lambda,
    ast.Try,
    ast.Match,
    ast.comprehension,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
)

_Function = ast.FunctionDef | ast.AsyncFunctionDef


class Bound:
    """Finds where names for the request can be bound, and binds them."""

    def __init__(self, work: Work, plain: list[str]) -> None:
        self.work = work
        #: attributes of the request that werkzeug's view is asked for
        self.plain = plain
        self._done: dict[tuple[ast.AST, str], bool] = {}

    @cached_property
    def _uses(self) -> dict[ast.AST, list[ast.expr]]:
        """Where each function itself uses what lives in the request."""
        found: dict[ast.AST, list[ast.expr]] = {}
        for _, reference in self.work.references():
            is_name = isinstance(reference.node, ast.Name) and not self._is_imported(reference.node.id, reference.scope)
            if self.work.flask_name(reference.node) in ("request", "session", "g") and not is_name:
                function = self.work.roles.function_around(reference.node)
                if function is not None:
                    found.setdefault(function, []).append(reference.node)
        for nodes in found.values():
            nodes.sort(key=lambda n: (n.lineno, n.col_offset))
        return found

    def _is_imported(self, name: str, scope: Scope) -> bool:
        owner = scope.owner_of(name)
        bindings = owner.bindings.get(name, ()) if owner is not None else ()
        return any(binding.kind in ("import", "from") for binding in bindings)

    def request(self, node: ast.AST, file: FileIndex) -> bool:
        """Whether ``request`` is the current request at a place without one; it then is, by a line of its own."""
        function = self.work.roles.function_around(node)
        if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return False
        uses = self._uses.get(function, [])
        while uses and self.work.flask_name(uses[0]) == "g":
            uses = uses[1:]  # there need be no request yet: `g` lives in app contexts, too
        return node in uses and self._bind("request", "current_request", function, file, uses)

    def state(self, node: ast.AST, file: FileIndex) -> bool:
        """Whether ``state`` is what ``g`` was at a place; it then is, by a line of its own."""
        function = self.work.roles.function_around(node)
        if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return False
        uses = [use for use in self._uses.get(function, []) if self.work.flask_name(use) == "g"]
        return self._bind("state", "current_state", function, file, uses)

    def _bind(self, name: str, source: str, function: _Function, file: FileIndex, uses: list[ast.expr]) -> bool:
        """Whether a name for what several places of a function use is bound, before the first of them."""
        key = (function, name)
        if key not in self._done:
            statement = _statement_in(function, uses[0]) if uses else None
            fits = (
                self.work.binds
                and len(uses) >= REQUEST_USES
                and statement is not None
                and _is_sure(uses[0], statement)
                and not any(_is_test(use) for use in uses)
                and self._is_free(name, function, file, uses)
            )
            self._done[key] = fits
            if fits and statement is not None:
                text = f"{name} = {self.work.name(file, source)}()"
                self.work.edits[file.display].before.setdefault(statement, []).append(text)
        return self._done[key]

    def werkzeug(self, node: ast.AST, file: FileIndex, request: str) -> str:
        """The expression for werkzeug's view of a request: a name, if it is used often."""
        function = self.work.roles.function_around(node)
        plain = [
            use
            for use in self._uses.get(function, [])  # type: ignore[arg-type]
            if getattr(parent_of(use), "attr", "") in self.plain and self.work.flask_name(use) == "request"
        ]
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)) and request == "request" and plain:
            key = (function, WERKZEUG_NAME)
            if key not in self._done:
                statement = _statement_in(function, plain[0])
                self._done[key] = (
                    self.work.binds
                    and len(plain) >= WERKZEUG_USES
                    and statement is not None
                    and self._is_free(WERKZEUG_NAME, function, file, [])
                )
                if self._done[key] and statement is not None:
                    text = f"{WERKZEUG_NAME} = {self.work.name(file, 'as_werkzeug')}(request)"
                    self.work.edits[file.display].before.setdefault(statement, []).append(text)
            if self._done[key]:
                return WERKZEUG_NAME
        return f"{self.work.name(file, 'as_werkzeug')}({request})"

    def _is_free(self, name: str, function: _Function, file: FileIndex, uses: list[ast.expr]) -> bool:
        """Whether a name means nothing else in a function and those in it."""
        inner = file.scope_of_node[function]
        names = {node for use in uses for node in ast.walk(use)}
        for scope in file.scopes:
            if scope is not inner and not _is_within(scope, inner):
                continue
            if any(not is_flask(self.work, file, binding) for binding in scope.bindings.get(name, ())):
                return False
            if any(load not in names and self.work.flask_name(load) != name for load in scope.loads.get(name, ())):
                return False
        return True


def _is_within(scope: Scope, outer: Scope) -> bool:
    current = scope.parent
    while current is not None:
        if current is outer:
            return True
        current = current.parent
    return False


def _statement_in(function: _Function, node: ast.AST) -> ast.stmt | None:
    """The statement of a function's own body that holds a node, if a line can be put before it."""
    body = set(function.body)
    current: ast.AST | None = node
    while current is not None and current not in body:
        current = parent_of(current)
    if not isinstance(current, ast.stmt) or current.lineno == function.lineno:
        return None
    place = function.body.index(current)
    if place and function.body[place - 1].end_lineno == current.lineno:
        return None  # it shares its line
    signature_end = max((n.end_lineno or 0 for n in ast.walk(function.args) if isinstance(n, ast.expr)), default=0)
    return None if current.lineno <= signature_end else current


def _is_sure(node: ast.AST, statement: ast.stmt) -> bool:
    """Whether a node is evaluated whenever its statement is."""
    child, parent = node, parent_of(node)
    while child is not statement and parent is not None:
        if isinstance(parent, ast.BoolOp) and child is not parent.values[0]:
            return False
        if isinstance(parent, (ast.IfExp, ast.If, ast.While)) and child is not parent.test:
            return False
        if isinstance(parent, (ast.For, ast.AsyncFor)) and child is not parent.iter:
            return False
        if isinstance(parent, (ast.With, ast.AsyncWith)) and child in parent.body:
            return False  # a request context may be what it needs
        if isinstance(parent, _UNSURE):
            return False
        child, parent = parent, parent_of(parent)
    return True


def _is_test(node: ast.expr) -> bool:
    """Whether it is asked whether there is a request at all."""
    return isinstance(parent_of(node), (ast.If, ast.BoolOp, ast.IfExp, ast.UnaryOp))
