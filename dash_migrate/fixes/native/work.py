"""What the converters of one app share: facts, roles, edits, and the list of what cannot be converted."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from dash_migrate.facts.scan import App, Facts, Reference
from dash_migrate.facts.scopes import Binding, FileIndex, Scope
from dash_migrate.facts.values import Ext, ExtInst, FlaskApp, Server, Value, Values
from dash_migrate.fixes.edits import Edit, FileEdits
from dash_migrate.fixes.native.declines import Declines
from dash_migrate.fixes.native.roles import Roles


@dataclass(eq=False)
class Work:
    """One group of apps that are rewritten together, and the files that belong to them."""

    facts: Facts
    apps: list[App]
    files: set[str]
    edits: dict[str, FileEdits]
    #: the generated package that names are imported from
    package: str
    #: whether functions may bind names of their own; not where one of their names means two things
    binds: bool = True
    declines: Declines = field(default_factory=Declines)
    roles: Roles = field(init=False)
    #: references that have been dealt with; what is left of flask declines
    handled: set[ast.AST] = field(default_factory=set)
    #: source written so far, for questions about it
    notes: list[str] = field(default_factory=list)
    #: modules of the generated package that are needed, whatever is imported from its front
    modules: set[str] = field(default_factory=set)
    #: functions that get a parameter ``request``
    with_request: set[ast.AST] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.servers = {s for app in self.apps for s in app.servers if isinstance(s, (Server, FlaskApp))}
        self.roles = Roles(self.facts, self.files, self.is_server)

    @cached_property
    def catches_http_errors(self) -> bool:
        """Whether any code of the group catches werkzeug's exceptions."""
        evaluator = self.facts.project.evaluator
        for name in self.files:
            for node, scope in self.facts.project.files[name].handlers:
                for kind in node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]:
                    for value in evaluator.eval(kind, scope):
                        if isinstance(value, Ext) and value.dotted.startswith("werkzeug.exceptions."):
                            return True
        return False

    def is_server(self, value: Value) -> bool:
        """Whether a value is the server of one of these apps."""
        if value in self.servers:
            return True
        if isinstance(value, Server):
            evaluator = self.facts.project.evaluator
            return any(evaluator.objects.same_object(value.app, app.value) for app in self.apps) or not isinstance(
                value.app.site.node, ast.Call
            )
        return False

    def references(self) -> list[tuple[FileIndex, Reference]]:
        """Every known expression in these files."""
        return [
            (self.facts.project.files[name], reference)
            for name in sorted(self.files)
            for reference in self.facts.references.get(name, ())
        ]

    def flask_name(self, node: ast.AST) -> str:
        """``request`` for an expression that is ``flask.request`` (empty: it is no name of flask)."""
        for value in self.facts.values.get(node, ()):
            if isinstance(value, Ext) and value.dotted.startswith("flask."):
                return value.dotted[6:]
        return ""

    def called(self, node: ast.expr, scope: Scope) -> Values:
        """What is called, methods of packages' objects by their dotted names: ``flask_caching.Cache.cached``."""
        evaluator = self.facts.project.evaluator
        values = evaluator.eval(node, scope)
        if values or not isinstance(node, ast.Attribute):
            return values
        owners = evaluator.eval(node.value, scope)
        return frozenset(Ext(f"{v.dotted}.{node.attr}") for v in owners if isinstance(v, ExtInst))

    def edit(self, file: FileIndex, node: ast.AST, change: Edit) -> None:
        """Change a node of a file."""
        self.edits[file.display].edit(node, change)

    def name(self, file: FileIndex, name: str, module: str = "") -> str:
        """The local name for something imported, which is asked for (from the generated package if not said).

        A name that means something else in the file gets an alias.
        """
        local = name if self._is_free(file, name) else f"{_ALIASES.get(module, 'dash')}_{name}"
        if name[0].isupper() and local != name:
            local = f"{_ALIASES.get(module, 'dash').capitalize()}{name}".replace("Fastapi", "FastAPI")
        self.edits[file.display].need(module or self.package, name if local == name else f"{name} as {local}")
        return local

    def code(self, file: FileIndex, text: str, names: Iterable[str]) -> str:
        """Source that uses names of the generated package, spelled as the file has to."""
        for name in names:
            local = self.name(file, name)
            if local != name:
                text = re.sub(rf"\b{name}\b", local, text)
        return text

    def _is_free(self, file: FileIndex, name: str) -> bool:
        """Whether a name is not bound in a file, but by imports of flask, which go."""
        for scope in file.scopes:
            for binding in scope.bindings.get(name, ()):
                imported = binding.kind in ("import", "from")
                if not (imported and (is_flask(self, file, binding) or self._is_same(binding, name))):
                    return False
        return True

    def _is_same(self, binding: Binding, name: str) -> bool:
        """Whether an import already gives what FastAPI's name stands for."""
        return binding.kind == "from" and f"{binding.module}.{name}" in _SAME

    def decline(self, file: FileIndex, node: ast.AST, why: str) -> None:
        """Say that a place cannot be rewritten."""
        self.declines.add(file, node, why)


#: how aliases begin, by the module they are from
_ALIASES = {"fastapi": "fastapi", "werkzeug.utils": "werkzeug", "markupsafe": "markupsafe", "uuid": "uuid"}

_SAME = frozenset(["fastapi.HTTPException", "fastapi.Request", "fastapi.APIRouter", "uuid.UUID", "markupsafe.Markup"])


def is_flask(work: Work, file: FileIndex, binding: Binding) -> bool:
    """Whether a binding is an import of flask (or of what only goes around it), or of a name of it from elsewhere."""
    if binding.kind not in ("import", "from"):
        return False
    module = binding.module
    if not binding.level and (module in ("flask", "werkzeug.middleware.proxy_fix") or module.startswith("flask.")):
        return True
    if binding.kind == "from" and work.facts.project.imported_modules(file, binding):
        values = work.facts.project.evaluator.binding(binding)
        return bool(values) and all(isinstance(v, Ext) and v.dotted.startswith("flask.") for v in values)
    return False
