"""Evaluates expressions of a project to what they may stand for, on demand and across modules."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from dash_migrate.facts.arguments import (
    elements,
    entries_of,
    item,
    matters,
    text_of,
)
from dash_migrate.facts.calls import Calls
from dash_migrate.facts.names import names
from dash_migrate.facts.objects import Objects
from dash_migrate.facts.parameters import Parameters
from dash_migrate.facts.reaching import reaching
from dash_migrate.facts.scopes import Addition, Binding, FileIndex, ItemStore, Scope
from dash_migrate.facts.values import (
    NOTHING,
    Cls,
    Const,
    Ext,
    Func,
    Items,
    Mod,
    Value,
    Values,
)

if TYPE_CHECKING:
    from dash_migrate.facts.project import Project

_BUILTINS = frozenset(dir(builtins))


class Evaluator:
    """Demand-driven; results are remembered per node, recursion through the project is cut."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.parameters = Parameters(self)
        self.calls = Calls(self)
        self.objects = Objects(self)
        self._memo: dict[Any, Values] = {}
        self._active: set[Any] = set()
        self._cut: set[Any] = set()
        self._assumed: dict[Any, Values] = {}
        self._wrong: dict[Any, Values] = {}
        self._round = 0
        self._names = names()

    def once(self, key: Any, compute: Any) -> Values:
        known = self._memo.get(key)
        if known is not None:
            return known
        if key in self._active:
            self._cut.add(key)
            return self._assumed.get(key, NOTHING)
        self._active.add(key)
        try:
            result: Values = compute()
        finally:
            self._active.discard(key)
        self._memo[key] = result
        if key in self._cut and any(matters(v) for v in result - self._assumed.get(key, NOTHING)):
            self._wrong[key] = result
        return result

    def again(self) -> bool:
        """Start over with what is known now, if a recursive definition was answered too early.

        Returns:
            Whether there is anything to gain; all earlier answers are forgotten then.
        """
        if not self._wrong or self._round == 3:
            return False
        self._round += 1
        self._assumed.update(self._wrong)
        for state in (self._memo, self._cut, self._wrong):
            state.clear()
        self.objects.forget()
        return True

    # --- expressions

    def eval(self, node: ast.expr | None, scope: Scope) -> Values:
        """What the expression may stand for (nothing: unknown, or of no interest)."""
        known = self._memo.get(node)
        if known is not None:
            return known
        handler = _HANDLERS.get(node.__class__)
        if handler is None or node is None:
            return NOTHING
        return self.once(node, partial(handler, self, node, scope))

    def _constant(self, node: ast.Constant, scope: Scope) -> Values:
        if node.value is None or isinstance(node.value, (bool, str)):
            return frozenset([Const(node.value)])
        return NOTHING

    def _name(self, node: ast.Name, scope: Scope) -> Values:
        return self.lookup(node.id, scope, node)

    def lookup(self, name: str, scope: Scope, use: ast.AST | None = None) -> Values:
        """The values of a name as code at ``use`` in ``scope`` sees it."""
        owner = scope.owner_of(name)
        if owner is None:
            starred = self._from_stars(name, scope.file)
            if starred:
                return starred
            return frozenset([Ext("builtins." + name)]) if name in _BUILTINS else NOTHING
        bindings = owner.bindings[name]
        if len(bindings) > 1:
            return self._bound(owner, name, reaching(owner, name, scope, use))
        known = self._memo.get((owner, name))
        if known is None:  # the only one reaches every use
            known = self._memo[owner, name] = self._bound(owner, name, reaching(owner, name, scope, use))
        return known

    def _bound(self, owner: Scope, name: str, bindings: list[Binding]) -> Values:
        """The values of a name with some of its bindings."""
        found: set[Value] = set()
        for binding in bindings:
            found |= self.binding(binding)
        containers = [v for v in found if isinstance(v, Items) and v.loose]
        if containers:
            found |= self._added_later(name, owner, any(v.mapping for v in containers))
        return frozenset(found)

    def _from_stars(self, name: str, file: FileIndex) -> Values:
        for binding in file.module.bindings.get("*", ()):
            for target in self.project.imported_modules(file, binding):
                values = self.module_attr(target, name)
                if values:
                    return values
            if not self.project.imported_modules(file, binding):
                dotted = self._names.canonical(f"{binding.module}.{name}")
                if self.project.exports(binding.module, name):
                    return frozenset([Ext(dotted)])
        return NOTHING

    def _added_later(self, name: str, owner: Scope, mapping: bool) -> Values:
        """Members that ``append`` and item assignment put into a list or dict bound to a name."""
        calls, stores = owner.file.additions_to(name)
        return self.added(
            [one for one in calls if one[2].owner_of(name) is owner],
            [one for one in stores if one[2].owner_of(name) is owner],
            mapping,
        )

    def added(self, calls: Iterable[Addition], stores: Iterable[ItemStore], mapping: bool) -> Values:
        """A container of what is added by calls and by item assignment."""
        members: list[Values] = []
        labels: list[str] = []
        keys: set[Value] = set()
        for method, call, scope in calls:
            if method == "update":
                for label, values in self.entries(call, scope):
                    members.append(values)
                    labels.append(label)
            elif call.args:
                members.append(self.eval(call.args[-1], scope))
                labels.append(text_of(call.args[0]) if method == "setdefault" else "")
        for target, value, scope in stores:
            members.append(self.eval(value, scope))
            labels.append(text_of(target.slice))
            keys |= self.eval(target.slice, scope)
        if not members:
            return NOTHING
        return frozenset([Items(tuple(members), True, frozenset(keys), mapping, tuple(labels) if mapping else ())])

    def entries(self, call: ast.Call, scope: Scope) -> Iterator[tuple[str, Values]]:
        """Keys and values of ``dict(a, b=c)``, ``d.update(a, b=c)`` and the like."""
        for passed, label in [*((a, "") for a in call.args), *((k.value, k.arg or "") for k in call.keywords)]:
            if label:
                yield label, self.eval(passed, scope)
            else:
                yield from entries_of(self.eval(passed, scope))

    def _attribute(self, node: ast.Attribute, scope: Scope) -> Values:
        found: set[Value] = set()
        for value in self.eval(node.value, scope):
            found |= self.objects.attribute(value, node.attr)
        return frozenset(found)

    def _call(self, node: ast.Call, scope: Scope) -> Values:
        found: set[Value] = set()
        for callee in self.eval(node.func, scope):
            found |= self.calls.call(callee, node, scope)
        if isinstance(node.func, ast.Attribute) and node.func.attr in (
            "items",
            "values",
            "get",
            "pop",
            "copy",
            "keys",
        ):
            found |= self._container_method(node, scope)
        return frozenset(found)

    def _container_method(self, node: ast.Call, scope: Scope) -> Values:
        assert isinstance(node.func, ast.Attribute)
        found: set[Value] = set()
        for value in self.eval(node.func.value, scope):
            if not isinstance(value, Items):
                continue
            members = frozenset().union(*value.members) if value.members else NOTHING
            match node.func.attr:
                case "items":
                    found.add(Items((frozenset([Items((value.keys, members))]),), True))
                case "values":
                    found.add(Items((members,), True))
                case "keys":
                    found.add(Items((value.keys,), True))
                case "copy":
                    found.add(value)
                case _:
                    key = text_of(node.args[0]) if node.args else ""
                    found |= value.named(key) if key and value.names else members
        return frozenset(found)

    def _either(self, node: ast.IfExp, scope: Scope) -> Values:
        return self.eval(node.body, scope) | self.eval(node.orelse, scope)

    def _bool_op(self, node: ast.BoolOp, scope: Scope) -> Values:
        return frozenset().union(*(self.eval(v, scope) for v in node.values))

    def _inner(self, node: Any, scope: Scope) -> Values:
        return self.eval(node.value, scope)

    def _lambda(self, node: ast.Lambda, scope: Scope) -> Values:
        return frozenset([Func(scope.file, node, scope)])

    def _display(self, node: ast.Tuple | ast.List | ast.Set, scope: Scope) -> Values:
        members = []
        loose = isinstance(node, (ast.List, ast.Set))
        for element in node.elts:
            if isinstance(element, ast.Starred):
                loose = True
                members.extend(elements(self.eval(element.value, scope)))
            else:
                members.append(self.eval(element, scope))
        return frozenset([Items(tuple(members), loose)])

    def _dict(self, node: ast.Dict, scope: Scope) -> Values:
        members: list[Values] = []
        labels: list[str] = []
        keys: set[Value] = set()
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                for label, values in entries_of(self.eval(value, scope)):
                    labels.append(label)
                    members.append(values)
            else:
                labels.append(text_of(key))
                members.append(self.eval(value, scope))
                keys |= self.eval(key, scope)
        return frozenset([Items(tuple(members), True, frozenset(keys), True, tuple(labels))])

    def _merged(self, node: ast.BinOp, scope: Scope) -> Values:
        """``a | b`` of dicts, ``a + b`` of lists."""
        if not isinstance(node.op, (ast.BitOr, ast.Add)):
            return NOTHING
        return frozenset(v for side in (node.left, node.right) for v in self.eval(side, scope) if isinstance(v, Items))

    def _comprehension(self, node: Any, scope: Scope) -> Values:
        inner = scope.file.scope_of_node.get(node)
        if inner is None:
            return NOTHING
        if isinstance(node, ast.DictComp):
            return frozenset([Items((self.eval(node.value, inner),), True, self.eval(node.key, inner), mapping=True)])
        return frozenset([Items((self.eval(node.elt, inner),), True)])

    def _subscript(self, node: ast.Subscript, scope: Scope) -> Values:
        found: set[Value] = set()
        for value in self.eval(node.value, scope):
            if not isinstance(value, Items):
                continue
            index = node.slice
            if not value.loose and isinstance(index, ast.Constant) and isinstance(index.value, int):
                found |= item(value, index.value)
            elif value.names and text_of(index):
                found |= value.named(text_of(index))
            else:
                found |= frozenset().union(*value.members) if value.members else NOTHING
        return frozenset(found)

    # --- bindings

    def binding(self, binding: Binding) -> Values:
        """The values one binding gives its name."""
        known = self._memo.get(binding)
        return known if known is not None else self.once(binding, partial(self._binding, binding))

    def _binding(self, binding: Binding) -> Values:
        match binding.kind:
            case "assign" | "with":
                return self.unpack(self.eval(binding.value, binding.scope), binding.path)
            case "for":
                scope = binding.scope
                if scope.kind == "comprehension" and scope.parent is not None:
                    scope = scope.parent
                members = elements(self.eval(binding.value, scope))
                return self.unpack(frozenset().union(*members) if members else NOTHING, binding.path)
            case "def":
                node = binding.node
                assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
                return frozenset([Func(binding.scope.file, node, binding.scope)])
            case "class":
                assert isinstance(binding.node, ast.ClassDef)
                return frozenset([Cls(binding.scope.file, binding.node, binding.scope)])
            case "import":
                return self._imported(binding)
            case "from":
                return self._imported_from(binding)
            case "param":
                return self.parameters.parameter(binding)
        return NOTHING

    def unpack(self, values: Values, path: tuple[int, ...]) -> Values:
        for place in path:
            found: set[Value] = set()
            for value in values:
                if isinstance(value, Items):
                    found |= item(value, place)
            values = frozenset(found)
        return values

    def _imported(self, binding: Binding) -> Values:
        modules = self.project.imported_modules(binding.scope.file, binding)
        if modules:
            return frozenset(Mod(m) for m in modules[:1])
        return frozenset([Ext(self._names.canonical(binding.module))])

    def _imported_from(self, binding: Binding) -> Values:
        runtime = binding.module.rpartition(".")[2]
        if runtime in self._names.runtime_modules:
            return frozenset([Ext(f"{runtime}.{binding.attr}")])
        modules = self.project.imported_modules(binding.scope.file, binding)
        for module in modules:
            values = self.module_attr(module, binding.attr)
            if values:
                return values
        submodule = self.project.submodule(binding.scope.file, binding)
        if submodule is not None:
            return frozenset([Mod(submodule)])
        if modules or binding.level:
            return NOTHING
        return frozenset([Ext(self._names.canonical(f"{binding.module}.{binding.attr}"))])

    def module_attr(self, file: FileIndex, name: str) -> Values:
        """The values of a module's global, as other modules see it."""
        return self.once((file, name), lambda: self.lookup(name, file.module))

    # --- parameters


_HANDLERS: dict[type, Any] = {
    ast.Constant: Evaluator._constant,
    ast.Name: Evaluator._name,
    ast.Attribute: Evaluator._attribute,
    ast.Call: Evaluator._call,
    ast.IfExp: Evaluator._either,
    ast.BoolOp: Evaluator._bool_op,
    ast.NamedExpr: Evaluator._inner,
    ast.Await: Evaluator._inner,
    ast.Starred: Evaluator._inner,
    ast.Lambda: Evaluator._lambda,
    ast.Tuple: Evaluator._display,
    ast.List: Evaluator._display,
    ast.Set: Evaluator._display,
    ast.Dict: Evaluator._dict,
    ast.ListComp: Evaluator._comprehension,
    ast.SetComp: Evaluator._comprehension,
    ast.GeneratorExp: Evaluator._comprehension,
    ast.DictComp: Evaluator._comprehension,
    ast.Subscript: Evaluator._subscript,
    ast.BinOp: Evaluator._merged,
}
