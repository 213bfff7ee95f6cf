"""Every HTTP route that the code adds to a Dash server: its rule, methods and view."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace

from dash_migrate.facts.project import Project
from dash_migrate.facts.scan import Facts
from dash_migrate.facts.scopes import FileIndex, Scope, parent_of
from dash_migrate.facts.sides import Sides
from dash_migrate.facts.texts import text_of, texts_of
from dash_migrate.facts.values import Blueprint, Cls, FlaskApp, Func, Server, Value

_SHORT = {"get": "GET", "post": "POST", "put": "PUT", "patch": "PATCH", "delete": "DELETE"}
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@dataclass(frozen=True)
class Route:
    """One registration.

    ``rule`` is Flask's spelling with the prefixes of blueprints, None where it is not written out; ``methods`` as
    registered, without the HEAD and OPTIONS that Flask adds.
    """

    file: FileIndex
    call: ast.Call
    rule: str | None
    methods: tuple[str, ...]
    endpoint: str | None
    function: Func | None
    owner: Value

    @property
    def line(self) -> int:
        """1-based."""
        return self.call.lineno

    @property
    def name(self) -> str:
        return self.endpoint or (self.function.name if self.function is not None else "") or (self.rule or "?")


def routes_of(facts: Facts, sides: Sides | None = None) -> list[Route]:
    """The routes on servers and blueprints of Dash apps, by place; of a blueprint once per registration."""
    return sorted(_Finder(facts, sides or Sides(facts)).run(), key=lambda r: (r.file.display, r.line, r.rule or ""))


class _Finder:
    def __init__(self, facts: Facts, sides: Sides) -> None:
        self.facts = facts
        self.sides = sides
        self.project: Project = facts.project
        self.evaluator = facts.project.evaluator
        self.prefixes = self._blueprint_prefixes()

    def run(self) -> Iterator[Route]:
        for file in list(self.project.files.values()):
            for name in ("route", "add_url_rule", *_SHORT):
                for node, scope in file.attributes.get(name, ()):
                    call = parent_of(node)
                    if isinstance(call, ast.Call) and call.func is node:
                        yield from self._routes(file, node, call, scope)

    def _routes(self, file: FileIndex, node: ast.Attribute, call: ast.Call, scope: Scope) -> Iterator[Route]:
        owners = [v for v in self.evaluator.eval(node.value, scope) if self._is_ours(v)]
        if not owners:
            return
        arguments = _arguments(call, "add_url_rule" if node.attr == "add_url_rule" else "route")
        rules: list[str | None] = []
        rules += list(dict.fromkeys(texts_of(self.project, arguments.get("rule"), scope)))[:20]
        function, methods = self._view(node.attr, call, arguments, scope)
        endpoint = text_of(self.project, arguments.get("endpoint"), scope)
        for owner in sorted(owners, key=repr)[:1]:
            route = Route(file, call, None, methods, endpoint, function, owner)
            for rule in rules or [None]:
                for prefix in self.prefixes.get(owner, [""]) if isinstance(owner, Blueprint) else [""]:
                    whole = None if rule is None or prefix is None else _below(prefix, rule)
                    yield replace(route, rule=whole)

    def _is_ours(self, value: Value) -> bool:
        if isinstance(value, Blueprint):
            return self.sides.is_ours(value)
        return self.facts.is_server(value) or value in self.facts.bridged_hosts

    def _view(
        self, kind: str, call: ast.Call, arguments: dict[str, ast.expr], scope: Scope
    ) -> tuple[Func | None, tuple[str, ...]]:
        function: Func | None = None
        methods: tuple[str, ...] = (_SHORT[kind],) if kind in _SHORT else ()
        parent = parent_of(call)
        given: ast.expr | None = None
        if kind == "add_url_rule":
            given = arguments.get("view_func")
        elif isinstance(parent, (ast.FunctionDef, ast.AsyncFunctionDef)) and call in parent.decorator_list:
            function = Func(scope.file, parent, scope)
        elif isinstance(parent, ast.Call) and parent.func is call and parent.args:
            given = parent.args[0]
        if given is not None:
            function, methods = self._given(given, scope, methods)
        named = arguments.get("methods")
        if named is not None:
            methods = tuple(m.upper() for m in self._strings(named, scope)) or methods
        return function, methods or ("GET",)

    def _given(self, node: ast.expr, scope: Scope, methods: tuple[str, ...]) -> tuple[Func | None, tuple[str, ...]]:
        for value in self.evaluator.eval(node, scope):
            if isinstance(value, Func):
                return value, methods
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute) and node.func.attr == "as_view":
                for value in self.evaluator.eval(node.func.value, scope):
                    if isinstance(value, Cls):
                        return self._class_view(value, methods)
            for argument in node.args:  # login_required(view)
                function, methods = self._given(argument, scope, methods)
                if function is not None:
                    return function, methods
        return None, methods

    def _class_view(self, cls: Cls, methods: tuple[str, ...]) -> tuple[Func | None, tuple[str, ...]]:
        """A MethodView's methods, or what ``methods = [...]`` of a View says."""
        found = [m for m in _METHODS if self.evaluator.objects.methods(cls, m.lower(), None)]
        if not found:
            scope = cls.file.scope_of_node[cls.node]
            for binding in scope.bindings.get("methods", ()):
                found = [m.upper() for m in self._strings(binding.value, scope)] if binding.value is not None else []
        name = found[0].lower() if found else "dispatch_request"
        functions = self.evaluator.objects.methods(cls, name, None) or self.evaluator.objects.methods(
            cls, "dispatch_request", None
        )
        return (functions[0] if functions else None), tuple(found) or methods

    def _strings(self, node: ast.expr, scope: Scope) -> list[str]:
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            return [text for element in node.elts for text in texts_of(self.project, element, scope)]
        if isinstance(node, ast.Name):
            owner = scope.owner_of(node.id)
            for binding in owner.bindings.get(node.id, ()) if owner is not None else ():
                if isinstance(binding.value, (ast.List, ast.Tuple, ast.Set)):
                    return self._strings(binding.value, binding.scope)
        return []

    # --- blueprints

    def _blueprint_prefixes(self) -> dict[Value, list[str | None]]:
        """For each blueprint the prefixes it is registered under (None: not written out)."""
        registered: dict[Value, list[tuple[Value, str | None, bool]]] = {}
        for file in list(self.project.files.values()):
            for node, scope in file.attributes.get("register_blueprint", ()):
                call = parent_of(node)
                if not isinstance(call, ast.Call) or call.func is not node or not call.args:
                    continue
                given = next((k.value for k in call.keywords if k.arg == "url_prefix"), None)
                prefix = text_of(self.project, given, scope) if given is not None else None
                for blueprint in self.evaluator.eval(call.args[0], scope):
                    for owner in self.evaluator.eval(node.value, scope):
                        if isinstance(blueprint, Blueprint) and isinstance(owner, (Server, FlaskApp, Blueprint)):
                            registered.setdefault(blueprint, []).append((owner, prefix, given is not None))
        found: dict[Value, list[str | None]] = {}
        for blueprint in registered:
            found[blueprint] = list(dict.fromkeys(self._prefixes(blueprint, registered, 0)))
        return found

    def _prefixes(
        self, blueprint: Value, registered: dict[Value, list[tuple[Value, str | None, bool]]], depth: int
    ) -> Iterator[str | None]:
        assert isinstance(blueprint, Blueprint)
        own = self._own_prefix(blueprint)
        for owner, prefix, given in registered.get(blueprint, ()):
            mine = prefix if given else own
            if isinstance(owner, Blueprint) and depth < 5:
                for outer in self._prefixes(owner, registered, depth + 1):
                    yield None if outer is None or mine is None else _below(outer, mine) if mine else outer
            else:
                yield mine

    def _own_prefix(self, blueprint: Blueprint) -> str | None:
        node = blueprint.site.node
        if not isinstance(node, ast.Call):
            return ""
        given = next((k.value for k in node.keywords if k.arg == "url_prefix"), None)
        if given is None:
            return ""
        return text_of(self.project, given, self.project.scope_at(blueprint.site.file, node))


def _arguments(call: ast.Call, kind: str) -> dict[str, ast.expr]:
    names = ("rule", "endpoint", "view_func") if kind == "add_url_rule" else ("rule",)
    found = dict(zip(names, call.args, strict=False))
    found.update({k.arg: k.value for k in call.keywords if k.arg is not None})
    return found


def _below(prefix: str, rule: str) -> str:
    """A rule under a prefix, as Flask joins them."""
    if not prefix:
        return rule
    return "/".join((prefix.rstrip("/"), rule.lstrip("/"))) if rule else prefix
