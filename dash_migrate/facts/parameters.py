"""What the parameters of functions may be: from their calls, defaults and annotations."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from dash_migrate.facts.arguments import (
    annotation_parts,
    argument_for,
    default_of,
    entries_of,
    is_classmethod,
    is_static,
)
from dash_migrate.facts.scopes import Binding, Scope
from dash_migrate.facts.values import (
    NOTHING,
    AsgiApp,
    Blueprint,
    Cls,
    DashApp,
    Ext,
    ExtInst,
    FlaskApp,
    Inst,
    Items,
    Server,
    Site,
    Value,
    Values,
)

if TYPE_CHECKING:
    from dash_migrate.facts.evaluate import Evaluator

_ASGI = {
    "fastapi.FastAPI": "fastapi",
    "quart.Quart": "quart",
    "starlette.applications.Starlette": "starlette",
}


class Parameters:
    """Parameters of the project's functions."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator

    def parameter(self, binding: Binding) -> Values:
        """What may be passed for a parameter: by its call sites, its annotation, its default."""
        scope = binding.scope
        function = scope.node
        argument = binding.node
        assert isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        outer = scope.parent or scope.file.module
        arguments = function.args
        plain = [*arguments.posonlyargs, *arguments.args]
        if outer.kind == "class" and plain and argument is plain[0] and not is_static(function):
            return self._cls_values(outer) if is_classmethod(function) else self.self_values(outer)
        found: set[Value] = set()
        if argument is arguments.kwarg:
            return self.keywords(binding)
        annotated = self._annotated(argument, outer)
        for call, caller in self.evaluator.project.calls_of(function, scope):
            passed = argument_for(function, argument, call, bound=outer.kind == "class" and not is_static(function))
            if passed is None:
                continue
            values = self.evaluator.eval(passed, caller)
            if argument is arguments.vararg:
                values = frozenset([Items((values,), True)])
            found |= values
        default = default_of(arguments, argument)
        if default is not None:
            found |= self.evaluator.eval(default, outer)
        if annotated and not any(type(v) in (DashApp, FlaskApp, Server, AsgiApp) for v in found):
            found |= annotated
        if not found:
            found |= self.evaluator.project.fixture_values(function, binding.name)
        return frozenset(found)

    def keywords(self, binding: Binding) -> Values:
        """What ``**kwargs`` may hold: the keywords of the call sites that are no other parameter."""
        function = binding.scope.node
        assert isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        own = {a.arg for a in (*function.args.args, *function.args.kwonlyargs)}
        entries: set[tuple[str, Values]] = set()
        for call, caller in self.evaluator.project.calls_of(function, binding.scope):
            for keyword in call.keywords:
                if keyword.arg is None:
                    entries.update(entries_of(self.evaluator.eval(keyword.value, caller)))
                elif keyword.arg not in own:
                    entries.add((keyword.arg, self.evaluator.eval(keyword.value, caller)))
        ordered = sorted(entries, key=lambda entry: entry[0])
        members, labels = tuple(v for _, v in ordered), tuple(k for k, _ in ordered)
        return frozenset([Items(members, True, NOTHING, True, labels)])

    def _cls_values(self, class_scope: Scope) -> Values:
        node = class_scope.node
        assert isinstance(node, ast.ClassDef)
        own = Cls(class_scope.file, node, class_scope.parent or class_scope.file.module)
        return frozenset([own, *self.evaluator.project.subclasses(class_scope)])

    def self_values(self, class_scope: Scope) -> Values:
        node = class_scope.node
        assert isinstance(node, ast.ClassDef)
        cls = Cls(class_scope.file, node, class_scope.parent or class_scope.file.module)
        own = self.evaluator.objects.instance(cls, Site(class_scope.file, node))
        if not isinstance(own, Inst):
            return frozenset([own])
        # a mixin: its methods run on what the classes make that inherit from it
        others = [
            self.evaluator.objects.instance(c, Site(c.file, c.node))
            for c in self.evaluator.project.subclasses(class_scope)
        ]
        return frozenset([own, *(other for other in others if not isinstance(other, Inst))])

    def _annotated(self, argument: ast.AST, scope: Scope) -> Values:
        annotation = getattr(argument, "annotation", None)
        if annotation is None:
            return NOTHING
        found: set[Value] = set()
        for part in annotation_parts(annotation):
            for value in self.evaluator.eval(part, scope):
                made = self.made_by_class(value, Site(scope.file, argument))
                if made is not None:
                    found.add(made)
        return frozenset(found)

    def made_by_class(self, value: Value, site: Site) -> Value | None:
        if isinstance(value, Ext):
            if value.dotted in self.evaluator._names.dash_classes:
                return DashApp(site)
            if value.dotted == "flask.Flask":
                return FlaskApp(site)
            if value.dotted == "flask.Blueprint":
                return Blueprint(site)
            if value.dotted in _ASGI:
                return AsgiApp(_ASGI[value.dotted], site)
            return ExtInst(value.dotted, site) if self.evaluator._names.is_relevant(value.dotted) else None
        if isinstance(value, Cls):
            return self.evaluator.objects.instance(value, site)
        return None

    # --- calls
