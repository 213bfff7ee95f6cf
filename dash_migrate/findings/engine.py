"""Runs the visitors over the statements of a project that hold something known."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from dash_migrate.facts.scan import Facts
from dash_migrate.facts.scopes import top_level_statement
from dash_migrate.facts.sides import Sides
from dash_migrate.findings.context import Context
from dash_migrate.model import Backend, FileError, Finding
from dash_migrate.syntax.segments import (
    NotReproducible,
    Segment,
    TextMap,
    default_indent,
    parse_segment,
    places_of,
    segments_of,
)


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
        Findings in order of place, and files that LibCST could not take.
    """
    sides = Sides(facts)
    findings: list[Finding] = []
    errors: list[FileError] = []
    chosen = list(facts.references) if only is None else [name for name in only if name in facts.references]
    for name in chosen:
        file = facts.project.files[name]
        context = Context(facts, sides, file, texts[name], targets)
        for segment in _segments(context):
            error = _judge_segment(context, segment)
            if error is not None:
                errors.append(error)
        findings += context.findings
    findings.sort(key=lambda f: f.sort_key)
    return findings, errors


def _segments(context: Context) -> list[Segment]:
    """The segments that can hold a finding."""
    wanted: set[ast.stmt] = set()
    for reference in context.facts.references[context.file.display]:
        statement = top_level_statement(reference.node)
        if statement is not None and not isinstance(statement, (ast.Import, ast.ImportFrom)):
            wanted.add(statement)
    return segments_of(context.file.tree, context.text, lambda s: s in wanted)


def _judge_segment(context: Context, segment: Segment) -> FileError | None:
    from dash_migrate.findings.visitors import load
    from dash_migrate.syntax.walk import Visitor

    try:
        module = parse_segment(segment, default_indent(context.text.text), "\n")
    except NotReproducible as error:
        return FileError(context.file.display, f"LibCST cannot take this statement: {error}", segment.line)
    context.places = places_of(module, segment.start)
    context.by_place = _ast_nodes(context, segment)
    handlers = load()
    visitor = Visitor({})
    for node in visitor.nodes(module):
        for handler in handlers.get(type(node), ()):
            handler(context, node, visitor.parents)
    return None


def _ast_nodes(context: Context, segment: Segment) -> dict[tuple[str, tuple[int, int]], ast.AST]:
    """The ``ast`` nodes of a segment by type and place; classes and functions by the place of their name."""
    found: dict[tuple[str, tuple[int, int]], ast.AST] = {}
    text = context.text
    for statement in context.file.tree.body:
        start = text.place(statement)[0]
        if not segment.start <= start < segment.end:
            continue
        stack: list[ast.AST] = [statement]
        while stack:
            node = stack.pop()
            if isinstance(node, (ast.Name, ast.Attribute, ast.Call)):
                found[type(node).__name__, text.place(node)] = node
            elif isinstance(node, ast.ClassDef):
                at = text.text.index(node.name, text.place(node)[0] + 5)
                found["ClassDef", (at, at + len(node.name))] = node
            stack.extend(ast.iter_child_nodes(node))
    return found
