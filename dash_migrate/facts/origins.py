"""Where an object of another package comes from: ``sqlalchemy.create_engine().connect().execute``.

The evaluator keeps only objects that matter to Dash and Flask. This follows any other, as far as names, attributes,
calls, ``with`` and parameters lead, and says how it was reached: a dotted path with ``()`` for a call and ``[]`` for
a subscript.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

from dash_migrate.facts.arguments import argument_for
from dash_migrate.facts.names import names
from dash_migrate.facts.project import Project
from dash_migrate.facts.reaching import reaching
from dash_migrate.facts.scopes import Binding, Scope
from dash_migrate.facts.values import Cls, DashApp, Ext, ExtInst, FlaskApp, Func, Inst, Mod, Value

#: how many steps backwards one expression is followed
DEPTH = 12
#: how many different origins of one expression are kept
LIMIT = 12
_UNKNOWN: frozenset[str] = frozenset()


@dataclass(eq=False)
class Origins:
    """Asks where expressions of a project come from; remembers the answers."""

    project: Project
    _known: dict[ast.AST, frozenset[str]] = field(default_factory=dict)
    _active: set[ast.AST] = field(default_factory=set)

    def of(self, node: ast.expr | None, scope: Scope, depth: int = 0) -> frozenset[str]:
        """The dotted paths an expression may stand for (none: not of another package, or not to be followed)."""
        if node is None or depth > DEPTH or node in self._active:
            return _UNKNOWN
        known = self._known.get(node)
        if known is not None:
            return known
        self._active.add(node)
        try:
            found = frozenset(sorted(self._of(node, scope, depth))[:LIMIT])
        finally:
            self._active.discard(node)
        if not self._active:  # within a recursion the answer may be incomplete
            self._known[node] = found
        return found

    def _of(self, node: ast.expr, scope: Scope, depth: int) -> set[str]:
        match node:
            case ast.Name():
                return self._name(node, scope, depth)
            case ast.Attribute():
                return self._attribute(node, scope, depth)
            case ast.Call():
                return self._call(node, scope, depth)
            case ast.Subscript():
                return _suffixed(self.of(node.value, scope, depth + 1), "[]")
            case ast.Await() | ast.NamedExpr() | ast.Starred():
                return set(self.of(node.value, scope, depth + 1))
            case ast.IfExp():
                return set(self.of(node.body, scope, depth + 1) | self.of(node.orelse, scope, depth + 1))
            case ast.BoolOp():
                return set().union(*(self.of(value, scope, depth + 1) for value in node.values))
        return set()

    def _name(self, node: ast.Name, scope: Scope, depth: int) -> set[str]:
        values = self.project.evaluator.eval(node, scope)
        found = _external(values)
        if found:
            return found
        owner = scope.owner_of(node.id)
        if owner is None:
            return set()
        for binding in reaching(owner, node.id, scope, node):
            found |= self._binding(binding, depth + 1)
        return found

    def _binding(self, binding: Binding, depth: int) -> set[str]:
        if depth > DEPTH:
            return set()
        match binding.kind:
            case "assign" | "with":
                found = set(self.of(binding.value, binding.scope, depth))
                return _suffixed(found, "[]") if binding.path else found
            case "for":
                scope = binding.scope
                outer = scope.parent if scope.kind == "comprehension" and scope.parent is not None else scope
                return _suffixed(self.of(binding.value, outer, depth), "[]")
            case "param":
                return self._parameter(binding, depth)
            case "from":
                return self._imported(binding, depth)
        return set()

    def _imported(self, binding: Binding, depth: int) -> set[str]:
        """The global of another module of the project."""
        found: set[str] = set()
        for module in self.project.imported_modules(binding.scope.file, binding):
            found |= self._global(module.module, binding.attr, depth)
        return found

    def _global(self, module: Scope, name: str, depth: int) -> set[str]:
        found: set[str] = set()
        if name in module.bindings:
            for binding in reaching(module, name, module, None):
                found |= self._binding(binding, depth + 1)
        return found

    def _parameter(self, binding: Binding, depth: int) -> set[str]:
        scope, argument = binding.scope, binding.node
        function = scope.node
        outer = scope.parent or scope.file.module
        found: set[str] = set()
        annotation = getattr(argument, "annotation", None)
        if annotation is not None and not isinstance(annotation, ast.Constant):
            found |= _suffixed(self.of(annotation, outer, depth + 1), "()")
        if isinstance(function, ast.Lambda) or found:
            return found
        for call, caller in self.project.calls_of(function, scope)[:LIMIT]:
            passed = argument_for(function, argument, call, bound=outer.kind == "class")
            found |= self.of(passed, caller, depth + 1)
        return found

    def _attribute(self, node: ast.Attribute, scope: Scope, depth: int) -> set[str]:
        values = self.project.evaluator.eval(node, scope)
        found = _external(values)
        if found:
            return found
        found = _suffixed(self.of(node.value, scope, depth + 1), "." + node.attr)
        for owner in self.project.evaluator.eval(node.value, scope):
            if isinstance(owner, Mod):
                found |= self._global(owner.file.module, node.attr, depth)
            elif isinstance(owner, (Inst, Cls, DashApp, FlaskApp)):
                found |= self._assigned(owner, node.attr, depth)
        return {names().canonical(one) for one in found}

    def _assigned(self, owner: Value, attr: str, depth: int) -> set[str]:
        """What ``self.attr = …`` and class attributes give."""
        found: set[str] = set()
        evaluator = self.project.evaluator
        for target, scope, (kind, value, path, _) in self.project.attribute_assignments(attr):
            if kind != "assign" or path:
                continue
            bases = evaluator.eval(target.value, scope)
            if any(evaluator.objects.same_object(base, owner) for base in bases):
                found |= self.of(value, scope, depth + 1)
        cls = owner if isinstance(owner, Cls) else getattr(owner, "cls", None)
        if isinstance(cls, Cls):
            for ancestor in evaluator.objects.lineage(cls):
                inner = ancestor.file.scope_of_node.get(ancestor.node)
                for binding in inner.bindings.get(attr, ()) if inner is not None else ():
                    found |= self._binding(binding, depth + 1)
            if not found:
                parents = (base for ancestor in evaluator.objects.lineage(cls) for base in self._bases(ancestor, depth))
                found |= {f"{base}().{attr}" for base in parents}
        return found

    def _bases(self, cls: Cls, depth: int) -> Iterable[str]:
        """Where the classes come from that a class of the project inherits from."""
        for base in cls.node.bases:
            yield from self.of(base, cls.scope, depth + 1)

    def _call(self, node: ast.Call, scope: Scope, depth: int) -> set[str]:
        found = _suffixed(self.of(node.func, scope, depth + 1), "()")
        for value in self.project.evaluator.eval(node.func, scope):
            if isinstance(value, Func):
                inner = value.file.scope_of_node.get(value.node)
                for returned in inner.returns if inner is not None else ():
                    assert inner is not None
                    found |= self.of(returned, inner, depth + 1)
            elif isinstance(value, Cls):
                found |= {f"{base}()" for ancestor in self.project.evaluator.objects.lineage(value)
                          for base in self._bases(ancestor, depth)}  # fmt: skip
        return found


def _external(values: Iterable[Value]) -> set[str]:
    found = set()
    for value in values:
        if isinstance(value, Ext):
            found.add(value.dotted)
        elif isinstance(value, ExtInst):
            found.add(value.dotted + "()")
    return found


def _suffixed(found: Iterable[str], suffix: str) -> set[str]:
    return {one + suffix for one in found}
