"""Canonical dotted names of what lives outside the project, from ``rules/tables/names.toml``."""

from __future__ import annotations

import re
from functools import cache, cached_property
from typing import Any

from dash_migrate.rules_data import table


class Names:
    """The table, in the forms the facts room asks for."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.aliases: dict[str, str] = data["aliases"]
        self.dash_classes = frozenset(data["dash_classes"])
        self.backend_classes: dict[str, str] = data["backend_classes"]
        self.dash_getters = frozenset(data["dash_getters"])
        self.external_roots = frozenset(data["external_roots"])
        self.runtime_modules = frozenset(data["runtime_modules"])
        self._dash_names = frozenset(data["dash_names"])
        self._object_roots = data["object_roots"]
        self._relevant: dict[str, bool] = {}
        self._star: dict[str, list[str]] = data["star"]

    def star_names(self, module: str) -> frozenset[str]:
        """What ``from module import *`` of an external package brings that the tables know."""
        return frozenset(self._star.get(module, ()))

    def canonical(self, dotted: str) -> str:
        """The name under which the tables know an external object."""
        return self.aliases.get(dotted, dotted)

    def is_relevant(self, dotted: str) -> bool:
        """Whether an external name can matter to anything the tables know."""
        known = self._relevant.get(dotted)
        if known is None:
            known = self._relevant[dotted] = self._is_relevant(dotted)
        return known

    def _is_relevant(self, dotted: str) -> bool:
        if dotted.startswith("dash."):
            return ".".join(dotted.split(".")[:2]) in self._dash_names
        return self.is_object_root(dotted)

    @cached_property
    def _object_pattern(self) -> re.Pattern[str]:
        parts = [re.escape(r[:-1]) + r"\w+" if r.endswith("*") else re.escape(r) for r in self._object_roots]
        return re.compile("(?:" + "|".join(parts) + r")(?:\.|$)")

    def is_object_root(self, dotted: str) -> bool:
        """Whether objects made by this external callable are worth following."""
        return self._object_pattern.match(dotted) is not None


@cache
def names() -> Names:
    """The one table."""
    return Names(table("names"))
