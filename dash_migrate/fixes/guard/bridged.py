"""The bridge for an app whose backend is chosen when it starts."""

from __future__ import annotations

from dash_migrate.facts.scopes import FileIndex
from dash_migrate.fixes.bridge import Bridge
from dash_migrate.fixes.edits import FileEdits
from dash_migrate.fixes.guard.resolver import CHOSEN, MODULE


class GuardedBridge(Bridge):
    """Makes the edits that carry Flask code to whichever backend is chosen; on Flask it is not carried at all."""

    names_backend_always = True

    def backend(self, file: FileIndex) -> str:
        """The name that holds the backend."""
        return chosen_name(file, self.file_edits(file))


def chosen_name(file: FileIndex, edits: FileEdits) -> str:
    """Have the name of the backend imported into a file; gives what it is called there."""
    name = free_name(file, CHOSEN)
    edits.need(MODULE, CHOSEN if name == CHOSEN else f"{CHOSEN} as {name}")
    return name


def free_name(file: FileIndex, name: str) -> str:
    """What the backend is called in a file, where the name may be taken."""
    if not _is_imported(file, name) and any(name in s.bindings or name in s.loads for s in file.scopes):
        return f"DASH_{name}"
    return name


def _is_imported(file: FileIndex, name: str) -> bool:
    bindings = file.module.bindings.get(name, [])
    return bool(bindings) and all(b.kind == "from" and b.module.rpartition(".")[2] == MODULE for b in bindings)
