"""Which names can lead to a Dash app, a server or a Flask name at all: cheap, before evaluating.

A name is of interest if some value that flows into it starts at Dash or Flask. Local variables are told apart by
their scope; attributes, module variables, functions and classes by nothing but their spelling.
Too many is slow, too few is wrong: every way a value can travel in ``evaluate`` has an edge here.
"""

from __future__ import annotations

import ast
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dash_migrate.facts.arguments import field_names, is_static
from dash_migrate.facts.heads import LAMBDA, Key, heads, key_of, last_key
from dash_migrate.facts.names import names
from dash_migrate.facts.project import deferred_call, is_indirect, last_name
from dash_migrate.facts.scopes import FileIndex, Scope
from dash_migrate.facts.signatures import Signature

#: what every project starts from, besides what it imports from packages of interest
SEEDS = frozenset(["Dash", "Flask", "Quart", "FastAPI", "Blueprint", "server", "get_app", "init_app", "super"])


class Interest:
    """The names worth evaluating in some files."""

    def __init__(self) -> None:
        self.files: dict[FileIndex, None] = {}
        self.edges: dict[Key, set[Key]] = defaultdict(set)
        self.found: set[Key] = set(SEEDS)
        #: by the name of a function or class, what calls of it fill
        self.signatures: dict[str, list[Signature]] = defaultdict(list)
        self.lambdas: dict[Key, Signature] = {}
        #: by what is passed: the calls of variables that pass it
        self.through: dict[Key, list[_Indirect]] = defaultdict(list)
        #: other names of what is imported, and the bases of classes
        self.same: dict[str, set[str]] = defaultdict(set)
        self.heirs: dict[str, set[str]] = defaultdict(set)

    def of(self, files: Iterable[FileIndex]) -> set[Key]:
        """What can lead to a Dash app, a server or a Flask name in these files and those asked about before."""
        new = [file for file in files if file not in self.files]
        before = self._sizes()
        for file in new:
            for scope in file.scopes:
                self._bindings(scope)
                self._definition(scope)
            self._stores(file)
        after = self._sizes()
        grown = self._heirs_of(name for name, size in after.items() if size > before.get(name, 0))
        for file in self.files:
            for call, scope in file.calls:
                name = last_name(call.func)
                if name in grown or name in _OF_CLASSES or deferred_call(call) is not None:
                    self._call(call, scope, is_known=True)
        for file in new:
            for call, scope in file.calls:
                self._call(call, scope)
            self.files[file] = None
        self._spread()
        for _ in range(_ROUNDS):
            if not self._through_variables():
                break
            self._spread()
        return self.found

    def _sizes(self) -> dict[str, int]:
        names = self.signatures.keys() | self.same.keys()
        return {name: len(self.signatures.get(name, ())) + len(self.same.get(name, ())) for name in names}

    def _heirs_of(self, names: Iterable[str]) -> set[str]:
        """Names, their other names, and the classes that inherit from theirs."""
        others: dict[str, set[str]] = defaultdict(set)
        for name, same in self.same.items():
            for one in same:
                others[one].add(name)
        found = set(names)
        todo = list(found)
        while todo:
            new = others.get(todo.pop(), set()) - found
            found |= new
            todo += new
        return found

    def _spread(self) -> None:
        """Follow the ways from everything that is found."""
        todo = list(self.found)
        while todo:
            for target in self.edges.get(todo.pop(), ()):
                if target not in self.found:
                    self.found.add(target)
                    todo.append(target)

    def _flows(self, node: ast.expr | None, scope: Scope, target: Key) -> None:
        for head in heads(node, scope):
            self.edges[head].add(target)

    # --- what is bound and defined

    def _bindings(self, scope: Scope) -> None:
        known = names()
        is_local = scope.kind in ("function", "comprehension")
        for name, bindings in scope.bindings.items():
            key: Key = (scope, name) if is_local else name
            for binding in bindings:
                if binding.kind == "from":
                    self.edges[binding.attr].add(key)
                    if name != binding.attr:
                        self.same[name].add(binding.attr)
                    if not binding.level and known.is_relevant(known.canonical(f"{binding.module}.{binding.attr}")):
                        self.found.add(key)
                elif binding.kind == "import":
                    module = binding.module or binding.attr
                    if known.is_object_root(module):
                        self.found.add(key)
                elif binding.value is not None:
                    self._flows(binding.value, binding.scope, key)
                    if isinstance(binding.value, ast.Call) and last_name(binding.value.func) in _NAMED_TUPLES:
                        self.signatures[name].append(Signature.of_fields((*field_names(binding.value), name)))

    def _definition(self, scope: Scope) -> None:
        node, outer = scope.node, scope.parent
        if outer is None:
            return
        if isinstance(node, ast.ClassDef):
            self._class(node, scope, outer)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            is_method = outer.kind == "class" and not isinstance(node, ast.Lambda)
            signature = Signature.of(node.args, scope, is_method and not is_static(node))
            every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            for argument, default in _defaults(node.args):
                self._flows(default, outer, (scope, argument.arg))
            if isinstance(node, ast.Lambda):
                self.lambdas[scope, LAMBDA] = signature
                return
            made = key_of(node.name, outer)
            for value in scope.returns:
                self._flows(value, scope, made)
            self.signatures[node.name].append(signature)
            if is_method and node.name == "__init__":
                self.signatures[getattr(outer.node, "name", "")].append(signature)
            gets_fixtures = node.name.startswith("test") or _is_fixture(node)
            for argument in every:
                for head in heads(argument.annotation, outer, is_annotation=True):
                    self.edges[head].add((scope, argument.arg))
                if gets_fixtures:
                    self.edges[argument.arg].add((scope, argument.arg))
            if is_method and every:
                # ``self`` stands for what the class makes, and the classes that inherit from it
                self.edges[_self_of(getattr(outer.node, "name", ""))].add((scope, every[0].arg))

    def _class(self, node: ast.ClassDef, scope: Scope, outer: Scope) -> None:
        made = key_of(node.name, outer)
        self.edges[made].add(_self_of(node.name))
        self.edges[node.name].add(_self_of(node.name))
        for base in node.bases:
            self._flows(base, outer, made)
            self.edges[_self_of(node.name)].add(_self_of(last_name(base)))
            self.same[node.name].add(last_name(base))
            self.heirs[last_name(base)].add(node.name)
        fields = [s.target.id for s in node.body if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name)]
        if fields:
            self.signatures[node.name].append(Signature.of_fields((*fields, node.name)))

    def _stores(self, file: FileIndex) -> None:
        packages = self._packages(file)
        for target, value, scope in file.item_stores:
            self._flows(value, scope, last_key(target.value, scope))
        for attr, uses in file.attributes.items():
            for node, scope in uses:
                if isinstance(node.value, ast.Name) and node.value.id in packages:
                    self.found.add(attr)  # ``rq = flask.request``, ``cache = flask_caching.Cache()``
                bound = getattr(node, "_bound", None)
                if bound is not None:
                    self._flows(bound[1], scope, attr)

    def _packages(self, file: FileIndex) -> set[str]:
        """The names of packages of which every attribute is of interest: all that matter but Dash."""
        known = names()
        return {
            name
            for scope in file.scopes
            for name, bindings in scope.bindings.items()
            for binding in bindings
            if binding.kind == "import"
            and known.is_object_root(binding.module or binding.attr)
            and (binding.module or binding.attr).split(".")[0] != "dash"
        }

    # --- calls

    def _called(self, name: str) -> list[Signature]:
        """What a call of a name may fill: it may be another name of a function, or a class that inherits."""
        if name not in self.same:
            return self.signatures.get(name, [])
        todo, seen = [name], {name}
        found: list[Signature] = []
        while todo:
            one = todo.pop()
            found += self.signatures.get(one, ())
            for other in self.same.get(one, ()):
                if other not in seen:
                    seen.add(other)
                    todo.append(other)
        return found

    def _constructors(self, call: ast.Call, name: str, scope: Scope) -> list[Signature]:
        """What ``cls(…)``, ``super().__init__(…)`` and ``Base.__init__(…)`` fill."""
        own = scope.enclosing_class
        own_name = getattr(own.node, "name", "") if own is not None else ""
        classes: list[str] = []
        if name == "cls":
            classes = [own_name]
            for one in classes:
                classes += [other for other in self.heirs.get(one, ()) if other not in classes]
        elif name == "__init__" and isinstance(call.func, ast.Attribute):
            owner = call.func.value
            is_super = isinstance(owner, ast.Call) and last_name(owner.func) == "super"
            classes = list(self.same.get(own_name, ())) if is_super else [last_name(owner)]
        return [signature for one in classes for signature in self._called(one)]

    def _call(self, call: ast.Call, scope: Scope, is_known: bool = False) -> None:
        for one in (call, deferred_call(call)):
            if one is None:
                continue
            name = last_name(one.func)
            if name in _PUT_IN and isinstance(one.func, ast.Attribute):
                for argument in (*one.args, *(k.value for k in one.keywords)):
                    for target in heads(one.func.value, scope):
                        self._flows(argument, scope, target)
            if one.args or one.keywords:
                self._arguments(one, call, name, scope, is_known)
            if name in _RECORDS:
                for keyword in one.keywords:
                    self._flows(keyword.value, scope, keyword.arg or "")

    def _arguments(self, one: ast.Call, call: ast.Call, name: str, scope: Scope, is_known: bool) -> None:
        through_variable = is_indirect(call, scope)
        signatures = self._constructors(one, name, scope)
        if not signatures and not through_variable:
            signatures = self._called(name)
        for signature in signatures:
            for argument, reached in signature.reached_by(one, name == "__init__"):
                for target in reached:
                    self._flows(argument, scope, target)
        if through_variable and not is_known:
            every = [*one.args, *(keyword.value for keyword in one.keywords)]
            indirect = _Indirect(one, tuple(heads(call.func, scope)), {a: tuple(heads(a, scope)) for a in every})
            for passed in indirect.passed.values():
                for head in passed:
                    self.through[head].append(indirect)

    def _through_variables(self) -> bool:
        """Add the ways of what is passed to functions that variables hold; whether there were new ones."""
        indirect = {one: None for key in self.found & self.through.keys() for one in self.through[key]}
        if not indirect:
            return False
        holders: dict[Key, list[Key]] = defaultdict(list)
        for source, targets in self.edges.items():
            for target in targets:
                holders[target].append(source)
        held: dict[tuple[Key, ...], list[tuple[Signature, bool]]] = {}
        is_new = False
        for one in indirect:
            if one.callees not in held:
                held[one.callees] = self._held_by(one.callees, holders)
            for signature, is_partial in held[one.callees]:
                for argument, reached in signature.reached_by(one.call, is_partial):
                    for key in one.passed.get(argument, ()):
                        if key in self.found and not self.edges[key].issuperset(reached):
                            self.edges[key].update(reached)
                            is_new = True
        return is_new

    def _held_by(self, callees: tuple[Key, ...], holders: dict[Key, list[Key]]) -> list[tuple[Signature, bool]]:
        """The signatures of the functions that some names may hold, and whether ``partial`` may be around them."""
        found = set(callees)
        todo = deque(callees)
        while todo and len(found) < _NEAREST:
            for source in holders.get(todo.popleft(), ()):
                if source not in found:
                    found.add(source)
                    todo.append(source)
        is_partial = "partial" in found
        known = {key if isinstance(key, str) else key[1] for key in found} & (self.signatures.keys() | self.same.keys())
        signatures = {signature: None for name in known for signature in self._called(name)}
        signatures |= {self.lambdas[key]: None for key in found & self.lambdas.keys()}
        return [(signature, is_partial) for signature in signatures]


@dataclass(frozen=True, eq=False)
class _Indirect:
    """A call of what a variable holds."""

    call: ast.Call
    #: the variables, or the function itself where it stands there
    callees: tuple[Key, ...]
    #: the names in what it passes, by argument
    passed: dict[ast.expr, tuple[Key, ...]]


def _self_of(name: str) -> Key:
    """What the instances of classes of a name are, in their methods."""
    return (None, name)


def _defaults(arguments: ast.arguments) -> Iterator[tuple[ast.arg, ast.expr | None]]:
    plain = [*arguments.posonlyargs, *arguments.args]
    yield from zip(reversed(plain), reversed(arguments.defaults), strict=False)
    yield from zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)


def _is_fixture(node: ast.AST) -> bool:
    return any(
        last_name(d.func if isinstance(d, ast.Call) else d) == "fixture" for d in getattr(node, "decorator_list", ())
    )


#: how many names are asked for the functions that one may hold, the nearest first; farther ones are left out
_NEAREST = 300
#: how often what is passed through variables is followed
_ROUNDS = 3
_PUT_IN = frozenset(["append", "add", "insert", "update", "setdefault"])
_OF_CLASSES = frozenset(["cls", "__init__"])
_NAMED_TUPLES = frozenset(["namedtuple", "NamedTuple"])
_RECORDS = frozenset(["SimpleNamespace", "Namespace"])
