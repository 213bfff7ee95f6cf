"""Backends of a project's own: classes that ``Dash(backend=…)`` is given, and what they are made of."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from dash_migrate.facts.evaluate import Evaluator
from dash_migrate.facts.names import names
from dash_migrate.facts.scopes import Binding, Scope
from dash_migrate.facts.values import Cls, Const, Ext, Inst, Partial, Value, Values

#: bases that bring no member of a backend or adapter
_PLAIN_BASES = frozenset(
    ["abc.ABC", "builtins.object", "typing.Generic", "typing.Protocol", "typing_extensions.Protocol"]
)


@dataclass(frozen=True)
class BackendClass:
    """A class of the project that is a Dash backend: ``kind`` is ``base`` or the backend of Dash it builds on."""

    cls: Cls
    kind: str
    #: whether every base is known, so that what is not seen is not there
    complete: bool


def backend_class(evaluator: Evaluator, cls: Cls) -> BackendClass | None:
    """What the class is, if it inherits from one of Dash's backends."""
    kinds = names().backend_classes
    found = [kinds[base] for base in evaluator.objects.external_bases(cls) if base in kinds]
    if not found:
        return None
    kind = next((k for k in found if k != "base"), "base")
    return BackendClass(cls, kind, bases_known(evaluator, cls, frozenset(kinds)))


def bases_known(evaluator: Evaluator, cls: Cls, known: frozenset[str]) -> bool:
    """Whether every base of a class and its ancestors is one of the project, one of ``known``, or a plain one."""
    for ancestor in evaluator.objects.lineage(cls):
        for base in ancestor.node.bases:
            node = base.value if isinstance(base, ast.Subscript) else base
            values = evaluator.eval(node, ancestor.scope)
            if not values or any(isinstance(v, Ext) and v.dotted not in known | _PLAIN_BASES for v in values):
                return False
    return True


def class_values(values: Values) -> Iterator[tuple[Value, str]]:
    """The backends among some values, with what they are: ``class``, ``instance`` or ``name``."""
    for value in values:
        if isinstance(value, (Cls, Ext)):
            yield value, "class"
        elif isinstance(value, Inst):
            yield value.cls, "instance"
        elif isinstance(value, Const):
            yield value, "name"
        elif isinstance(value, Partial):
            yield value, "instance"


def members(evaluator: Evaluator, cls: Cls) -> dict[str, list[tuple[Cls, Binding]]]:
    """What the bodies of a class and its project ancestors bind, nearest first."""
    found: dict[str, list[tuple[Cls, Binding]]] = {}
    for ancestor in evaluator.objects.lineage(cls):
        scope: Scope = ancestor.file.scope_of_node[ancestor.node]
        for name, bindings in scope.bindings.items():
            found.setdefault(name, []).extend((ancestor, binding) for binding in bindings)
    return found


def attribute(evaluator: Evaluator, cls: Cls, name: str) -> Values:
    """What an instance of the class has under a name, from class bodies and ``self.name = …``."""
    return evaluator.objects.attribute(Inst(cls), name)


def is_set(evaluator: Evaluator, cls: Cls, name: str) -> bool:
    """Whether a class body or method of the lineage gives the name anything."""
    if name in members(evaluator, cls):
        return True
    for ancestor in evaluator.objects.lineage(cls):
        for node, _ in ancestor.file.attributes.get(name, ()):
            if isinstance(node.ctx, ast.Store) and _inside(ancestor.node, node):
                return True
    return False


def _inside(outer: ast.AST, node: ast.expr) -> bool:
    first, last = getattr(outer, "lineno", 0), getattr(outer, "end_lineno", 0)
    return first <= node.lineno <= last
