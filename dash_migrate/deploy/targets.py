"""What the ``module:attr`` of a start command is, by the facts of the project."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from dash_migrate.facts.project import server_argument
from dash_migrate.facts.scan import App
from dash_migrate.facts.scopes import FileIndex
from dash_migrate.facts.sides import Sides
from dash_migrate.facts.values import (
    NOTHING,
    AsgiApp,
    Const,
    DashApp,
    ExtInst,
    FlaskApp,
    Func,
    Server,
    Value,
    Values,
)
from dash_migrate.files.errors import NO_CODE
from dash_migrate.project import Loaded

#: server: what a process manager loads; dash: the Dash object; asgi: an ASGI app of the project's own;
#: foreign: has nothing to do with Dash; unknown: cannot be told; missing: no such module in the project
TargetKind = Literal["server", "dash", "asgi", "foreign", "unknown", "missing"]

#: names of which an ASGI server is usually called
USUAL_NAMES = ("server", "application", "app", "SERVER")


@dataclass(frozen=True)
class Target:
    """The object a start command names."""

    spelled: str
    module: str
    attr: str
    kind: TargetKind
    path: str = ""
    #: the attribute is a function that makes it
    factory: bool = False
    #: for a Dash object: the attribute under which its server is found
    server_attr: str = ""
    #: the Dash apps behind it
    apps: tuple[App, ...] = ()

    @property
    def backends(self) -> set[str]:
        return {app.backend for app in self.apps}


#: characters; the rest of a longer expression is nothing that starts a server
_LONGEST = 1_000


class Targets:
    """Resolves targets in a project."""

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded
        self.facts = loaded.facts

    @cached_property
    def sides(self) -> Sides:
        return Sides(self.facts)

    def resolve(
        self, spelled: str, folders: tuple[str, ...], default: str = "application", sure: bool = False
    ) -> Target:
        """What ``module:attr`` means when run in one of the folders.

        Args:
            default: the attribute where none is given.
            sure: take nothing for a server that cannot be followed.
        """
        module, _, attr = spelled.partition(":")
        attr = attr or default
        best: Target | None = None
        for file in self._files(module, folders):
            found = self._in_file(spelled, module, attr, file, sure)
            if found.kind not in ("unknown", "missing"):
                return found
            best = best or found
        return best or Target(spelled, module, attr, "missing")

    def _files(self, module: str, folders: tuple[str, ...]) -> list[FileIndex]:
        module = module.removesuffix(".py").strip("./").replace("/", ".")
        if not re.fullmatch(r"[\w.\-]+", module):
            return []
        paths: list[str] = []
        for folder in (*folders, ""):
            paths += [p for p in self.loaded.selection.modules.resolve_module(module, folder) if p not in paths]
        if not paths:
            paths = self._by_name(module.replace(".", "/"))
        files = [self.facts.project.file(path) for path in paths[:6]]
        return [f for f in files if f is not None]

    def _by_name(self, stem: str) -> list[str]:
        """Files of that name that have to do with Dash: a build may put them anywhere."""
        endings = (f"/{stem}.py", f"/{stem}/__init__.py")
        found = [path for path in self.facts.project.files if f"/{path}".endswith(endings)]
        return found if len(found) == 1 else []

    def _in_file(self, spelled: str, module: str, attr: str, file: FileIndex, sure: bool) -> Target:
        try:
            node = ast.parse(attr[:_LONGEST], mode="eval").body
        except NO_CODE:
            return Target(spelled, module, attr, "unknown", file.display)
        values = self._eval(node, file)
        factory = isinstance(node, ast.Call)
        functions = [v for v in values if isinstance(v, Func)]
        if functions and not factory:
            values = frozenset().union(*(self.facts.project.evaluator.calls.returned(f) for f in functions))
            factory = True
        kind = self._kind(values)
        if kind == "foreign" and any(self._may_host(v) for v in values if isinstance(v, FlaskApp)):
            kind = "server"
        apps = self._apps(values)
        if kind == "unknown" and not sure and (file.display in self.sides.dash_files or self._imports_apps(file)):
            # a file that has to do with Dash, an object that cannot be followed (a middleware around the server)
            known = isinstance(node, ast.Name) and node.id in file.module.bindings
            if known or (isinstance(node, ast.Name) and "*" in file.module.bindings):
                kind = "server"
        if not apps and kind in ("server", "dash"):
            apps = tuple(self.sides.apps_for(file))
        server_attr = self._server_attr(values, attr, file) if kind == "dash" and not factory else ""
        return Target(spelled, module, attr, kind, file.display, factory, server_attr, apps)

    def _may_host(self, flask: FlaskApp) -> bool:
        """Whether Dash apps below a Flask app are given a server that is decided at run time: it will be this one."""
        folder = flask.site.file.display.rpartition("/")[0]
        return any(app.file.display.startswith(folder + "/" if folder else "") for app in self._undecided)

    @cached_property
    def _undecided(self) -> list[App]:
        """The apps whose server cannot be told."""
        known = (FlaskApp, AsgiApp, Server, Const)
        evaluator = self.facts.project.evaluator
        found = []
        for app in self.facts.apps:
            passed = [(server_argument(call), scope) for call, scope in app.constructors]
            if any(p and not any(isinstance(v, known) for v in evaluator.eval(p, scope)) for p, scope in passed):
                found.append(app)
        return found

    def _imports_apps(self, file: FileIndex) -> bool:
        homes = {app.file.display for app in self.facts.apps}
        return not homes.isdisjoint(self.sides.imports(file.display))

    def _eval(self, node: ast.expr, file: FileIndex) -> Values:
        evaluator = self.facts.project.evaluator
        if isinstance(node, ast.Name):
            return evaluator.module_attr(file, node.id)
        found: set[Value] = set()
        if isinstance(node, ast.Attribute):
            for value in self._eval(node.value, file):
                found |= evaluator.objects.attribute(value, node.attr)
        elif isinstance(node, ast.Call):
            for value in self._eval(node.func, file):
                found |= evaluator.calls.call(value, node, file.module)
        return frozenset(found) or NOTHING

    def _kind(self, values: Values) -> TargetKind:
        if any(isinstance(v, DashApp) for v in values):
            return "dash"
        if any(self.facts.is_server(v) or v in self.facts.bridged_hosts for v in values):
            return "server"
        if any(isinstance(v, ExtInst) and v.dotted == "dash_flask_bridge.asgi_server" for v in values):
            return "server"
        if any(isinstance(v, AsgiApp) for v in values):
            return "asgi"
        if any(isinstance(v, FlaskApp) for v in values):
            return "foreign"
        return "unknown"

    def _apps(self, values: Values) -> tuple[App, ...]:
        found = []
        for app in self.facts.apps:
            for value in values:
                related = isinstance(value, (DashApp, Server)) and self.facts._related(value, app)
                if related or value in app.servers or value == app.value:
                    found.append(app)
                    break
        return tuple(found)

    def _server_attr(self, values: Values, attr: str, file: FileIndex) -> str:
        """A global of the module that is the server of the same Dash app, else ``attr.server``."""
        evaluator = self.facts.project.evaluator
        servers: set[Value] = set()
        for value in values:
            if isinstance(value, DashApp):
                servers |= self.facts.project.server_of(value)
        for name in (*USUAL_NAMES, *sorted(file.module.bindings)):
            if name in file.module.bindings and name != attr:
                found = {v for v in evaluator.module_attr(file, name) if isinstance(v, (Server, FlaskApp))}
                if found and found <= servers and self._is_plain(file, name):
                    return name
        return f"{attr}.server"

    def _is_plain(self, file: FileIndex, name: str) -> bool:
        """Whether a global is still there when the module has been imported: not deleted, not only under a guard."""
        return any(b.kind in ("assign", "from", "import") for b in file.module.bindings[name])
