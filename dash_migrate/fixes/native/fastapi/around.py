"""Functions that are put around views by way of ``server.view_functions``."""

from __future__ import annotations

import ast

from dash_migrate.facts.scopes import FileIndex, parent_of
from dash_migrate.facts.values import Ext, Func
from dash_migrate.fixes.native.work import Work

#: decorators that answer or let the view answer, and do nothing else
_GUARDS = frozenset(
    [
        "flask_httpauth.HTTPBasicAuth.login_required", "flask_httpauth.HTTPTokenAuth.login_required",
        "flask_httpauth.MultiAuth.login_required", "flask_login.fresh_login_required", "flask_login.login_required",
    ]
)  # fmt: skip


def is_known(work: Work, file: FileIndex, attribute: ast.Attribute) -> bool:
    """Whether one use of ``view_functions`` means the same where a view is not a function that can be called."""
    parent = parent_of(attribute)
    if isinstance(parent, (ast.For, ast.comprehension, ast.Compare)):
        return True
    if isinstance(parent, ast.Attribute) and parent.attr in ("items", "keys"):
        return True
    if isinstance(parent, ast.Call) and parent.func is not attribute:
        return isinstance(parent.func, ast.Name) and parent.func.id in ("list", "sorted", "dict", "len", "set", "tuple")
    if not isinstance(parent, ast.Subscript):
        return False
    statement = parent_of(parent)
    if isinstance(parent.ctx, ast.Load):
        return isinstance(statement, ast.Call) and parent in statement.args and _is_guard(work, file, statement)
    return (
        isinstance(statement, ast.Assign)
        and isinstance(statement.value, ast.Call)
        and _is_guard(work, file, statement.value)
    )


def _is_guard(work: Work, file: FileIndex, call: ast.Call) -> bool:
    values = work.called(call.func, work.facts.project.scope_at(file, call))
    return bool(values) and all(
        value.dotted in _GUARDS if isinstance(value, Ext) else isinstance(value, Func) and _hands_back(value.node)
        for value in values
    )


def _hands_back(function: ast.AST) -> bool:
    """Whether a decorator returns what the view gives just as it is."""
    arguments = getattr(function, "args", None)
    if not isinstance(function, ast.FunctionDef) or arguments is None or not arguments.args:
        return False
    view = arguments.args[0].arg
    calls = [n for n in ast.walk(function) if isinstance(n, ast.Call) and getattr(n.func, "id", "") == view]
    uses = [n for n in ast.walk(function) if isinstance(n, ast.Name) and n.id == view]
    as_decorated = [d for n in ast.walk(function) for d in getattr(n, "decorator_list", ()) if isinstance(d, ast.Call)]
    wrapped = [a for d in as_decorated for a in d.args if getattr(a, "id", "") == view]
    return (
        len(calls) > 0
        and len(calls) + len(wrapped) == len(uses)
        and all(isinstance(parent_of(call), ast.Return) for call in calls)
    )
