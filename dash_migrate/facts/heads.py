"""The names whose value an expression may pass on."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from dash_migrate.facts.project import last_name
from dash_migrate.facts.scopes import Scope

#: a spelling; or for a local variable, its scope as well
Key: TypeAlias = str | tuple[Scope | None, str]

#: the name that a lambda has for itself
LAMBDA = "<lambda>"


def key_of(name: str, scope: Scope) -> Key:
    """What a name stands for in a scope."""
    owner = scope.owner_of(name)
    return name if owner is None or owner.kind in ("module", "class") else (owner, name)


def last_key(node: ast.expr, scope: Scope) -> Key:
    """What the last name of ``a.b.c``, or a name alone, stands for in a scope."""
    return key_of(node.id, scope) if isinstance(node, ast.Name) else last_name(node)


def heads(node: ast.expr | None, scope: Scope, is_annotation: bool = False) -> Iterable[Key]:
    """The names whose value an expression in a scope may pass on.

    Args:
        is_annotation: what it says of a type counts: the names in brackets and in strings.
    """
    if node.__class__ is ast.Name:
        return (key_of(node.id, scope),)
    if node is None or (node.__class__ is ast.Constant and not is_annotation):
        return ()
    return _heads(node, scope, is_annotation)


def _heads(node: ast.expr, scope: Scope, is_annotation: bool) -> Iterator[Key]:
    stack: list[tuple[ast.AST | None, Scope]] = [(node, scope)]
    while stack:
        current, scope = stack.pop()
        if isinstance(current, ast.Name):
            yield key_of(current.id, scope)
        elif isinstance(current, ast.Attribute):
            yield current.attr
        elif isinstance(current, ast.Call):
            stack.append((current.func, scope))
            if last_name(current.func) == "getattr":
                for argument in current.args[1:]:
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                        yield argument.value
            if last_name(current.func) in _PASS_ON:
                stack += [(argument, scope) for argument in current.args]
                stack += [(keyword.value, scope) for keyword in current.keywords]
            if isinstance(current.func, ast.Attribute) and current.func.attr in _PASS_ON:
                stack.append((current.func.value, scope))
        elif isinstance(current, (ast.Tuple, ast.List, ast.Set)):
            stack += [(element, scope) for element in current.elts]
        elif isinstance(current, (ast.Dict, ast.BoolOp)):
            stack += [(value, scope) for value in current.values]
        elif isinstance(current, ast.IfExp):
            stack += [(current.body, scope), (current.orelse, scope)]
        elif isinstance(current, (ast.Await, ast.Starred, ast.NamedExpr, ast.Subscript)):
            stack.append((current.value, scope))
            if is_annotation and isinstance(current, ast.Subscript):  # Optional[Dash]
                stack.append((current.slice, scope))
        elif isinstance(current, (ast.ListComp, ast.SetComp, ast.GeneratorExp)):
            stack.append((current.elt, scope.file.scope_of_node.get(current, scope)))
        elif isinstance(current, ast.DictComp):
            stack.append((current.value, scope.file.scope_of_node.get(current, scope)))
        elif isinstance(current, ast.Lambda):
            inner = scope.file.scope_of_node.get(current, scope)
            yield (inner, LAMBDA)
            stack.append((current.body, inner))
        elif isinstance(current, ast.BinOp):
            stack += [(current.left, scope), (current.right, scope)]
        elif is_annotation and isinstance(current, ast.Constant) and isinstance(current.value, str):
            yield from _WORD.findall(current.value)


_WORD = re.compile(r"\w+")
_PASS_ON = frozenset(
    ["list", "tuple", "set", "dict", "reversed", "sorted", "iter", "next", "enumerate", "zip", "cast", "partial",
     "items", "values", "get", "pop", "copy", "frozenset", "SimpleNamespace", "Namespace"]
)  # fmt: skip
