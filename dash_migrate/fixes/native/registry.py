"""The backends an app can be rewritten for, and what does it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

from dash_migrate.facts.overrides import dead_overrides
from dash_migrate.fixes.native.work import Work
from dash_migrate.model import Backend


@dataclass(frozen=True)
class Native:
    """How apps become native to one backend."""

    #: the generated package, and the table that says which of its modules gives which name
    package: str
    rows: str
    #: the module whose ``convert`` makes the edits; imported when it is needed
    module: str

    def convert(self, work: Work) -> None:
        """Make the edits; ``work.declines`` says what could not be."""
        for name in sorted(work.files):
            file = work.facts.project.files[name]
            for override in dead_overrides(work.facts.project, file):
                work.decline(file, override.method, f"`{override.name}` of Dash is overridden")
        import_module(self.module).convert(work)


NATIVES: dict[Backend, Native] = {
    "fastapi": Native("dash_on_fastapi", "native_fastapi", "dash_migrate.fixes.native.fastapi.convert"),
    "quart": Native("dash_on_quart", "native_quart", "dash_migrate.fixes.native.quart.convert"),
}
