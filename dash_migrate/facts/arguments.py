"""Which arguments a call passes for what, and what containers hold."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import Any

from dash_migrate.facts.values import (
    NOTHING,
    AsgiApp,
    Blueprint,
    Bridged,
    DashApp,
    FlaskApp,
    Items,
    Server,
    Value,
    Values,
)
from dash_migrate.files.errors import NO_CODE


def matters(value: Value) -> bool:
    """Whether missing this value could change what is found."""
    if isinstance(value, Items):
        return any(matters(v) for member in value.members for v in member)
    return isinstance(value, (DashApp, FlaskApp, Server, Bridged, Blueprint, AsgiApp))


def elements(values: Iterable[Value]) -> list[Values]:
    """The members of the containers among the values."""
    found: list[Values] = []
    for value in values:
        if isinstance(value, Items):
            found.extend([value.keys] if value.mapping else value.members)
    return found


def item(container: Items, place: int) -> Values:
    """What a container holds at a place (anything it holds, if places are not known)."""
    if container.loose or place < 0 or place >= len(container.members):
        return frozenset().union(*container.members) if container.members else NOTHING
    return container.members[place]


def argument_for(function: Any, argument: ast.AST, call: ast.Call, bound: bool) -> ast.expr | None:
    """The expression a call passes for a parameter."""
    arguments = function.args
    if argument is arguments.kwarg:
        return None
    name = getattr(argument, "arg", "")
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    plain = [*arguments.posonlyargs, *arguments.args]
    positional = list(call.args)
    if any(isinstance(a, ast.Starred) for a in positional):
        return None
    if argument is arguments.vararg:
        extra = positional[max(0, len(plain) - (1 if bound else 0)) :]
        return extra[0] if extra else None
    if argument not in plain:
        return None
    place = plain.index(argument) - (1 if bound else 0)
    return positional[place] if 0 <= place < len(positional) else None


def field_argument(call: ast.Call, name: str, place: int) -> ast.expr | None:
    """The expression a call passes for a field of a record."""
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    starred = any(isinstance(a, ast.Starred) for a in call.args[: place + 1])
    return call.args[place] if place < len(call.args) and not starred else None


def field_names(call: ast.Call) -> tuple[str, ...]:
    """The fields in ``namedtuple("P", "a b")`` or ``NamedTuple("P", [("a", int)])``."""
    node = call.args[1] if len(call.args) > 1 else None
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return tuple(node.value.replace(",", " ").split())
    members = node.elts if isinstance(node, (ast.List, ast.Tuple)) else []
    first = [m.elts[0] if isinstance(m, ast.Tuple) and m.elts else m for m in members]
    return tuple(text_of(m) for m in first)


def entries_of(values: Values) -> Iterator[tuple[str, Values]]:
    """Keys and values of the dicts among the values."""
    for value in values:
        if isinstance(value, Items) and (value.mapping or value.record):
            yield from zip(value.names or ("",) * len(value.members), value.members, strict=True)


def text_of(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def default_of(arguments: ast.arguments, argument: ast.AST) -> ast.expr | None:
    plain = [*arguments.posonlyargs, *arguments.args]
    if argument in plain:
        place = plain.index(argument) - (len(plain) - len(arguments.defaults))
        return arguments.defaults[place] if place >= 0 else None
    if argument in arguments.kwonlyargs:
        return arguments.kw_defaults[arguments.kwonlyargs.index(argument)]
    return None


def annotation_parts(annotation: ast.expr) -> Iterator[ast.expr]:
    """The class expressions an annotation is made of: ``Dash | None``, ``Optional["Dash"]``."""
    if isinstance(annotation, ast.BinOp):
        yield from annotation_parts(annotation.left)
        yield from annotation_parts(annotation.right)
    elif isinstance(annotation, ast.Subscript):
        inner = annotation.slice
        for part in inner.elts if isinstance(inner, ast.Tuple) else [inner]:
            yield from annotation_parts(part)
    elif isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            yield from annotation_parts(ast.parse(annotation.value, mode="eval").body)
        except NO_CODE:
            return
    else:
        yield annotation


def _decorators(node: ast.AST) -> set[str]:
    found = set()
    for decorator in getattr(node, "decorator_list", ()):
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        found.add(target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", ""))
    return found


def is_static(node: ast.AST) -> bool:
    return "staticmethod" in _decorators(node)


def is_classmethod(node: ast.AST) -> bool:
    return "classmethod" in _decorators(node)


def is_property(node: ast.AST) -> bool:
    return bool(_decorators(node) & {"property", "cached_property", "hybrid_property"})
