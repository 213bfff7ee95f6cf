"""Attributes of objects and classes, and how classes are related."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from dash_migrate.facts.arguments import (
    elements,
    field_argument,
    is_property,
    is_static,
    matters,
)
from dash_migrate.facts.scopes import Scope
from dash_migrate.facts.values import (
    NOTHING,
    AsgiApp,
    Blueprint,
    Bridged,
    Cls,
    DashApp,
    Ext,
    FlaskApp,
    Func,
    Inst,
    Items,
    Mod,
    Server,
    Site,
    Super,
    Value,
    Values,
)

if TYPE_CHECKING:
    from dash_migrate.facts.evaluate import Evaluator


class Objects:
    """Objects and classes of the project."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self._lineages: dict[ast.ClassDef, list[Cls]] = {}

    def forget(self) -> None:
        """Start over, as the evaluator does."""
        self._lineages.clear()

    def attribute(self, value: Value, attr: str) -> Values:
        """What ``value.attr`` may stand for."""
        match value:
            case Ext(dotted):
                return frozenset([Ext(self.evaluator._names.canonical(f"{dotted}.{attr}"))])
            case Mod(file):
                found = self.evaluator.module_attr(file, attr)
                if found:
                    return found
                submodule = self.evaluator.project.submodule_of(file, attr)
                return frozenset([Mod(submodule)]) if submodule is not None else NOTHING
            case Cls():
                return self._class_attribute(value, attr, None) | self.assigned(attr, value)
            case Inst(cls):
                found = self._class_attribute(cls, attr, value) | self.assigned(attr, value)
                return found | self._given(cls, attr)
            case Items(record=True):
                return value.named(attr) | self.assigned(attr, value)
            case DashApp(_, cls):
                found = self._class_attribute(cls, attr, value) if cls is not None else NOTHING
                if attr == "server" and not found:
                    return self.evaluator.project.server_of(value)
                return found | self.assigned(attr, value)
            case FlaskApp(_, cls):
                found = self._class_attribute(cls, attr, value) if cls is not None else NOTHING
                return found | self.assigned(attr, value)
            case Server() | Blueprint() | AsgiApp() | Bridged():
                return self.assigned(attr, value)
            case Super(cls, instance):
                for base in self.bases(cls):
                    if isinstance(base, Cls):
                        found = self._class_attribute(base, attr, instance)
                        if found:
                            return found
                    elif isinstance(base, Ext):
                        if attr == "server" and isinstance(instance, DashApp):
                            return self.evaluator.project.server_of(instance)
                        return frozenset([Ext(f"{base.dotted}.{attr}")])
        return NOTHING

    def fields(self, cls: Cls) -> list[str]:
        """The fields of a dataclass, named tuple or model, in order; none if it has an ``__init__`` of its own."""
        return self._fields_of(cls) if not self.methods(cls, "__init__", None) else []

    def _fields_of(self, cls: Cls) -> list[str]:
        found: dict[str, None] = {}
        for ancestor in reversed(self.lineage(cls)):
            for statement in ancestor.node.body:
                if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                    found[statement.target.id] = None
        return list(found)

    def _given(self, cls: Cls, attr: str) -> Values:
        """What the calls that make instances of a dataclass give a field."""
        fields = self.fields(cls)
        if attr not in fields:
            return NOTHING
        return self.evaluator.once(("given", cls, attr), partial(self._find_given, cls, attr, fields.index(attr)))

    def _find_given(self, cls: Cls, attr: str, place: int) -> Values:
        calls = self.evaluator.project.instantiations(cls)
        return frozenset().union(
            *(self.evaluator.eval(field_argument(call, attr, place), scope) for call, scope in calls)
        )

    def _class_attribute(self, cls: Cls, attr: str, instance: Inst | DashApp | FlaskApp | None) -> Values:
        for ancestor in self.lineage(cls):
            scope = ancestor.file.scope_of_node[ancestor.node]
            found: set[Value] = set()
            for binding in scope.bindings.get(attr, ()):
                for value in self.evaluator.binding(binding):
                    if isinstance(value, Func) and instance is not None and not is_static(value.node):
                        value = Func(value.file, value.node, value.scope, instance)
                        if is_property(value.node):
                            found |= self.evaluator.calls.returned(value)
                            continue
                    found.add(value)
            if found:
                return frozenset(found)
        return NOTHING

    def assigned(self, attr: str, owner: Value) -> Values:
        return self.evaluator.once(("assigned", attr, owner), partial(self._find_assigned, attr, owner))

    def _find_assigned(self, attr: str, owner: Value) -> Values:
        found: set[Value] = set()
        for target, scope, (kind, value, path, _) in self.evaluator.project.attribute_assignments(attr):
            if any(self.same_object(base, owner) for base in self.evaluator.eval(target.value, scope)):
                values = self.evaluator.eval(value, scope)
                if kind == "for":
                    members = elements(values)
                    values = frozenset().union(*members) if members else NOTHING
                found |= self.evaluator.unpack(values, path)
        containers = [v for v in found if isinstance(v, Items) and v.loose]
        if containers:
            found |= self._added(attr, owner, any(v.mapping for v in containers))
        return frozenset(found)

    def _added(self, attr: str, owner: Value, mapping: bool) -> Values:
        """What is put into a container that is an attribute: ``self.servers[name] = app.server``.

        Only where there is nothing else in it: a dict of settings of which one is a server holds no servers.
        """
        found: set[Value] = set()
        for file in list(self.evaluator.project.files.values()):
            calls, stores = file.additions_to(f".{attr}")
            if calls or stores:
                own = [one for one in calls if self._is_of(one[1].func, owner, one[2])]
                found |= self.evaluator.added(own, [s for s in stores if self._is_of(s[0], owner, s[2])], mapping)
        members = [member for v in found if isinstance(v, Items) for member in v.members]
        return frozenset(found) if all(any(map(matters, member)) for member in members) else NOTHING

    def _is_of(self, node: ast.expr, owner: Value, scope: Scope) -> bool:
        """Whether ``X`` in ``X.attr.append`` or ``X.attr[key]`` is the owner."""
        held = getattr(node, "value", None)
        values = self.evaluator.eval(held.value, scope) if isinstance(held, ast.Attribute) else NOTHING
        return any(self.same_object(one, owner) for one in values)

    def same_object(self, one: Value, other: Value) -> bool:
        """Whether two values may be one object: the same, or of related classes of the project."""
        if one == other:
            return True
        first = one if isinstance(one, Cls) else getattr(one, "cls", None)
        second = other if isinstance(other, Cls) else getattr(other, "cls", None)
        alike = type(one) is type(other) or Cls in (type(one), type(other))  # a class holds what its objects find
        if not alike or first is None or second is None:
            return False
        return first in self.lineage(second) or second in self.lineage(first)

    def methods(self, cls: Cls, name: str, instance: Inst | DashApp | FlaskApp | None) -> list[Func]:
        """The functions a method name may run."""
        return [f for f in self._class_attribute(cls, name, instance) if isinstance(f, Func)]

    def bases(self, cls: Cls) -> list[Value]:
        """The direct bases of a class, project classes and external names."""
        found: list[Value] = []
        for base in cls.node.bases:
            node = base.value if isinstance(base, ast.Subscript) else base
            found.extend(v for v in self.evaluator.eval(node, cls.scope) if isinstance(v, (Cls, Ext)))
        return found

    def lineage(self, cls: Cls) -> list[Cls]:
        """The class and its project ancestors, nearest first."""
        known = self._lineages.get(cls.node)
        if known is not None:
            return known
        seen = [cls]
        for ancestor in seen:
            for base in self.bases(ancestor):
                if isinstance(base, Cls) and base not in seen and len(seen) < 50:
                    seen.append(base)
        self._lineages[cls.node] = seen
        return seen

    def external_bases(self, cls: Cls) -> Iterator[str]:
        """Canonical names of the external classes a class inherits from."""
        for ancestor in self.lineage(cls):
            for base in self.bases(ancestor):
                if isinstance(base, Ext):
                    yield base.dotted

    def instance(self, cls: Cls, site: Site) -> Inst | DashApp | FlaskApp:
        """An instance of a project class: a Dash app if it inherits from Dash, and so on."""
        for dotted in self.external_bases(cls):
            if dotted in self.evaluator._names.dash_classes:
                return DashApp(site, cls)
            if dotted == "flask.Flask":
                return FlaskApp(site, cls)
        return Inst(cls)
