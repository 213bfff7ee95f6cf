"""Looks names of flask up in ``rules/tables/native_quart.toml``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from dash_migrate.facts.names import names
from dash_migrate.rules_data import table

PACKAGE = "dash_on_quart"


@dataclass(frozen=True)
class Home:
    """Where a name of flask comes from on Quart."""

    module: str
    name: str
    #: whether its calls must be awaited
    awaited: bool = False

    @property
    def is_ours(self) -> bool:
        """Whether the generated package gives it."""
        return self.module == PACKAGE


@cache
def home(dotted: str) -> Home | None:
    """The home of ``flask.request``, ``flask.views.MethodView`` …; None: it has none."""
    dotted = names().canonical(dotted).removeprefix("flask.")
    data = table("native_quart")
    row = data["names"].get(dotted)
    if row is not None:
        module, _, name = row["quart"].rpartition(".")
        return Home(module, name, bool(row.get("await")))
    module, _, name = dotted.rpartition(".")
    if name in data["modules"].get(module, ()):
        return Home(f"quart.{module}", name)
    return None


@cache
def is_module(dotted: str) -> bool:
    """Whether a dotted name is a module of flask that Quart has, too."""
    return dotted == "flask" or dotted.removeprefix("flask.") in (*table("native_quart")["modules"], "json")
