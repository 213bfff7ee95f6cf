"""Evaluates expressions of a project to what they may stand for, on demand and across modules."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from dash_migrate.facts.names import names
from dash_migrate.facts.scopes import Binding, FileIndex, Scope, attribute_assignments, block_of, parent_of
from dash_migrate.facts.values import (
    NOTHING,
    AsgiApp,
    Blueprint,
    Bridged,
    Cls,
    Const,
    DashApp,
    Ext,
    ExtInst,
    FlaskApp,
    Func,
    Inst,
    Items,
    Mod,
    Partial,
    Record,
    Server,
    Site,
    Super,
    Value,
    Values,
)

if TYPE_CHECKING:
    from dash_migrate.facts.project import Project

_BUILTINS = frozenset(dir(builtins))
_ASGI = {
    "fastapi.FastAPI": "fastapi",
    "quart.Quart": "quart",
    "starlette.applications.Starlette": "starlette",
}
#: calls that make an object of attributes out of keywords
NAMESPACES = frozenset(["types.SimpleNamespace", "argparse.Namespace"])
_NAMED_TUPLE = "typing.NamedTuple"
_ITERATE_SAME = frozenset(["list", "tuple", "set", "reversed", "sorted", "iter", "frozenset"])


class Evaluator:
    """Demand-driven; results are remembered per node, recursion through the project is cut."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._memo: dict[Any, Values] = {}
        self._active: set[Any] = set()
        self._cut: set[Any] = set()
        self._assumed: dict[Any, Values] = {}
        self._wrong: dict[Any, Values] = {}
        self._round = 0
        self._names = names()

    def _once(self, key: Any, compute: Any) -> Values:
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
        if key in self._cut and any(_matters(v) for v in result - self._assumed.get(key, NOTHING)):
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
        return True

    # --- expressions

    def eval(self, node: ast.expr | None, scope: Scope) -> Values:
        """What the expression may stand for (nothing: unknown, or of no interest)."""
        handler = _HANDLERS.get(type(node))
        if handler is None or node is None:
            return NOTHING
        return self._once(node, partial(handler, self, node, scope))

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
        found: set[Value] = set()
        for binding in reaching(owner, name, scope, use):
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
        members: list[Values] = []
        labels: list[str] = []
        keys: set[Value] = set()
        for method in ("append", "add", "insert", "setdefault"):
            for node, scope in owner.file.attributes.get(method, ()):
                call = parent_of(node)
                if (
                    isinstance(node.value, ast.Name)
                    and node.value.id == name
                    and isinstance(call, ast.Call)
                    and call.func is node
                    and call.args
                    and scope.owner_of(name) is owner
                ):
                    members.append(self.eval(call.args[-1], scope))
                    labels.append(_text_of(call.args[0]) if method == "setdefault" else "")
        for node, scope in owner.file.attributes.get("update", ()):
            call = parent_of(node)
            if (
                isinstance(node.value, ast.Name)
                and node.value.id == name
                and isinstance(call, ast.Call)
                and call.func is node
                and scope.owner_of(name) is owner
            ):
                for label, values in self._entries(call, scope):
                    members.append(values)
                    labels.append(label)
        for target, value, scope in owner.file.item_stores:
            if isinstance(target.value, ast.Name) and target.value.id == name and scope.owner_of(name) is owner:
                members.append(self.eval(value, scope))
                labels.append(_text_of(target.slice))
                keys |= self.eval(target.slice, scope)
        if not members:
            return NOTHING
        return frozenset([Items(tuple(members), True, frozenset(keys), mapping, tuple(labels) if mapping else ())])

    def _entries(self, call: ast.Call, scope: Scope) -> Iterator[tuple[str, Values]]:
        """Keys and values of ``dict(a, b=c)``, ``d.update(a, b=c)`` and the like."""
        for passed, label in [*((a, "") for a in call.args), *((k.value, k.arg or "") for k in call.keywords)]:
            if label:
                yield label, self.eval(passed, scope)
            else:
                yield from _entries_of(self.eval(passed, scope))

    def _attribute(self, node: ast.Attribute, scope: Scope) -> Values:
        found: set[Value] = set()
        for value in self.eval(node.value, scope):
            found |= self.attribute(value, node.attr)
        return frozenset(found)

    def _call(self, node: ast.Call, scope: Scope) -> Values:
        found: set[Value] = set()
        for callee in self.eval(node.func, scope):
            found |= self.call(callee, node, scope)
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
                    key = _text_of(node.args[0]) if node.args else ""
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
                for label, values in _entries_of(self.eval(value, scope)):
                    labels.append(label)
                    members.append(values)
            else:
                labels.append(_text_of(key))
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
            elif value.names and _text_of(index):
                found |= value.named(_text_of(index))
            else:
                found |= frozenset().union(*value.members) if value.members else NOTHING
        return frozenset(found)

    # --- bindings

    def binding(self, binding: Binding) -> Values:
        """The values one binding gives its name."""
        return self._once(binding, partial(self._binding, binding))

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
                return self.parameter(binding)
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
        return self._once((file, name), lambda: self.lookup(name, file.module))

    # --- parameters

    def parameter(self, binding: Binding) -> Values:
        """What may be passed for a parameter: by its call sites, its annotation, its default."""
        scope = binding.scope
        function = scope.node
        argument = binding.node
        assert isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        outer = scope.parent or scope.file.module
        arguments = function.args
        plain = [*arguments.posonlyargs, *arguments.args]
        if outer.kind == "class" and plain and argument is plain[0] and not _is_static(function):
            return self._self_values(outer)
        found: set[Value] = set()
        if argument is arguments.kwarg:
            return self._keywords(binding)
        annotated = self._annotated(argument, outer)
        for call, caller in self.project.calls_of(function, scope):
            passed = argument_for(function, argument, call, bound=outer.kind == "class" and not _is_static(function))
            if passed is None:
                continue
            values = self.eval(passed, caller)
            if argument is arguments.vararg:
                values = frozenset([Items((values,), True)])
            found |= values
        default = _default_of(arguments, argument)
        if default is not None:
            found |= self.eval(default, outer)
        if annotated and not any(type(v) in (DashApp, FlaskApp, Server, AsgiApp) for v in found):
            found |= annotated
        if not found:
            found |= self.project.fixture_values(function, binding.name)
        return frozenset(found)

    def _keywords(self, binding: Binding) -> Values:
        """What ``**kwargs`` may hold: the keywords of the call sites that are no other parameter."""
        function = binding.scope.node
        assert isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        own = {a.arg for a in (*function.args.args, *function.args.kwonlyargs)}
        entries: set[tuple[str, Values]] = set()
        for call, caller in self.project.calls_of(function, binding.scope):
            for keyword in call.keywords:
                if keyword.arg is None:
                    entries.update(_entries_of(self.eval(keyword.value, caller)))
                elif keyword.arg not in own:
                    entries.add((keyword.arg, self.eval(keyword.value, caller)))
        ordered = sorted(entries, key=lambda entry: entry[0])
        members, labels = tuple(v for _, v in ordered), tuple(k for k, _ in ordered)
        return frozenset([Items(members, True, NOTHING, True, labels)])

    def _self_values(self, class_scope: Scope) -> Values:
        node = class_scope.node
        assert isinstance(node, ast.ClassDef)
        cls = Cls(class_scope.file, node, class_scope.parent or class_scope.file.module)
        own = self.instance(cls, Site(class_scope.file, node))
        if not isinstance(own, Inst):
            return frozenset([own])
        # a mixin: its methods run on what the classes make that inherit from it
        others = [self.instance(c, Site(c.file, c.node)) for c in self.project.subclasses(class_scope)]
        return frozenset([own, *(other for other in others if not isinstance(other, Inst))])

    def _annotated(self, argument: ast.AST, scope: Scope) -> Values:
        annotation = getattr(argument, "annotation", None)
        if annotation is None:
            return NOTHING
        found: set[Value] = set()
        for part in _annotation_parts(annotation):
            for value in self.eval(part, scope):
                made = self._made_by_class(value, Site(scope.file, argument))
                if made is not None:
                    found.add(made)
        return frozenset(found)

    def _made_by_class(self, value: Value, site: Site) -> Value | None:
        if isinstance(value, Ext):
            if value.dotted in self._names.dash_classes:
                return DashApp(site)
            if value.dotted == "flask.Flask":
                return FlaskApp(site)
            if value.dotted == "flask.Blueprint":
                return Blueprint(site)
            if value.dotted in _ASGI:
                return AsgiApp(_ASGI[value.dotted], site)
            return ExtInst(value.dotted, site) if self._names.is_relevant(value.dotted) else None
        if isinstance(value, Cls):
            return self.instance(value, site)
        return None

    # --- calls

    def call(self, callee: Value, node: ast.Call, scope: Scope) -> Values:
        """What calling ``callee`` at ``node`` gives."""
        site = Site(scope.file, node)
        match callee:
            case Ext(dotted):
                return self._call_external(dotted, node, scope, site)
            case Cls():
                instance: Values = frozenset([self.instance(callee, site)])
                if _NAMED_TUPLE in self.external_bases(callee):
                    return instance | self._record(self.fields(callee), node, scope)
                return instance
            case Record(fields):
                return self._record(fields, node, scope)
            case Func():
                return self.returned(callee)
            case Partial(target, kept):
                inner = kept.node
                assert isinstance(inner, ast.Call)
                if isinstance(target, Ext):
                    made = self._made_by_class(target, kept)
                    return frozenset([made]) if made is not None else NOTHING
                return self.call(target, node, scope)
            case Inst(cls):
                return frozenset().union(*(self.returned(f) for f in self.methods(cls, "__call__", callee))) or NOTHING
        return NOTHING

    def _record(self, fields: Iterable[str], node: ast.Call, scope: Scope) -> Values:
        members = []
        for place, name in enumerate(fields):
            passed = field_argument(node, name, place)
            members.append(self.eval(passed, scope))
        return frozenset([Items(tuple(members), names=tuple(fields), record=True)])

    def _call_external(self, dotted: str, node: ast.Call, scope: Scope, site: Site) -> Values:
        made = self._made_by_class(Ext(dotted), site)
        if made is not None and not isinstance(made, ExtInst):
            return frozenset([made])
        if dotted in self._names.dash_getters:
            return frozenset([DashApp(site)])
        if dotted == "functools.partial" and node.args:
            return frozenset(
                Partial(v, site) for v in self.eval(node.args[0], scope) if isinstance(v, (Ext, Cls, Func))
            )
        if dotted == "dash.backends.get_backend" and node.args:
            named = {v.value for v in self.eval(node.args[0], scope) if isinstance(v, Const)}
            return frozenset(Ext(name) for name, kind in self._names.backend_classes.items() if kind in named)
        if dotted == "dash_flask_bridge.flask_of":
            return frozenset([Bridged(site)])
        if dotted == "dash_flask_bridge.flask_view" and node.args:
            return self.eval(node.args[0], scope)
        if dotted == "typing.cast" and len(node.args) == 2:
            return self.eval(node.args[1], scope)
        if dotted in NAMESPACES:
            entries = list(self._entries(node, scope))
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
            instance = self.instance(cls, Site(cls_scope.file, cls_scope.node))
            return frozenset([Super(cls, instance)])
        if name == "dict":
            entries = list(self._entries(node, scope))
            keys: Values = frozenset(Const(k) for k, _ in entries if k)
            return frozenset([Items(tuple(v for _, v in entries), True, keys, True, tuple(k for k, _ in entries))])
        if not arguments:
            return frozenset([Items((), True)]) if name in ("list", "set") else NOTHING
        first = self.eval(arguments[0], scope)
        if name in _ITERATE_SAME:
            return frozenset(v for v in first if isinstance(v, Items))
        if name == "enumerate":
            members = elements(first)
            return frozenset([Items((frozenset([Items((NOTHING, frozenset().union(*members)))]),), True)])
        if name == "zip":
            columns = tuple(frozenset().union(*elements(self.eval(a, scope))) for a in arguments)
            return frozenset([Items((frozenset([Items(columns)]),), True)])
        if name == "next":
            return frozenset().union(*elements(first))
        if name == "getattr" and len(arguments) >= 2:
            found: set[Value] = set()
            for attr in self.eval(arguments[1], scope):
                if isinstance(attr, Const) and isinstance(attr.value, str):
                    for value in first:
                        found |= self.attribute(value, attr.value)
            if len(arguments) == 3:
                found |= self.eval(arguments[2], scope)
            return frozenset(found)
        return NOTHING

    def returned(self, function: Func) -> Values:
        """What a function of the project returns."""
        return self._once(("returned", function), partial(self._returned, function))

    def _returned(self, function: Func) -> Values:
        inner = function.file.scope_of_node.get(function.node)
        if inner is None:
            return NOTHING
        return frozenset().union(*(self.eval(value, inner) for value in inner.returns)) or NOTHING

    # --- attributes and classes

    def attribute(self, value: Value, attr: str) -> Values:
        """What ``value.attr`` may stand for."""
        match value:
            case Ext(dotted):
                return frozenset([Ext(self._names.canonical(f"{dotted}.{attr}"))])
            case Mod(file):
                found = self.module_attr(file, attr)
                if found:
                    return found
                submodule = self.project.submodule_of(file, attr)
                return frozenset([Mod(submodule)]) if submodule is not None else NOTHING
            case Cls():
                return self._class_attribute(value, attr, None)
            case Inst(cls):
                found = self._class_attribute(cls, attr, value) | self._assigned(attr, value)
                return found | self._given(cls, attr)
            case Items(record=True):
                return value.named(attr) | self._assigned(attr, value)
            case DashApp(_, cls):
                found = self._class_attribute(cls, attr, value) if cls is not None else NOTHING
                if attr == "server" and not found:
                    return self.project.server_of(value)
                return found | self._assigned(attr, value)
            case FlaskApp(_, cls):
                found = self._class_attribute(cls, attr, value) if cls is not None else NOTHING
                return found | self._assigned(attr, value)
            case Server() | Blueprint() | AsgiApp() | Bridged():
                return self._assigned(attr, value)
            case Super(cls, instance):
                for base in self.bases(cls):
                    if isinstance(base, Cls):
                        found = self._class_attribute(base, attr, instance)
                        if found:
                            return found
                    elif isinstance(base, Ext):
                        if attr == "server" and isinstance(instance, DashApp):
                            return self.project.server_of(instance)
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
        return self._once(("given", cls, attr), partial(self._find_given, cls, attr, fields.index(attr)))

    def _find_given(self, cls: Cls, attr: str, place: int) -> Values:
        calls = self.project.instantiations(cls)
        return frozenset().union(*(self.eval(field_argument(call, attr, place), scope) for call, scope in calls))

    def _class_attribute(self, cls: Cls, attr: str, instance: Inst | DashApp | FlaskApp | None) -> Values:
        for ancestor in self.lineage(cls):
            scope = ancestor.file.scope_of_node[ancestor.node]
            found: set[Value] = set()
            for binding in scope.bindings.get(attr, ()):
                for value in self.binding(binding):
                    if isinstance(value, Func) and instance is not None and not _is_static(value.node):
                        value = Func(value.file, value.node, value.scope, instance)
                        if _is_property(value.node):
                            found |= self.returned(value)
                            continue
                    found.add(value)
            if found:
                return frozenset(found)
        return NOTHING

    def _assigned(self, attr: str, owner: Value) -> Values:
        return self._once(("assigned", attr, owner), partial(self._find_assigned, attr, owner))

    def _find_assigned(self, attr: str, owner: Value) -> Values:
        found: set[Value] = set()
        for file in self.project.files_assigning(attr):
            for target, scope, (kind, value, path, _) in attribute_assignments(file, attr):
                if any(self.same_object(base, owner) for base in self.eval(target.value, scope)):
                    values = self.eval(value, scope)
                    if kind == "for":
                        members = elements(values)
                        values = frozenset().union(*members) if members else NOTHING
                    found |= self.unpack(values, path)
        return frozenset(found)

    def same_object(self, one: Value, other: Value) -> bool:
        """Whether two values may be one object: the same, or of related classes of the project."""
        if one == other:
            return True
        first = getattr(one, "cls", None)
        second = getattr(other, "cls", None)
        if type(one) is not type(other) or first is None or second is None:
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
            found.extend(v for v in self.eval(node, cls.scope) if isinstance(v, (Cls, Ext)))
        return found

    def lineage(self, cls: Cls) -> list[Cls]:
        """The class and its project ancestors, nearest first."""
        seen = [cls]
        for ancestor in seen:
            for base in self.bases(ancestor):
                if isinstance(base, Cls) and base not in seen and len(seen) < 50:
                    seen.append(base)
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
            if dotted in self._names.dash_classes:
                return DashApp(site, cls)
            if dotted == "flask.Flask":
                return FlaskApp(site, cls)
        return Inst(cls)


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


def reaching(owner: Scope, name: str, scope: Scope, use: ast.AST | None) -> list[Binding]:
    """The bindings of a name that code at ``use`` can see.

    In the scope that owns the name, the last ones before the use; from elsewhere, the ones that stand at the end.
    """
    bindings = sorted((b for b in owner.bindings[name] if b.kind != "star"), key=lambda b: b.position)
    block = block_of(use) if use is not None else None
    if use is not None and block is not None and scope.function is owner:
        position = (getattr(use, "lineno", 0), getattr(use, "col_offset", 0))
        before = [b for b in bindings if b.position < position and not _inside(use, b)]
        if before:
            bindings = before
    else:
        block = owner.block
    found: list[Binding] = []
    for binding in reversed(bindings):
        found.append(binding)
        if block is None or binding.block.encloses(block):
            break
    return found


def _inside(use: ast.AST, binding: Binding) -> bool:
    """Whether the use is part of the statement that binds (``app = app.server``): it sees what was before."""
    if binding.kind not in ("assign", "for", "with"):
        return False
    start = (binding.node.lineno, binding.node.col_offset)  # type: ignore[attr-defined]
    end = (getattr(binding.value, "end_lineno", 0) or 0, getattr(binding.value, "end_col_offset", 0) or 0)
    position = (use.lineno, use.col_offset)  # type: ignore[attr-defined]
    return start <= position < end and binding.kind == "assign"


def _matters(value: Value) -> bool:
    """Whether missing this value could change what is found."""
    if isinstance(value, Items):
        return any(_matters(v) for member in value.members for v in member)
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
    return tuple(_text_of(m) for m in first)


def _entries_of(values: Values) -> Iterator[tuple[str, Values]]:
    """Keys and values of the dicts among the values."""
    for value in values:
        if isinstance(value, Items) and (value.mapping or value.record):
            yield from zip(value.names or ("",) * len(value.members), value.members, strict=True)


def _text_of(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _default_of(arguments: ast.arguments, argument: ast.AST) -> ast.expr | None:
    plain = [*arguments.posonlyargs, *arguments.args]
    if argument in plain:
        place = plain.index(argument) - (len(plain) - len(arguments.defaults))
        return arguments.defaults[place] if place >= 0 else None
    if argument in arguments.kwonlyargs:
        return arguments.kw_defaults[arguments.kwonlyargs.index(argument)]
    return None


def _annotation_parts(annotation: ast.expr) -> Iterator[ast.expr]:
    """The class expressions an annotation is made of: ``Dash | None``, ``Optional["Dash"]``."""
    if isinstance(annotation, ast.BinOp):
        yield from _annotation_parts(annotation.left)
        yield from _annotation_parts(annotation.right)
    elif isinstance(annotation, ast.Subscript):
        inner = annotation.slice
        for part in inner.elts if isinstance(inner, ast.Tuple) else [inner]:
            yield from _annotation_parts(part)
    elif isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            yield from _annotation_parts(ast.parse(annotation.value, mode="eval").body)
        except SyntaxError:
            return
    else:
        yield annotation


def _decorators(node: ast.AST) -> set[str]:
    found = set()
    for decorator in getattr(node, "decorator_list", ()):
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        found.add(target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", ""))
    return found


def _is_static(node: ast.AST) -> bool:
    return "staticmethod" in _decorators(node)


def _is_property(node: ast.AST) -> bool:
    return bool(_decorators(node) & {"property", "cached_property", "hybrid_property"})
