"""Recognises code that only runs on Flask: ``if backend == "flask":``, a test of the server's type, and so on."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from dash_migrate.facts.scopes import EarlyExit, FileIndex, Scope, parent_of

_BACKEND_NAMES = ("flask", "fastapi", "quart")


def guarded_backends(node: ast.AST, file: FileIndex, scope: Scope) -> set[str] | None:
    """The backends on which the code around ``node`` runs, if a test around it says so (None: no such test)."""
    memo = file.guarded
    allowed: set[str] | None = None
    steps: list[tuple[ast.AST, ast.AST]] = []
    child: ast.AST = node
    current = parent_of(node)
    while current is not None:
        key = (child, scope)
        if key in memo:
            allowed = memo[key]
            break
        steps.append((child, current))
        child, current = current, parent_of(current)
    for child, current in reversed(steps):
        found = _said_by(current, child, file, scope)
        if found is not None:
            allowed = found if allowed is None else allowed & found
        if isinstance(child, ast.stmt):
            memo[(child, scope)] = allowed
    return allowed


def _said_by(current: ast.AST, child: ast.AST, file: FileIndex, scope: Scope) -> set[str] | None:
    """The backends on which a direct part of a node runs, as far as that node says."""
    found: set[str] | None = None
    if isinstance(current, ast.IfExp):
        truth = backends_where_true(current.test, file, scope)
        if truth is not None and child is not current.test:
            found = truth if child is current.body else set(_BACKEND_NAMES) - truth
    if not isinstance(child, ast.stmt):
        return found
    if isinstance(current, ast.If):
        truth = backends_where_true(current.test, file, scope)
        if truth is not None:
            inside = any(child is statement for statement in current.body)
            found = truth if inside else set(_BACKEND_NAMES) - truth
    elif isinstance(current, ast.Try) and any(child is s for s in current.body) and _is_import_attempt(current):
        found = {"flask"}
    early = _early_exit(current, child, file, scope)
    if early is not None:
        found = early if found is None else found & early
    return found


def _early_exit(owner: ast.AST, child: ast.AST, file: FileIndex, scope: Scope) -> set[str] | None:
    """What ``if backend != "flask": return`` before a statement, in the same body of ``owner``, says of it."""
    exits = file.early_exits.get(owner)
    if exits is None:
        exits = file.early_exits[owner] = list(_early_exits(owner))
    allowed: set[str] | None = None
    for body, place, test in exits:
        if child in body and body.index(child) > place:
            truth = backends_where_true(test, file, scope)
            if truth is not None:
                allowed = (set(_BACKEND_NAMES) if allowed is None else allowed) - truth
    return allowed


def _early_exits(owner: ast.AST) -> Iterator[EarlyExit]:
    """The tests in the bodies of a statement after which it is left."""
    for name in ("body", "orelse", "finalbody"):
        body = getattr(owner, name, None)
        if not isinstance(body, list):
            continue
        for place, statement in enumerate(body):
            if not isinstance(statement, ast.If) or statement.orelse:
                continue
            if isinstance(statement.body[-1], (ast.Return, ast.Raise, ast.Continue, ast.Break)):
                yield body, place, statement.test


def backends_where_true(test: ast.expr, file: FileIndex, scope: Scope, depth: int = 0) -> set[str] | None:
    """The backends on which a condition can hold, if it is a test of the backend."""
    everything = set(_BACKEND_NAMES)
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = backends_where_true(test.operand, file, scope, depth)
        return None if inner is None else everything - inner
    if isinstance(test, ast.BoolOp):
        parts = [backends_where_true(v, file, scope, depth) for v in test.values]
        known = [p for p in parts if p is not None]
        if not known:
            return None
        if isinstance(test.op, ast.And):
            return set.intersection(*known)
        return set.union(*known) if len(known) == len(parts) else None
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        return _compared(test, everything)
    if isinstance(test, ast.Call):
        return _called(test)
    if isinstance(test, (ast.Name, ast.Attribute)) and depth < 3:
        return _named(test, file, scope, depth)
    return None


def _compared(test: ast.Compare, everything: set[str]) -> set[str] | None:
    for one, other in ((test.left, test.comparators[0]), (test.comparators[0], test.left)):
        chosen = _backend_strings(one)
        if not chosen:
            continue
        if isinstance(other, ast.Constant):
            return None
        if not _speaks_of_backend(other):
            return None
        operator = test.ops[0]
        if isinstance(operator, (ast.Eq, ast.In, ast.Is)):
            return chosen
        if isinstance(operator, (ast.NotEq, ast.NotIn, ast.IsNot)):
            return everything - chosen
    return None


def _backend_strings(node: ast.expr) -> set[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        name = node.value.lower()
        return {name} if name in _BACKEND_NAMES else set()
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return set().union(*(_backend_strings(e) for e in node.elts))
    return set()


def _speaks_of_backend(node: ast.expr) -> bool:
    words = ("backend", "server_type", "framework", "server")
    for part in ast.walk(node):
        name = getattr(part, "attr", None) or getattr(part, "id", None) or getattr(part, "value", None)
        if isinstance(name, str) and any(word in name.lower() for word in words):
            return True
    return False


def _called(test: ast.Call) -> set[str] | None:
    name = test.func.attr if isinstance(test.func, ast.Attribute) else getattr(test.func, "id", "")
    if name == "isinstance" and len(test.args) == 2:
        classes = test.args[1].elts if isinstance(test.args[1], ast.Tuple) else [test.args[1]]
        found = set()
        for cls in classes:
            last = cls.attr if isinstance(cls, ast.Attribute) else getattr(cls, "id", "")
            if last.lower() in _BACKEND_NAMES:
                found.add(last.lower())
        return found or None
    if name == "hasattr" and len(test.args) == 2 and isinstance(test.args[1], ast.Constant):
        attribute = test.args[1].value
        if attribute in ("wsgi_app", "before_first_request"):
            return {"flask"}
        if attribute in (
            "route",
            "before_request",
            "register_blueprint",
            "config",
            "after_request",
            "errorhandler",
        ):
            return {"flask", "quart"}
        if attribute in ("add_api_route", "add_middleware", "include_router"):
            return {"fastapi"}
    return None


def _named(test: ast.Name | ast.Attribute, file: FileIndex, scope: Scope, depth: int) -> set[str] | None:
    name = test.id if isinstance(test, ast.Name) else test.attr
    if isinstance(test, ast.Name):
        owner = scope.owner_of(name)
        bindings = owner.bindings.get(name, []) if owner is not None else []
        if len(bindings) == 1 and bindings[0].kind == "assign" and bindings[0].value is not None:
            inner = backends_where_true(bindings[0].value, file, scope, depth + 1)
            if inner is not None:
                return inner
    lowered = name.lower()
    for backend in _BACKEND_NAMES:
        if lowered in (
            f"is_{backend}",
            f"use_{backend}",
            f"on_{backend}",
            f"{backend}_backend",
            f"is{backend}",
        ):
            return {backend}
    return None


def _is_import_attempt(node: ast.Try) -> bool:
    """``try: import x`` with an ``except ImportError``."""
    return _catches_import_error(node) and _imports_only(node.body)


def _catches_import_error(node: ast.Try) -> bool:
    for handler in node.handlers:
        types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        for one in types:
            name = one.attr if isinstance(one, ast.Attribute) else getattr(one, "id", "")
            if name in ("ImportError", "ModuleNotFoundError"):
                return True
    return False


def _imports_only(body: list[ast.stmt]) -> bool:
    return bool(body) and all(isinstance(s, (ast.Import, ast.ImportFrom)) for s in body)
