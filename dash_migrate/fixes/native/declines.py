"""Why an app is not rewritten natively."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from dash_migrate.facts.scopes import FileIndex


@dataclass(frozen=True, order=True)
class Decline:
    """One place that cannot be rewritten natively without a risk for its answers."""

    path: str
    line: int
    column: int
    why: str


@dataclass
class Declines:
    """The places found so far; none means that the app can be native."""

    found: set[Decline] = field(default_factory=set)

    def add(self, file: FileIndex, node: ast.AST, why: str) -> None:
        """Note a place."""
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1
        self.found.add(Decline(file.display, line, column, why))

    def __bool__(self) -> bool:
        return bool(self.found)
