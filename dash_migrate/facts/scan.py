"""Asks the evaluator about every expression that can matter, and keeps the answers."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from dash_migrate.facts.heads import Key, key_of, last_key
from dash_migrate.facts.interest import Interest
from dash_migrate.facts.names import names
from dash_migrate.facts.project import Project
from dash_migrate.facts.scopes import FileIndex, Scope
from dash_migrate.facts.values import (
    AsgiApp,
    Blueprint,
    Bridged,
    Cls,
    DashApp,
    Ext,
    ExtInst,
    FlaskApp,
    Inst,
    Items,
    Partial,
    Server,
    Site,
    Value,
    Values,
)


@dataclass(eq=False)
class Reference:
    """An expression and what it stands for."""

    file: FileIndex
    node: ast.expr
    scope: Scope
    values: Values


@dataclass(eq=False)
class App:
    """A Dash app of the project: where it is made, what serves it."""

    value: DashApp
    constructors: list[tuple[ast.Call, Scope]]
    servers: Values
    #: the backend it is made with: "flask", "fastapi", "quart", "custom", "several" (of ours, chosen when it
    #: starts), or "unknown" (chosen at run time)
    backend: str
    #: whether Flask runs around it behind the bridge
    bridged: bool = False
    #: whether it is made with a backend that ``fix`` has put there for rewritten code
    native: bool = False

    @property
    def file(self) -> FileIndex:
        return self.value.site.file

    @property
    def position(self) -> tuple[str, int, int]:
        return self.value.site.position


@dataclass(eq=False)
class Facts:
    """What is known about a project."""

    project: Project
    references: dict[str, list[Reference]] = field(default_factory=dict)
    values: dict[ast.AST, Values] = field(default_factory=dict)
    apps: list[App] = field(default_factory=list)
    #: Flask apps that Dash apps live in; any other is none of our business
    hosts: set[FlaskApp] = field(default_factory=set)
    #: Flask apps that run around migrated Dash apps
    bridged_hosts: set[FlaskApp] = field(default_factory=set)

    def is_server(self, value: Value) -> bool:
        """Whether a value is the Flask server of a Dash app."""
        return isinstance(value, Server) or value in self.hosts

    def servers(self, node: ast.AST) -> list[Value]:
        """The Dash servers an expression may be."""
        return [v for v in self.values.get(node, ()) if self.is_server(v)]

    def served_by_call(self, call: ast.Call) -> list[Value]:
        """The Dash servers that ``server(environ, start_response)`` calls as WSGI apps."""
        return self.servers(call.func) if len(call.args) == 2 and not call.keywords else []

    def dash_apps(self, node: ast.AST) -> list[DashApp]:
        """The Dash apps an expression may be."""
        return [v for v in self.values.get(node, ()) if isinstance(v, DashApp)]

    def ext_names(self, node: ast.AST) -> list[str]:
        """The external names an expression may be."""
        return [v.dotted for v in self.values.get(node, ()) if isinstance(v, Ext)]

    @cached_property
    def _by_constructor(self) -> dict[ast.Call, list[App]]:
        found: dict[ast.Call, list[App]] = {}
        for app in self.apps:
            for call, _ in app.constructors:
                apps = found.setdefault(call, [])
                if app not in apps:
                    apps.append(app)
        return found

    @cached_property
    def _constructors_by_file(self) -> dict[FileIndex, list[ast.Call]]:
        found: dict[FileIndex, list[ast.Call]] = {}
        for app in self.apps:
            for call, scope in app.constructors:
                found.setdefault(scope.file, []).append(call)
        return found

    @cached_property
    def _by_server(self) -> dict[Value, list[App]]:
        found: dict[Value, list[App]] = {}
        for app in self.apps:
            for server in app.servers:
                found.setdefault(server, []).append(app)
        return found

    @cached_property
    def _by_own_server(self) -> dict[Value, list[App]]:
        """The apps by a server of their own, filled when asked for."""
        return {}

    def made_by(self, call: ast.Call) -> list[App]:
        """The apps that a call makes."""
        return self._by_constructor.get(call, [])

    def constructors_in(self, file: FileIndex) -> list[ast.Call]:
        """The calls of a file that make apps."""
        return self._constructors_by_file.get(file, [])

    def apps_on(self, servers: Iterable[Value]) -> list[App]:
        """The apps that have one of these for their server."""
        return self._in_order(app for server in servers for app in self._by_server.get(server, ()))

    def apps_of(self, values: Iterable[Value]) -> list[App]:
        """The Dash apps that server values serve."""
        found: list[App] = []
        for value in values:
            found += self._by_server.get(value, ())
            if isinstance(value, Server):
                if value not in self._by_own_server:
                    same = self.project.evaluator.objects.same_object
                    self._by_own_server[value] = [app for app in self.apps if same(value.app, app.value)]
                found += self._by_own_server[value]
        return self._in_order(found)

    def _in_order(self, apps: Iterable[App]) -> list[App]:
        return sorted(set(apps), key=lambda app: app.position)

    def backends_of(self, value: Value) -> set[str]:
        """The backends of the apps a Dash app value or server value belongs to."""
        found = set()
        for app in self.apps:
            if value in app.servers or value == app.value or self._related(value, app):
                found.add(app.backend)
        return found

    def _related(self, value: Value, app: App) -> bool:
        owner = value.app if isinstance(value, Server) else value
        return isinstance(owner, DashApp) and self.project.evaluator.objects.same_object(owner, app.value)


def scan(project: Project) -> Facts:
    """Evaluate everything of interest in the project."""
    known = -1
    interest = Interest()
    while known != len(project.files):
        known = len(project.files)
        interesting = interest.of(project.files.values())
        facts = _collect(project, interesting)
        while project.again():
            facts = _collect(project, interesting)
    _find_apps(facts)
    return facts


def _collect(project: Project, interesting: set[Key]) -> Facts:
    facts = Facts(project)
    for file in list(project.files.values()):
        found = []
        for node, scope in _candidates(file, interesting):
            values = project.evaluator.eval(node, scope)
            if not values:
                continue
            if not all(map(_is_relevant, values)):
                values = frozenset(filter(_is_relevant, values))
            if values:
                found.append(Reference(file, node, scope, values))
                facts.values[node] = values
        if found:
            found.sort(key=lambda r: (r.node.lineno, r.node.col_offset, -(r.node.end_lineno or 0)))
            facts.references[file.display] = found
    return facts


def _candidates(file: FileIndex, interesting: set[Key]) -> Iterator[tuple[ast.expr, Scope]]:
    for scope in list(file.scopes):
        for name, loads in scope.loads.items():
            if key_of(name, scope) in interesting:
                for node in loads:
                    yield node, scope
    roots: dict[ast.AST, Key] = {}
    for attr, uses in file.attributes.items():
        known = attr in interesting
        for attribute, scope in uses:
            if known or _root(attribute, scope, roots) in interesting:
                yield attribute, scope
    for call, scope in file.calls:
        if last_key(call.func, scope) in interesting:
            yield call, scope
    for subscript, scope in file.subscripts:
        if last_key(subscript.value, scope) in interesting:
            yield subscript, scope


def _root(node: ast.Attribute, scope: Scope, known: dict[ast.AST, Key]) -> Key:
    """The name that a chain of attributes starts with."""
    chain: list[ast.AST] = [node]
    inner: ast.AST = node.value
    while isinstance(inner, ast.Attribute) and inner not in known:
        chain.append(inner)
        inner = inner.value
    root = known.get(inner) or (key_of(inner.id, scope) if isinstance(inner, ast.Name) else "")
    if len(chain) > 1 or inner in known:
        known.update(dict.fromkeys(chain, root))
    return root


def call_name(call: ast.Call) -> str:
    """The last identifier of what is called; for ``flask.Flask(…)`` it is ``Flask``."""
    func = call.func
    if isinstance(func, ast.Attribute):
        return func.attr
    return func.id if isinstance(func, ast.Name) else ""


def _is_relevant(value: Value) -> bool:
    if isinstance(value, (DashApp, FlaskApp, Server, Bridged, Blueprint, AsgiApp, Partial)):
        return True
    if isinstance(value, (Ext, ExtInst)):
        return names().is_relevant(value.dotted)
    return False


def _find_apps(facts: Facts) -> None:
    project = facts.project
    seen: dict[Site | object, DashApp] = {}
    for values in facts.values.values():
        made = [value for value in values if isinstance(value, DashApp)]
        for value in sorted(made, key=lambda one: one.site.position) if len(made) > 1 else made:
            key = value.site if value.cls is None or isinstance(value.site.node, ast.Call) else value.cls
            seen.setdefault(key, value)
    for value in seen.values():
        if isinstance(value.site.node, ast.ClassDef) and any(
            other is not value and other.cls is not None and project.evaluator.objects.same_object(value, other)
            for other in seen.values()
        ):
            continue  # ``self`` of a class that is instantiated: the instance stands for it
        servers = project.server_of(value)
        constructors = project.constructors(value)
        if constructors or not isinstance(value.site.node, (ast.Call, ast.arg)):
            chosen = _backend(facts, servers, constructors)
            facts.apps.append(App(value, constructors, servers, *chosen))
        facts.hosts |= {s for s in servers if isinstance(s, FlaskApp)}
    facts.apps.sort(key=lambda a: a.position)
    served = [app for app in facts.apps if not is_test(app.file.display)]
    if served and all(app.backend != "flask" for app in served):
        # the apps of the project have moved: what its tests make on Flask is for the moment
        facts.apps = [app for app in facts.apps if app in served or app.backend != "flask"]


def is_test(path: str) -> bool:
    """Whether a file is one of tests, by its name or its folder."""
    *folders, name = path.split("/")
    return (
        bool({"test", "tests"} & set(folders)) or name.startswith("test_") or name.endswith(("_test.py", "conftest.py"))
    )


#: name of the backend, whether the bridge is around it, whether it is one for rewritten code
_Chosen = tuple[str, bool, bool]
_RUNTIME = {"dash_on_fastapi": "fastapi", "dash_on_quart": "quart"}


def _backend(facts: Facts, servers: Values, constructors: list[tuple[ast.Call, Scope]]) -> _Chosen:
    """The backend an app is made with."""
    kinds = {s.kind for s in servers if isinstance(s, AsgiApp)}
    if kinds:
        return (kinds.pop() if len(kinds) == 1 and len(servers) == 1 else "unknown"), False, False
    for call, scope in constructors:
        for keyword in call.keywords:
            if keyword.arg == "backend":
                chosen = _chosen_backend(facts, keyword.value, scope)
                if chosen is not None:
                    return chosen
            options = keyword.value if keyword.arg is None else None
            if isinstance(options, ast.Call) and call_name(options) == "bridge_options":
                return _chosen_backend(facts, options, scope) or ("unknown", True, False)
    return "flask", False, False


def _chosen_class(facts: Facts, value: Value) -> _Chosen | None:
    """The backend that a class given as ``backend`` is; one that is not Dash's FastAPI or Quart is ``custom``."""
    evaluator = facts.project.evaluator
    if isinstance(value, Inst):
        value = value.cls  # Dash refuses it, which is reported; it is meant as its class
    bases = list(evaluator.objects.external_bases(value)) if isinstance(value, Cls) else []
    bases += [value.dotted] if isinstance(value, Ext) else []
    kinds = {names().backend_classes.get(base, "") for base in bases}
    for base in bases:
        root = base.split(".")[0]
        if root in _RUNTIME:
            return _RUNTIME[root], False, True
    if "flask" in kinds and isinstance(value, Ext):
        return "flask", False, False
    return next(((kind if kind in ("fastapi", "quart") else "custom", False, False) for kind in kinds if kind), None)


def _is_class_name(dotted: str) -> bool:
    last = dotted.rpartition(".")[2]
    return last[:1].isupper() and not last.isupper()


def _chosen_backend(facts: Facts, node: ast.expr, scope: Scope) -> _Chosen | None:
    if isinstance(node, ast.Constant):
        return (node.value.lower(), False, False) if isinstance(node.value, str) else None
    if isinstance(node, ast.Call) and call_name(node) in ("flask_bridge", "bridge_options"):
        for argument in node.args[1:2]:
            values = facts.project.evaluator.eval(argument, scope)
            values |= frozenset().union(*(v.named("server") for v in values if isinstance(v, Items)))
            facts.bridged_hosts |= {v for v in values if isinstance(v, FlaskApp)}
        first = node.args[0] if node.args else None
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            return first.value, True, False
        return ("several" if isinstance(first, ast.Name) else "unknown"), True, False
    if isinstance(node, ast.Call) and call_name(node) == "backend_class":
        makers = facts.project.evaluator.eval(node.func, scope)
        return ("several" if Ext("dash_backend.backend_class") in makers else "unknown"), False, True
    made = node.func.value if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else node
    for value in facts.project.evaluator.eval(made, scope):
        chosen = _chosen_class(facts, value)
        if chosen is not None:
            return chosen
        if isinstance(value, Ext) and made is node and _is_class_name(value.dotted):
            return "custom", False, False  # of a package
    if isinstance(node, ast.Name):
        owner = scope.owner_of(node.id)
        bindings = owner.bindings[node.id] if owner is not None else []
        if len(bindings) == 1 and isinstance(bindings[0].value, ast.Constant) and not bindings[0].path:
            return _chosen_backend(facts, bindings[0].value, scope)
    return "unknown", False, False
