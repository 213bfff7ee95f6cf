"""The files of a project joined: imports resolved, call sites found, Dash apps matched with their servers."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

from dash_migrate.facts.evaluate import Evaluator
from dash_migrate.facts.names import names
from dash_migrate.facts.scopes import Binding, FileIndex, Scope, parent_of
from dash_migrate.facts.values import (
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
    Items,
    Partial,
    Server,
    Values,
)

#: objects whose methods are all known
_OF_LIBRARIES = (DashApp, FlaskApp, Server, Bridged, Blueprint, ExtInst, AsgiApp, Ext)


#: the dots before a module, the module, names that are imported from it
Imported = tuple[int, str, tuple[str, ...]]


class Resolver(Protocol):
    """Finds the files an import may mean, best first."""

    def resolve_import(self, importer: str, level: int, dotted: str) -> list[str]: ...


class Project:
    """The indexed files and the questions that need all of them.

    Args:
        resolver: which files an import means.
        load: gives the index of a file by its path, or None where it cannot be parsed.
        imports: what files import that need not be indexed for it.
    """

    def __init__(
        self,
        resolver: Resolver,
        load: Callable[[str], FileIndex | None],
        imports: Mapping[str, Iterable[Imported]] | None = None,
    ) -> None:
        self._resolver = resolver
        self._imports = imports or {}
        self._load = load
        self.files: dict[str, FileIndex] = {}
        self.evaluator = Evaluator(self)
        self._calls_by_name: dict[str, list[tuple[ast.Call, Scope]]] = {}
        self._aliases: dict[str, set[str]] = {}
        self._classes_by_base: dict[str, list[tuple[ast.ClassDef, Scope]]] = {}
        self._function_names: dict[str, int] = {}
        self._assignments: dict[str, list[tuple[ast.Attribute, Scope, Any]]] = {}
        self._calls_of: dict[ast.AST, list[tuple[ast.Call, Scope]]] = {}
        self._loads = Counter[str]()
        #: the files whose loads are counted
        self._counted: set[str] = set()
        self._imported: dict[tuple[str, int, str], list[FileIndex]] = {}
        self._indirect: dict[ast.AST, list[tuple[ast.Call, Scope]]] | None = None

    def add(self, file: FileIndex) -> None:
        """Take a file in; only these are searched for call sites."""
        if file.display in self.files:
            return
        self.files[file.display] = file
        for attr, uses in file.attributes.items():
            for target, scope in uses:
                if hasattr(target, "_bound"):
                    self._assignments.setdefault(attr, []).append((target, scope, target._bound))
        for call, scope in file.calls:
            self._note_call(call, scope)
        for node, scope in file.classes:
            for base in node.bases:
                self._classes_by_base.setdefault(last_name(base), []).append((node, scope))
        for scope in file.scopes:
            for bindings in scope.bindings.values():
                for binding in bindings:
                    if binding.kind == "from" and binding.name != binding.attr:
                        self._aliases.setdefault(binding.attr, set()).add(binding.name)
                    elif binding.kind == "def":
                        self._function_names[binding.name] = self._function_names.get(binding.name, 0) + 1

    def _note_call(self, call: ast.Call, scope: Scope) -> None:
        name = last_name(call.func)
        if name:
            self._calls_by_name.setdefault(name, []).append((call, scope))
        later = deferred_call(call)
        if later is not None:
            self._calls_by_name.setdefault(last_name(later.func), []).append((later, scope))

    def again(self) -> bool:
        """Whether the questions asked so far should be asked once more (see ``Evaluator.again``)."""
        if not self.evaluator.again():
            return False
        self._calls_of.clear()
        self._indirect = None
        return True

    # --- imports

    def imported_modules(self, file: FileIndex, binding: Binding) -> list[FileIndex]:
        """The project modules an import statement reaches for (none: it is an external package)."""
        dotted = binding.module
        if dotted.rpartition(".")[2] in names().runtime_modules:
            return []
        if not binding.level and dotted.split(".")[0] in names().external_roots:
            return []
        return self.modules(file, binding.level, dotted)

    def modules(self, file: FileIndex, level: int, dotted: str) -> list[FileIndex]:
        """The project modules of a dotted name as a file sees it, best first."""
        key = (file.display, level, dotted)
        if key not in self._imported:
            paths = self._resolver.resolve_import(file.display, level, dotted)
            found = [self.file(path) for path in paths[:2]]
            self._imported[key] = [f for f in found if f is not None]
        return self._imported[key]

    def imported_paths(self, path: str) -> list[str]:
        """The project files that a file imports, as far as they can be told without a look into them."""
        found: list[str] = []
        file = self.files.get(path)
        imports = _imports_of(file) if file is not None else self._imports.get(path, ())
        for level, module, attributes in imports:
            if not level and module.split(".")[0] in names().external_roots:
                continue
            for dotted in (module, *(f"{module}.{name}" if module else name for name in attributes)):
                if dotted.rpartition(".")[2] not in names().runtime_modules:
                    found += self._resolver.resolve_import(path, level, dotted)[:2]
        return found

    def file(self, path: str) -> FileIndex | None:
        """The index of a file, made when first asked for."""
        if path not in self.files:
            loaded = self._load(path)
            if loaded is None:
                return None
            self.add(loaded)
        return self.files[path]

    def submodule(self, file: FileIndex, binding: Binding) -> FileIndex | None:
        """For ``from package import module``: the module."""
        if not binding.level and binding.module.split(".")[0] in names().external_roots:
            return None
        dotted = f"{binding.module}.{binding.attr}" if binding.module else binding.attr
        found = self.modules(file, binding.level, dotted)
        return found[0] if found else None

    def submodule_of(self, package: FileIndex, name: str) -> FileIndex | None:
        """The module ``name`` in a package of the project."""
        if not package.display.endswith("__init__.py"):
            return None
        found = self.modules(package, 1, name)
        return found[0] if found else None

    def exports(self, module: str, name: str) -> bool:
        """Whether ``from module import *`` of an external package brings the name."""
        return name in names().star_names(module)

    # --- calls

    def calls_of(self, function: ast.AST, scope: Scope) -> list[tuple[ast.Call, Scope]]:
        """The call sites of a function, each with the scope it is in."""
        known = self._calls_of.get(function)
        if known is None:
            self._calls_of[function] = []  # while we look: recursion sees none
            known = self._calls_of[function] = self._find_calls(function, scope)
        return known

    def loads_of(self, name: str) -> int:
        """How often a name, or an attribute of that name, is used anywhere."""
        for path, file in self.files.items():
            if path not in self._counted:
                self._counted.add(path)
                for scope in file.scopes:
                    for one, nodes in scope.loads.items():
                        self._loads[one] += len(nodes)
                for attr, uses in file.attributes.items():
                    self._loads[attr] += sum(isinstance(node.ctx, ast.Load) for node, _ in uses)
        return self._loads[name]

    def _find_calls(self, function: ast.AST, scope: Scope) -> list[tuple[ast.Call, Scope]]:
        name = getattr(function, "name", None)
        outer = scope.parent
        if name is None or outer is None:
            return self._calls_through_variables().get(function, [])
        searched = [name]
        if outer.kind == "class" and name == "__init__":
            searched += [getattr(outer.node, "name", ""), "cls", *self._subclass_names(outer)]
        found = []
        for one in searched:
            for spelled in {one, *self._aliases.get(one, ())}:
                for call, caller in self._calls_by_name.get(spelled, ()):
                    if self._may_call(call, caller, function, name):
                        found.append((call, caller))
        found += [pair for pair in self._calls_through_variables().get(function, ()) if pair not in found]
        return found

    def _calls_through_variables(self) -> dict[ast.AST, list[tuple[ast.Call, Scope]]]:
        """Calls of a loop variable, parameter or subscript, by the functions these may hold."""
        if self._indirect is None:
            self._indirect = {}
            for file in list(self.files.values()):
                for call, scope in file.calls:
                    if not is_indirect(call, scope):
                        continue
                    for value in self.evaluator.eval(call.func, scope):
                        if isinstance(value, Func):
                            self._indirect.setdefault(value.node, []).append((call, scope))
                        elif isinstance(value, Partial) and isinstance(value.target, Func):
                            self._indirect.setdefault(value.target.node, []).append((_joined(value, call), scope))
        return self._indirect

    def _may_call(self, call: ast.Call, caller: Scope, function: ast.AST, name: str) -> bool:
        values = self.evaluator.eval(call.func, caller)
        for value in values:
            if isinstance(value, Func) and value.node is function:
                return True
            if isinstance(value, Cls) and name == "__init__":
                makers = self.evaluator.objects.methods(value, "__init__", None)
                if any(m.node is function for m in makers):
                    return True
        if values or not isinstance(call.func, ast.Attribute) or self._function_names.get(name, 0) != 1:
            return False
        owners = self.evaluator.eval(call.func.value, caller)
        return not any(isinstance(owner, _OF_LIBRARIES) for owner in owners)

    def _subclass_names(self, class_scope: Scope) -> list[str]:
        """Names of the classes that inherit from a class, by the spelling of their bases."""
        known = [getattr(class_scope.node, "name", "")]
        for name in known:
            for spelled in {name, *self._aliases.get(name, ())}:
                for node, _ in self._classes_by_base.get(spelled, ()):
                    if node.name not in known:
                        known.append(node.name)
        return known[1:]

    def subclasses(self, class_scope: Scope) -> list[Cls]:
        """The classes of the project that inherit from a class."""
        names = [getattr(class_scope.node, "name", ""), *self._subclass_names(class_scope)]
        found: dict[ast.ClassDef, Cls] = {}
        for name in names:
            for spelled in {name, *self._aliases.get(name, ())}:
                for node, scope in self._classes_by_base.get(spelled, ()):
                    cls = Cls(scope.file, node, scope)
                    if any(c.node is class_scope.node for c in self.evaluator.objects.lineage(cls)):
                        found[node] = cls
        return list(found.values())

    def fixture_values(self, function: ast.AST, name: str) -> Values:
        """For a parameter of a test: what the pytest fixture of that name gives."""
        own = getattr(function, "name", "")
        if not (own.startswith("test") or _is_fixture(function)):
            return frozenset()
        found: set[object] = set()
        for file in list(self.files.values()):
            for binding in file.module.bindings.get(name, ()):
                if binding.kind == "def" and _is_fixture(binding.node) and binding.node is not function:
                    for value in self.evaluator.binding(binding):
                        if isinstance(value, Func):
                            found |= self.evaluator.calls.returned(value)
        return frozenset(found)  # type: ignore[arg-type]

    def attribute_assignments(self, attr: str) -> list[tuple[ast.Attribute, Scope, Any]]:
        """Every ``X.attr = value``: the target, its scope, and (kind, value, path, statement)."""
        return list(self._assignments.get(attr, ()))

    # --- Dash apps and their servers

    def dash_apps(self) -> Values:
        """Every Dash app the project makes: what ``dash.get_app()`` may give."""
        return self.evaluator.once("every Dash app", self._find_dash_apps)

    def _find_dash_apps(self) -> Values:
        searched = ["cls", *(dotted.rpartition(".")[2] for dotted in sorted(names().dash_classes))]
        for name in searched:
            for spelled in {name, *self._aliases.get(name, ())}:
                searched += [n.name for n, _ in self._classes_by_base.get(spelled, ()) if n.name not in searched]
        found: set[DashApp] = set()
        for spelled in {s for name in searched for s in (name, *self._aliases.get(name, ()))}:
            for call, scope in list(self._calls_by_name.get(spelled, ())):
                found |= {v for v in self.evaluator.eval(call, scope) if isinstance(v, DashApp)}
        return frozenset(found)

    def constructors(self, app: DashApp) -> list[tuple[ast.Call, Scope]]:
        """The calls whose arguments reach ``Dash.__init__`` for this app."""
        if app.cls is None:
            node = app.site.node
            if isinstance(node, ast.Call) and not self._is_getter(app.site.file, node):
                return [(node, self.scope_at(app.site.file, node))]
            return []
        found = []
        initialisers = self.evaluator.objects.methods(app.cls, "__init__", None)
        for initialiser in initialisers:
            inner = initialiser.file.scope_of_node[initialiser.node]
            for call, scope in initialiser.file.calls:
                if scope.function is inner and last_name(call.func) == "__init__" and self._reaches_dash(call, scope):
                    found.append((call, scope))
        if not found or any(_forwards(call) for call, _ in found):
            node = app.site.node
            if isinstance(node, ast.Call):
                sites = [(node, self.scope_at(app.site.file, node))]
            else:
                sites = self.instantiations(app.cls)
            own = max((_own_parameters(i.node) for i in initialisers), default=0)
            # what the class takes for itself by place shifts the places of Dash's own arguments
            found += [(c, s) for c, s in sites if not found or not own or len(c.args) < 2 or _names_server(c)]
        return found

    def _is_getter(self, file: FileIndex, call: ast.Call) -> bool:
        """Whether a call asks for an app that is made elsewhere."""
        called = self.evaluator.eval(call.func, self.scope_at(file, call))
        return any(isinstance(v, Ext) and v.dotted in names().dash_getters for v in called)

    def _reaches_dash(self, call: ast.Call, scope: Scope) -> bool:
        for value in self.evaluator.eval(call.func, scope):
            dotted = getattr(value, "dotted", "")
            if dotted.endswith(".__init__") and dotted[:-9] in names().dash_classes:
                return True
        return False

    def instantiations(self, cls: Cls) -> list[tuple[ast.Call, Scope]]:
        """The calls that make instances of a class or of its subclasses."""
        inner = cls.file.scope_of_node[cls.node]
        found = []
        for name in [cls.node.name, "cls", *self._subclass_names(inner)]:
            for spelled in {name, *self._aliases.get(name, ())}:
                for call, scope in self._calls_by_name.get(spelled, ()):
                    for value in self.evaluator.eval(call.func, scope):
                        if isinstance(value, Cls) and cls in self.evaluator.objects.lineage(value):
                            found.append((call, scope))
        return found

    def server_of(self, app: DashApp) -> Values:
        """What ``app.server`` is: the Flask (or ASGI) app it was given, or one of its own."""
        return self.evaluator.once(("server", app), lambda: self._server_of(app))

    def _server_of(self, app: DashApp) -> Values:
        found: set[object] = set()
        own = True
        for call, scope in self.constructors(app):
            passed = server_argument(call)
            values = self.hidden_server(call, scope)[1] if passed is None else self.evaluator.eval(passed, scope)
            given = {v for v in values if isinstance(v, (FlaskApp, AsgiApp, Server))}
            found |= given
            own = own and (not given or any(v == Const(True) for v in values))
        for call, scope in self._calls_by_name.get("init_app", ()):
            if isinstance(call.func, ast.Attribute) and (call.args or call.keywords):
                receivers = self.evaluator.eval(call.func.value, scope)
                if any(self._same_app(app, r) for r in receivers):
                    passed = call.args[0] if call.args else call.keywords[0].value
                    given = {v for v in self.evaluator.eval(passed, scope) if isinstance(v, (FlaskApp, AsgiApp))}
                    found |= given
                    own = own and not given
        if own:
            found.add(Server(app))
        return frozenset(found)  # type: ignore[arg-type]

    def hidden_server(self, call: ast.Call, scope: Scope) -> tuple[ast.AST | None, Values, int]:
        """The server in ``Dash(**settings)`` or ``Dash(*arguments)``: what holds it, its values, how many there are."""
        for keyword in call.keywords:
            if keyword.arg is None:
                values = self._named(keyword.value, "server", scope)
                if values:
                    return keyword, values, 1
        if len(call.args) == 1 and isinstance(call.args[0], ast.Starred):
            for value in self.evaluator.eval(call.args[0].value, scope):
                if isinstance(value, Items) and not value.loose and len(value.members) > 1:
                    return call.args[0], value.members[1], len(value.members)
        return None, frozenset(), 0

    def _named(self, node: ast.expr, name: str, scope: Scope) -> Values:
        dicts = [v for v in self.evaluator.eval(node, scope) if isinstance(v, Items) and v.mapping]
        return frozenset().union(*(v.named(name) for v in dicts))

    def _same_app(self, app: DashApp, other: object) -> bool:
        return isinstance(other, DashApp) and self.evaluator.objects.same_object(app, other)

    def scope_at(self, file: FileIndex, node: ast.AST) -> Scope:
        """The scope a node of a file is evaluated in."""
        known: Scope | None = getattr(node, "_scope", None)
        if known is not None:
            return known
        child: ast.AST = node
        current = parent_of(node)
        while current is not None:
            scope = file.scope_of_node.get(current)
            if scope is not None and _is_body(current, child):
                return scope
            child, current = current, parent_of(current)
        return file.module


def _is_body(owner: ast.AST, child: ast.AST) -> bool:
    """Whether a child of a defining node runs inside what it defines (and is no decorator, base or default)."""
    if isinstance(owner, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return any(child is statement for statement in owner.body)
    if isinstance(owner, ast.Lambda):
        return child is owner.body
    return not (isinstance(child, ast.comprehension) and child is getattr(owner, "generators", [None])[0])


def _imports_of(file: FileIndex) -> Iterator[Imported]:
    for scope in file.scopes:
        for bindings in scope.bindings.values():
            for binding in bindings:
                if binding.kind == "import":
                    yield 0, binding.attr, ()
                elif binding.kind in ("from", "star"):
                    yield binding.level, binding.module, () if binding.kind == "star" else (binding.attr,)


def last_name(node: ast.AST | None) -> str:
    """``c`` of ``a.b.c``, ``f`` of ``f``."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _joined(kept: Partial, call: ast.Call) -> ast.Call:
    """The call that results from calling a partial."""
    first = kept.site.node
    assert isinstance(first, ast.Call)
    made = ast.Call(first.args[0], [*first.args[1:], *call.args], [*first.keywords, *call.keywords])
    return ast.copy_location(made, call)


def is_indirect(call: ast.Call, scope: Scope) -> bool:
    """Whether what is called is held by a variable: ``for register in REGISTER: register(server)``."""
    if isinstance(call.func, (ast.Subscript, ast.Lambda)):
        return True
    if not isinstance(call.func, ast.Name):
        return False
    owner = scope.owner_of(call.func.id)
    if owner is None:
        return False
    return any(b.kind in ("for", "param", "assign") for b in owner.bindings.get(call.func.id, ()))


def deferred_call(call: ast.Call) -> ast.Call | None:
    """The call that ``Thread(target=f, args=(…))`` or ``partial(f, …)`` will make."""
    target: ast.expr | None = None
    arguments: list[ast.expr] = []
    keywords: list[ast.keyword] = []
    for keyword in call.keywords:
        if keyword.arg == "target":
            target = keyword.value
        elif keyword.arg == "args" and isinstance(keyword.value, (ast.Tuple, ast.List)):
            arguments = keyword.value.elts
        elif keyword.arg == "kwargs" and isinstance(keyword.value, ast.Dict):
            keywords = [
                ast.keyword(arg=k.value, value=v)
                for k, v in zip(keyword.value.keys, keyword.value.values, strict=True)
                if isinstance(k, ast.Constant) and isinstance(k.value, str)
            ]
    if target is None and last_name(call.func) == "partial" and call.args:
        target, arguments, keywords = call.args[0], call.args[1:], call.keywords
    if target is None or not last_name(target):
        return None
    made = ast.Call(func=target, args=arguments, keywords=keywords)
    return ast.copy_location(made, call)


def server_argument(call: ast.Call) -> ast.expr | None:
    """The expression passed as ``server`` to ``Dash(name, server, …)``, directly or through ``partial``."""
    for keyword in call.keywords:
        if keyword.arg == "server":
            return keyword.value
        if keyword.arg is None and isinstance(keyword.value, ast.Dict):
            for key, value in zip(keyword.value.keys, keyword.value.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "server":
                    return value
    positional = call.args[1:] if last_name(call.func) == "partial" else call.args
    if len(positional) > 1 and not any(isinstance(a, ast.Starred) for a in positional[:2]):
        return positional[1]
    return None


def _forwards(call: ast.Call) -> bool:
    return any(k.arg is None for k in call.keywords) or any(isinstance(a, ast.Starred) for a in call.args)


def _own_parameters(function: ast.AST) -> int:
    """How many arguments an ``__init__`` takes by name before those that it passes on as ``*args``."""
    arguments: ast.arguments = function.args  # type: ignore[attr-defined]
    return len([*arguments.posonlyargs, *arguments.args][1:])


def _names_server(call: ast.Call) -> bool:
    return any(keyword.arg == "server" for keyword in call.keywords)


def _is_fixture(node: ast.AST) -> bool:
    for decorator in getattr(node, "decorator_list", ()):
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        if last_name(target) == "fixture":
            return True
    return False


def load_all(project: Project, paths: Iterable[str]) -> None:
    """Index every path that can be."""
    for path in paths:
        project.file(path)
