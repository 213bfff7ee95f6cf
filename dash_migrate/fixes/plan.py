"""Plans the move of a project and computes every file it changes, in memory."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dash_migrate.facts.scan import App
from dash_migrate.facts.sides import Sides
from dash_migrate.fixes.bridge import MODULE, Bridge, start_edits
from dash_migrate.fixes.edits import FileEdits, apply_edits
from dash_migrate.fixes.imports import add_imports
from dash_migrate.fixes.placement import Placement
from dash_migrate.model import Backend, FileError
from dash_migrate.project import Loaded
from dash_migrate.syntax.segments import NotReproducible

RUNTIME = Path(__file__).resolve().parent.parent / "runtime"


@dataclass
class Fixed:
    """What ``fix`` would write."""

    #: new contents by display path, only where they differ
    changed: dict[str, bytes] = field(default_factory=dict)
    created: dict[str, bytes] = field(default_factory=dict)
    errors: list[FileError] = field(default_factory=list)


def fix(loaded: Loaded, target: Backend, only: Iterable[str] = ()) -> Fixed:
    """The changes that bring a project to a backend.

    Args:
        only: move nothing but these files and what imports link them with (default: everything).
    """
    facts = loaded.facts
    sides = Sides(facts)
    chosen = sides.linked(only) if only else set(loaded.texts)
    edits = {
        name: FileEdits(file, loaded.texts[name]) for name, file in facts.project.files.items() if name in loaded.texts
    }
    start_edits(facts, edits)
    moving: list[App] = []
    fixed = Fixed()
    bridge_for: dict[str, str] = {}
    placement = Placement(facts, loaded.selection.modules, MODULE)
    if target != "flask":
        moving = [app for app in facts.apps if app.backend == "flask" and app.constructors]
        moving = [app for app in moving if app.file.display in chosen]
        if moving:
            Bridge(facts, moving, target, edits).make()
            paths = {app.position: placement.place(app) for app in moving}
            for path in set(paths.values()):
                for part in sorted((RUNTIME / MODULE).glob("*.py")):
                    fixed.created[f"{path}/{part.name}"] = part.read_bytes()
            for name, wanted in edits.items():
                if MODULE in wanted.imports:
                    near = [a for a in sides.apps_for(wanted.file) if a.position in paths] or moving
                    bridge_for[name] = paths[near[0].position]
    for name, wanted in edits.items():
        if not wanted or name not in chosen:
            continue
        if MODULE in wanted.imports:
            dotted = placement.import_name(wanted.file, bridge_for[name])
            wanted.imports = {dotted: wanted.imports[MODULE]}
        try:
            data = _rewritten(loaded, wanted)
        except NotReproducible as error:
            fixed.errors.append(FileError(name, f"not changed: {error}"))
            continue
        if data != loaded.sources[name].data:
            fixed.changed[name] = data
    return fixed


def _rewritten(loaded: Loaded, wanted: FileEdits) -> bytes:
    source = loaded.sources[wanted.file.display]
    text = apply_edits(wanted)
    if wanted.imports:
        newline = "\r\n" if "\r\n" in source.text else "\n"
        text = add_imports(text, wanted.imports, newline)
    ast.parse(text)
    encoded = text.encode(source.encoding)
    if source.has_bom and not encoded.startswith(b"\xef\xbb\xbf"):
        encoded = b"\xef\xbb\xbf" + encoded
    return encoded


def merged(loaded: Loaded, fixed: Fixed) -> Mapping[str, bytes]:
    """The contents of the project after the fix, for a second look."""
    return {**{n: s.data for n, s in loaded.sources.items()}, **fixed.changed, **fixed.created}
