"""The edits of one file, keyed by ``ast`` node, and their application with LibCST."""

from __future__ import annotations

import ast
from bisect import bisect_right
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from dash_migrate.facts.scopes import FileIndex, statement_of, top_level_statement
from dash_migrate.fixes.rewrite import Edit as Edit
from dash_migrate.fixes.rewrite import Wanted, rewrite
from dash_migrate.syntax.segments import Place, Segment, TextMap, default_indent, segments_of, splice


@dataclass(eq=False)
class FileEdits:
    """What shall change in one file."""

    file: FileIndex
    text: TextMap
    nodes: dict[ast.AST, list[Edit]] = field(default_factory=dict)
    #: statements to put after (or before) the one that holds a node
    after: dict[ast.stmt, list[str]] = field(default_factory=dict)
    before: dict[ast.stmt, list[str]] = field(default_factory=dict)
    #: comment lines to put before a statement
    comments: dict[ast.stmt, list[str]] = field(default_factory=dict)
    #: names needed from modules
    imports: dict[str, set[str]] = field(default_factory=dict)
    #: names to add to an existing ``from … import``
    extend_import: dict[ast.ImportFrom, list[str]] = field(default_factory=dict)

    #: names to take out of an import statement; the statement goes with the last
    drop_import: dict[ast.Import | ast.ImportFrom, set[str]] = field(default_factory=dict)

    #: the module that a ``from … import`` shall name instead
    modules: dict[ast.ImportFrom, str] = field(default_factory=dict)

    def remove_import(self, statement: ast.Import | ast.ImportFrom, names: set[str]) -> None:
        """Take names out of an import."""
        self.drop_import.setdefault(statement, set()).update(names)

    def __bool__(self) -> bool:
        parts = (self.nodes, self.after, self.before, self.comments, self.imports, self.extend_import, self.drop_import)
        return any(parts) or bool(self.modules)

    def take(self, other: FileEdits) -> None:
        """Add the edits of another object for the same file."""
        for node, changes in other.nodes.items():
            self.nodes.setdefault(node, []).extend(changes)
        for mine, theirs in ((self.after, other.after), (self.before, other.before), (self.comments, other.comments)):
            for statement, codes in theirs.items():
                mine.setdefault(statement, []).extend(codes)
        for module, names in other.imports.items():
            self.imports.setdefault(module, set()).update(names)
        for imported, added in other.extend_import.items():
            self.extend_import.setdefault(imported, []).extend(added)
        for dropped, bound in other.drop_import.items():
            self.drop_import.setdefault(dropped, set()).update(bound)
        self.modules.update(other.modules)

    def edit(self, node: ast.AST, change: Edit) -> None:
        """Change a node; several changes of one node are made in the order they were asked for."""
        self.nodes.setdefault(node, []).append(change)

    def insert_after(self, node: ast.AST, code: str) -> None:
        """Put a statement on a line of its own after the statement that holds a node."""
        statement = statement_of(node)
        if statement is not None and code not in self.after.setdefault(statement, []):
            self.after[statement].append(code)

    def need(self, module: str, name: str) -> None:
        """Ask for a name to be imported."""
        self.imports.setdefault(module, set()).add(name)

    def comment(self, node: ast.AST, text: str) -> None:
        """Put a comment line before the statement that holds a node."""
        statement = statement_of(node)
        if statement is not None and text not in self.comments.setdefault(statement, []):
            self.comments[statement].append(text)


def apply_edits(edits: FileEdits) -> str:
    """The new text of a file.

    Raises:
        NotReproducible: LibCST cannot take one of the statements to change.
    """
    text = edits.text
    if "\r" in text.text and "\n" not in text.text:  # LibCST loses such newlines; with others it is the same code
        return apply_edits(replace(edits, text=TextMap(text.text.replace("\r", "\n")))).replace("\n", "\r")
    touched: set[ast.stmt] = set()
    others = (edits.after, edits.before, edits.comments, edits.extend_import, edits.drop_import, edits.modules)
    for node in [*edits.nodes, *(node for table in others for node in table)]:
        statement = top_level_statement(node)
        if statement is not None:
            touched.add(statement)
    segments = segments_of(edits.file.tree, text, lambda s: s in touched)
    wanted = _by_segment(edits, segments)
    newline, indent = _newline(text.text), default_indent(text.text)
    replacements: list[tuple[Place, str]] = []
    for segment in segments:
        new = rewrite(segment, wanted[segment.start], text, indent, newline)
        replacements.append(((segment.start, segment.end), new))
    return splice(text.text, replacements)


def _by_segment(edits: FileEdits, segments: list[Segment]) -> dict[int, Wanted]:
    """What shall change in each segment, by where it starts."""
    text = edits.text
    wanted = {segment.start: Wanted() for segment in segments}
    starts = sorted(wanted)

    def at(place: Place) -> Wanted:
        return wanted[starts[max(0, bisect_right(starts, place[0]) - 1)]]

    for node, changes in edits.nodes.items():
        if hasattr(node, "lineno"):
            place = text.place(node)
            at(place).nodes.append((node, place, changes))
    for table, side in ((edits.after, "after"), (edits.before, "before"), (edits.comments, "comments")):
        for statement, codes in table.items():
            place = text.place(statement)
            at(place).around.append((statement, place, side, codes))
    imports: list[tuple[ast.AST, Edit]] = [
        *((node, partial(_extend_import, names=names)) for node, names in edits.extend_import.items()),
        *((node, partial(_from_module, name=name)) for node, name in edits.modules.items()),
        *((node, partial(_drop_names, bound=bound)) for node, bound in edits.drop_import.items()),
    ]
    for node, change in imports:
        place = text.place(node)
        at(place).nodes.append((node, place, [change]))
    return wanted


def _newline(text: str) -> str:
    at = text.find("\n")
    if at < 0:
        return "\r" if "\r" in text else "\n"
    return "\r\n" if at and text[at - 1] == "\r" else "\n"


def _drop_names(node: Any, bound: set[str]) -> Any:
    """An import without some of the names it binds; gone with the last."""
    import libcst as cst

    kept = [a for a in node.names if (a.evaluated_alias or a.evaluated_name.split(".")[0]) not in bound]
    if not kept:
        return cst.RemoveFromParent()
    if kept[-1] is not node.names[-1]:
        trailing = node.names[-1].comma
        in_parentheses = getattr(node, "lpar", None) is not None
        kept[-1] = kept[-1].with_changes(comma=trailing if in_parentheses else cst.MaybeSentinel.DEFAULT)
    return node.with_changes(names=kept)


def _from_module(node: Any, name: str) -> Any:
    """The same names from another module; a leading run of dots makes it relative."""
    import libcst as cst

    plain = name.lstrip(".")
    dots = [cst.Dot()] * (len(name) - len(plain))
    module = cst.parse_expression(plain) if plain else None
    return node.with_changes(module=module, relative=dots)


def _import_alias(text: str) -> Any:
    """``name`` or ``name as other`` in an import."""
    import libcst as cst

    name, _, other = text.partition(" as ")
    return cst.ImportAlias(cst.Name(name), cst.AsName(cst.Name(other)) if other else None)


def _extend_import(node: Any, names: list[str]) -> Any:
    import libcst as cst

    if isinstance(node.names, cst.ImportStar):
        return node
    present = {alias.evaluated_alias or alias.evaluated_name for alias in node.names}
    new = [_import_alias(name) for name in names if name.rpartition(" ")[2] not in present]
    if not new:
        return node
    old = list(node.names)
    last = old[-1]
    separator = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    if len(old) > 1 and isinstance(old[0].comma, cst.Comma):
        separator = old[0].comma
    trailing = last.comma
    old[-1] = last.with_changes(comma=separator)
    for number, alias in enumerate(new):
        is_last = number == len(new) - 1
        old.append(alias.with_changes(comma=trailing if is_last else separator))
    return node.with_changes(names=old)
