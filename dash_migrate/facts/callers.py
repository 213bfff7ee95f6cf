"""On which backends code runs, by the guards around it and around the calls of the function it is in."""

from __future__ import annotations

import ast

from dash_migrate.facts.guards import guarded_backends
from dash_migrate.facts.project import Project
from dash_migrate.facts.scopes import FileIndex, Scope, parent_of

#: how many calls up is looked
DEPTH = 4


def runs_on(project: Project, file: FileIndex, node: ast.AST, scope: Scope, depth: int = 0) -> set[str] | None:
    """The backends on which a place runs (None: nothing says that it is not all of them)."""
    allowed = guarded_backends(node, file, scope)
    current = parent_of(node)
    while current is not None and depth < DEPTH:
        if isinstance(current, (ast.FunctionDef, ast.AsyncFunctionDef)) and not current.decorator_list:
            found = _called_on(project, file.scope_of_node[current], current, depth)
            if found is not None:
                allowed = found if allowed is None else allowed & found
        current = parent_of(current)
    return allowed


def _called_on(
    project: Project, scope: Scope, function: ast.FunctionDef | ast.AsyncFunctionDef, depth: int
) -> set[str] | None:
    """The backends on which a function that is only ever called is called."""
    if function.name.startswith("__"):
        return None
    calls = project.calls_of(function, scope)
    if not calls or len(calls) < project.loads_of(function.name):
        return None  # it is handed around, or is another one's name too
    found: set[str] = set()
    for call, caller in calls:
        allowed = runs_on(project, caller.file, call, caller, depth + 1)
        if allowed is None:
            return None
        found |= allowed
    return found
