"""Takes away imports of flask that nothing uses any more."""

from __future__ import annotations

import ast

from dash_migrate.facts.scopes import Binding, FileIndex, Scope
from dash_migrate.fixes.native.work import Work, is_flask


def remove_imports(work: Work) -> None:
    """Remove what is bound to a name of flask and has no use left; what is still used declines the app."""
    for name in work.files:
        file = work.facts.project.files.get(name)
        if file is None:
            continue
        gone: dict[ast.Import | ast.ImportFrom, set[str]] = {}
        for scope in file.scopes:
            for bindings in scope.bindings.values():
                for binding in bindings:
                    if is_flask(work, file, binding) and _is_unused(work, file, scope, binding):
                        assert isinstance(binding.node, (ast.Import, ast.ImportFrom))
                        gone.setdefault(binding.node, set()).add(binding.name)
        for statement, names in gone.items():
            work.edits[file.display].remove_import(statement, names)


def _is_unused(work: Work, file: FileIndex, scope: Scope, binding: Binding) -> bool:
    loads = [
        node
        for other in file.scopes
        for node in other.loads.get(binding.name, ())
        if other.owner_of(binding.name) is scope.function
    ]
    if not loads and not work.edits[file.display]:
        return False  # nobody asked for it before either; the file can stay as it is
    for node in loads:
        if node in work.handled or _outer(node) & work.handled:
            continue
        work.decline(file, node, f"`{binding.name}` of flask is still used here")
        return False
    return True


def _outer(node: ast.AST) -> set[ast.AST]:
    """The attribute chain a name starts: ``flask`` in ``flask.request.args``."""
    from dash_migrate.facts.scopes import parent_of

    found: set[ast.AST] = set()
    parent = parent_of(node)
    while isinstance(parent, ast.Attribute):
        found.add(parent)
        parent = parent_of(parent)
    if isinstance(parent, ast.Call):
        found.add(parent)
    return found
