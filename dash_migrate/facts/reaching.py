"""Which definitions of a name reach a use of it."""

from __future__ import annotations

import ast

from dash_migrate.facts.scopes import Binding, Scope, block_of


def reaching(owner: Scope, name: str, scope: Scope, use: ast.AST | None) -> list[Binding]:
    """The bindings of a name that code at ``use`` can see.

    In the scope that owns the name, the last ones before the use; from elsewhere, the ones that stand at the end.
    """
    bindings = owner.bindings[name]
    if len(bindings) == 1:
        return [] if bindings[0].kind == "star" else bindings
    bindings = sorted((b for b in owner.bindings[name] if b.kind != "star"), key=lambda b: b.position)
    block = block_of(use) if use is not None else None
    if use is not None and block is not None and scope.function is owner:
        position = (getattr(use, "lineno", 0), getattr(use, "col_offset", 0))
        before = [b for b in bindings if b.position < position and not _inside(use, b)]
        if before:
            bindings = before
    else:
        block = owner.block
    found: list[Binding] = []
    for binding in reversed(bindings):
        found.append(binding)
        if block is None or binding.block.encloses(block):
            break
    return found


def _inside(use: ast.AST, binding: Binding) -> bool:
    """Whether the use is part of the statement that binds (``app = app.server``): it sees what was before."""
    if binding.kind not in ("assign", "for", "with"):
        return False
    start = (binding.node.lineno, binding.node.col_offset)  # type: ignore[attr-defined]
    end = (getattr(binding.value, "end_lineno", 0) or 0, getattr(binding.value, "end_col_offset", 0) or 0)
    position = (use.lineno, use.col_offset)  # type: ignore[attr-defined]
    return start <= position < end and binding.kind == "assign"
