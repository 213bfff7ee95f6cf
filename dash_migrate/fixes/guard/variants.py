"""The texts that the files of one group have for each backend, and the one text that has all of them."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from dash_migrate.facts.scan import App, Facts
from dash_migrate.fixes.edits import FileEdits
from dash_migrate.fixes.native.declines import Declines
from dash_migrate.fixes.native.registry import NATIVES, Native
from dash_migrate.fixes.native.work import Work
from dash_migrate.model import Backend
from dash_migrate.rules_data import table
from dash_migrate.syntax.segments import TextMap


@dataclass
class Variant:
    """What one backend needs."""

    target: Backend
    edits: dict[str, FileEdits]
    native: Native | None = None
    #: name of the Dash backend class, and what it is called in each file
    backend: str = ""
    local: dict[str, str] = field(default_factory=dict)
    #: what is imported from the generated package
    names: set[str] = field(default_factory=set)
    #: modules of it that are imported from
    modules: set[str] = field(default_factory=set)

    @property
    def origin(self) -> str:
        """Where the backend class comes from, as the resolver has it."""
        return f"{self.native.package}:{self.backend}" if self.native is not None and self.backend else ""


def rewritten(facts: Facts, apps: list[App], target: Backend, edits: dict[str, FileEdits]) -> tuple[Variant, Declines]:
    """The variant for a backend, or why there is none."""
    declines = Declines()
    native = NATIVES.get(target)
    if native is None:
        for app in apps:
            declines.add(app.file, app.value.site.node, f"there is no rewriting for {target} yet")
        return Variant(target, edits), declines
    work = Work(facts, apps, set(edits), edits, native.package, binds=False)
    native.convert(work)
    variant = Variant(target, work.edits, native, modules=set(work.modules))
    classes = _backend_classes(native)
    for name, made in work.edits.items():
        wanted = made.imports.get(native.package, set())
        for spelled in list(wanted):
            original, _, local = spelled.partition(" as ")
            variant.names.add(original)
            if original in classes:
                wanted.discard(spelled)
                variant.backend, variant.local[name] = original, local or original
        if not wanted:
            made.imports.pop(native.package, None)
    return variant, work.declines


def _backend_classes(native: Native) -> set[str]:
    exports: dict[str, list[str]] = table(native.rows)["exports"]
    return {name for names in exports.values() for name in names if name.endswith("Backend")}


def constructor_edits(apps: list[App], variant: Variant, into: dict[str, FileEdits]) -> None:
    """Give the variant for Flask the constructors of another variant: which backend it is, the resolver says."""
    for app in apps:
        for call, scope in app.constructors:
            made = variant.edits.get(scope.file.display)
            if made is not None and call in made.nodes and call not in into[scope.file.display].nodes:
                into[scope.file.display].nodes[call] = list(made.nodes[call])


def with_chooser(text: str, local: str, chooser: str) -> str:
    """``FastAPIBackend`` → ``backend_class()``, ``FastAPIBackend.on(server)`` → ``backend_class(server)``."""
    tree = ast.parse(text)
    places = TextMap(text)
    replaced: list[tuple[int, int, str]] = []
    inside: set[ast.AST] = set()
    for node in ast.walk(tree):
        func = node.func if isinstance(node, ast.Call) else None
        if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) and func.value.id == local:
            replaced.append((*places.place(func), chooser))
            inside.add(func.value)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == local and node not in inside:
            replaced.append((*places.place(node), f"{chooser}()"))
    for start, end, new in sorted(replaced, reverse=True):
        text = text[:start] + new + text[end:]
    return text
