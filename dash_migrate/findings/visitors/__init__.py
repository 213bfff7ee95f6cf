"""The visitors: each looks at ``ast`` nodes of some types, asks the facts, reports by rule code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dash_migrate.findings.context import Context

#: node type -> functions(context, node)
HANDLERS: dict[type, list[Callable[[Context, Any], None]]] = {}


def on(*types: type) -> Callable[[Any], Any]:
    """Register a function for nodes of these types."""

    def register(function: Any) -> Any:
        for node_type in types:
            HANDLERS.setdefault(node_type, []).append(function)
        return function

    return register


def load() -> dict[type, list[Callable[[Context, Any], None]]]:
    """All visitors, imported."""
    from dash_migrate.findings.visitors import (  # noqa: F401
        apps,
        backends,
        extensions,
        names,
        starts,
        subclasses,
        surface,
    )

    return HANDLERS
