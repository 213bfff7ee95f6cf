"""What calls give: of the project's functions and classes, of libraries, of builtins."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from dash_migrate.facts.arguments import (
    elements,
    field_argument,
    field_names,
)
from dash_migrate.facts.dynamic import imported
from dash_migrate.facts.scopes import Scope
from dash_migrate.facts.values import (
    NOTHING,
    Bridged,
    Cls,
    Const,
    DashApp,
    Ext,
    ExtInst,
    Func,
    Inst,
    Items,
    Partial,
    Record,
    Site,
    Super,
    Value,
    Values,
)

if TYPE_CHECKING:
    from dash_migrate.facts.evaluate import Evaluator

#: calls that make an object of attributes out of keywords
NAMESPACES = frozenset(["types.SimpleNamespace", "argparse.Namespace"])
_NAMED_TUPLE = "typing.NamedTuple"
_ITERATE_SAME = frozenset(["list", "tuple", "set", "reversed", "sorted", "iter", "frozenset"])


class Calls:
    """Calls of the project."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator

    def call(self, callee: Value, node: ast.Call, scope: Scope) -> Values:
        """What calling ``callee`` at ``node`` gives."""
        site = Site(scope.file, node)
        match callee:
            case Ext(dotted):
                return self._call_external(dotted, node, scope, site)
            case Cls():
                instance: Values = frozenset([self.evaluator.objects.instance(callee, site)])
                if _NAMED_TUPLE in self.evaluator.objects.external_bases(callee):
                    return instance | self._record(self.evaluator.objects.fields(callee), node, scope)
                return instance
            case Record(fields):
                return self._record(fields, node, scope)
            case Func():
                return self.returned(callee)
            case Partial(target, kept):
                inner = kept.node
                assert isinstance(inner, ast.Call)
                if isinstance(target, Ext):
                    made = self.evaluator.parameters.made_by_class(target, kept)
                    return frozenset([made]) if made is not None else NOTHING
                return self.call(target, node, scope)
            case Inst(cls):
                return (
                    frozenset().union(
                        *(self.returned(f) for f in self.evaluator.objects.methods(cls, "__call__", callee))
                    )
                    or NOTHING
                )
        return NOTHING

    def _record(self, fields: Iterable[str], node: ast.Call, scope: Scope) -> Values:
        members = []
        for place, name in enumerate(fields):
            passed = field_argument(node, name, place)
            members.append(self.evaluator.eval(passed, scope))
        return frozenset([Items(tuple(members), names=tuple(fields), record=True)])

    def _call_external(self, dotted: str, node: ast.Call, scope: Scope, site: Site) -> Values:
        made = self.evaluator.parameters.made_by_class(Ext(dotted), site)
        if made is not None and not isinstance(made, ExtInst):
            return frozenset([made])
        if dotted in self.evaluator._names.dash_getters:
            return self.evaluator.project.dash_apps() or frozenset([DashApp(site)])
        if dotted == "functools.partial" and node.args:
            return frozenset(
                Partial(v, site) for v in self.evaluator.eval(node.args[0], scope) if isinstance(v, (Ext, Cls, Func))
            )
        if dotted == "importlib.import_module" and node.args:
            return imported(self.evaluator.project, node, scope)
        if dotted == "dash.backends.get_backend" and node.args:
            named = {v.value for v in self.evaluator.eval(node.args[0], scope) if isinstance(v, Const)}
            return frozenset(Ext(name) for name, kind in self.evaluator._names.backend_classes.items() if kind in named)
        if dotted == "dash_flask_bridge.flask_of":
            return frozenset([Bridged(site)])
        if dotted == "dash_flask_bridge.flask_view" and node.args:
            return self.evaluator.eval(node.args[0], scope)
        if dotted == "typing.cast" and len(node.args) == 2:
            return self.evaluator.eval(node.args[1], scope)
        if dotted in NAMESPACES:
            entries = list(self.evaluator.entries(node, scope))
            return frozenset(
                [Items(tuple(v for _, v in entries), True, names=tuple(k for k, _ in entries), record=True)]
            )
        if dotted in ("collections.namedtuple", _NAMED_TUPLE):
            return frozenset([Record(field_names(node))])
        if dotted in ("functools.wraps", "contextlib.contextmanager"):
            return NOTHING
        if dotted.startswith("builtins."):
            return self._call_builtin(dotted[9:], node, scope)
        return frozenset([made]) if made is not None else NOTHING

    def _call_builtin(self, name: str, node: ast.Call, scope: Scope) -> Values:
        arguments = node.args
        if name == "super":
            method = scope
            cls_scope = method.enclosing_class
            if cls_scope is None or not isinstance(cls_scope.node, ast.ClassDef):
                return NOTHING
            cls = Cls(cls_scope.file, cls_scope.node, cls_scope.parent or cls_scope.file.module)
            instance = self.evaluator.objects.instance(cls, Site(cls_scope.file, cls_scope.node))
            return frozenset([Super(cls, instance)])
        if name == "dict":
            entries = list(self.evaluator.entries(node, scope))
            keys: Values = frozenset(Const(k) for k, _ in entries if k)
            return frozenset([Items(tuple(v for _, v in entries), True, keys, True, tuple(k for k, _ in entries))])
        if not arguments:
            return frozenset([Items((), True)]) if name in ("list", "set") else NOTHING
        first = self.evaluator.eval(arguments[0], scope)
        if name in _ITERATE_SAME:
            return frozenset(v for v in first if isinstance(v, Items))
        if name == "enumerate":
            members = elements(first)
            return frozenset([Items((frozenset([Items((NOTHING, frozenset().union(*members)))]),), True)])
        if name == "zip":
            columns = tuple(frozenset().union(*elements(self.evaluator.eval(a, scope))) for a in arguments)
            return frozenset([Items((frozenset([Items(columns)]),), True)])
        if name == "next":
            return frozenset().union(*elements(first))
        if name == "getattr" and len(arguments) >= 2:
            found: set[Value] = set()
            for attr in self.evaluator.eval(arguments[1], scope):
                if isinstance(attr, Const) and isinstance(attr.value, str):
                    for value in first:
                        found |= self.evaluator.objects.attribute(value, attr.value)
            if len(arguments) == 3:
                found |= self.evaluator.eval(arguments[2], scope)
            return frozenset(found)
        return NOTHING

    def returned(self, function: Func) -> Values:
        """What a function of the project returns."""
        return self.evaluator.once(("returned", function), partial(self._returned, function))

    def _returned(self, function: Func) -> Values:
        inner = function.file.scope_of_node.get(function.node)
        if inner is None:
            return NOTHING
        return frozenset().union(*(self.evaluator.eval(value, inner) for value in inner.returns)) or NOTHING

    # --- attributes and classes
