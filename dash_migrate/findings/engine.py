"""Runs the visitors over the nodes of a project that are, or stand directly around, something known."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable, Iterator

from dash_migrate.facts.scan import Facts
from dash_migrate.facts.scopes import parent_of
from dash_migrate.facts.sides import Sides
from dash_migrate.findings.context import Context
from dash_migrate.model import Backend, FileError, Finding
from dash_migrate.syntax.segments import TextMap


def judge(
    facts: Facts, texts: dict[str, TextMap], targets: tuple[Backend, ...], only: Iterable[str] | None = None
) -> tuple[list[Finding], list[FileError]]:
    """The findings of a project.

    Args:
        facts: from the facts room.
        texts: the decoded text of every indexed file, by display path.
        targets: the backends to judge for.
        only: judge these files alone (facts still come from all).

    Returns:
        Findings in order of place, and files that could not be judged.
    """
    from dash_migrate.findings.visitors import load

    sides = Sides(facts)
    handlers = load()
    findings: list[Finding] = []
    errors: list[FileError] = []
    chosen = list(facts.references) if only is None else [name for name in only if name in facts.references]
    for name in chosen:
        context = Context(facts, sides, facts.project.files[name], texts[name], targets)
        node: ast.AST = context.file.tree
        try:
            for node in _nodes(context):
                for handler in handlers.get(type(node), ()):
                    handler(context, node)
        except Exception as error:  # whatever a file does to a rule costs that file, not the run
            if os.environ.get("DASH_MIGRATE_DEBUG"):
                raise
            where = getattr(node, "lineno", None)
            errors.append(FileError(name, f"not judged to its end ({type(error).__name__}: {error})", where))
        findings += context.findings
    findings.sort(key=lambda f: f.sort_key)
    return findings, errors


def _nodes(context: Context) -> Iterator[ast.AST]:
    """What a visitor may have something to say on, each node once.

    These are the expressions with a known value, the attributes, methods and calls they stand in, the calls that
    make an app, and classes.
    """
    seen: set[ast.AST] = set()
    for reference in context.facts.references[context.file.display]:
        owner = owner_of(reference.node)
        method = owner_of(owner) if isinstance(owner, ast.Attribute) else None
        for node in (reference.node, owner, method):
            if node is not None and node not in seen:
                seen.add(node)
                yield node
    for call in context.facts.constructors_in(context.file):
        if call not in seen:
            yield call
    for class_def, _ in context.file.classes:
        yield class_def


def owner_of(node: ast.AST) -> ast.AST | None:
    """The attribute or call of which an expression is a direct part."""
    outer = parent_of(node)
    if isinstance(outer, (ast.keyword, ast.Starred)):
        outer = parent_of(outer)
    return outer if isinstance(outer, (ast.Attribute, ast.Call)) else None
