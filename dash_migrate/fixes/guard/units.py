"""Cuts the statements of a block into units of whole lines, and shifts them to the right."""

from __future__ import annotations

import ast
import io
import tokenize
from dataclasses import dataclass, field
from functools import cached_property

from dash_migrate.files.errors import NO_CODE
from dash_migrate.syntax.segments import split_lines


class NotMergeable(Exception):
    """A text that cannot be cut into whole lines, or put together again."""


@dataclass(eq=False)
class Source:
    """The text of a file for one backend."""

    text: str
    tree: ast.Module = field(init=False)
    lines: list[str] = field(init=False)

    def __post_init__(self) -> None:
        try:
            self.tree = ast.parse(self.text)
        except NO_CODE as error:
            raise NotMergeable(str(error)) from None
        self.lines = split_lines(self.text)
        if "\f" in self.text:
            raise NotMergeable("a form feed")

    @cached_property
    def in_strings(self) -> set[int]:
        """The 1-based numbers of lines that begin inside a string, docstrings apart."""
        docstrings = {
            (first.lineno, first.col_offset)
            for node in ast.walk(self.tree)
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
            and isinstance(first := node.body[0], ast.Expr)
            and isinstance(first.value, ast.Constant)
            and isinstance(first.value.value, str)
        }
        found: set[int] = set()
        opened: list[int] = []
        try:
            for token in tokenize.generate_tokens(io.StringIO(self.text).readline):
                name = tokenize.tok_name[token.type]
                if name == "STRING" and token.start not in docstrings:
                    found.update(range(token.start[0] + 1, token.end[0] + 1))
                elif name.endswith("STRING_START"):
                    opened.append(token.start[0])
                elif name.endswith("STRING_END"):
                    found.update(range(opened.pop() + 1, token.end[0] + 1))
        except (tokenize.TokenError, SyntaxError, IndexError) as error:
            raise NotMergeable(str(error)) from None
        return found


@dataclass(eq=False)
class Unit:
    """One statement (or several that share a line), with the comments and blank lines above it."""

    source: Source
    nodes: list[ast.stmt]
    #: 1-based numbers of the first line above that belongs to it, its own first line, and its last
    lead: int
    first: int
    last: int

    @property
    def node(self) -> ast.stmt | None:
        """The statement, if it has its lines for itself."""
        return self.nodes[0] if len(self.nodes) == 1 else None

    @cached_property
    def above(self) -> str:
        """The comments and blank lines above."""
        return "".join(self.source.lines[self.lead - 1 : self.first - 1])

    @cached_property
    def blank(self) -> str:
        """The blank lines above, up to the first comment."""
        return self.above[: len(self.above) - len(self.above.lstrip("\r\n \t"))] if self.comments else self.above

    @cached_property
    def comments(self) -> tuple[str, ...]:
        """The comments above."""
        return tuple(line.strip() for line in split_lines(self.above) if line.strip())

    @cached_property
    def own(self) -> str:
        """The lines of the statement."""
        return "".join(self.source.lines[self.first - 1 : self.last])

    @cached_property
    def code(self) -> str:
        """The lines of the statement, without blanks at their ends."""
        return "\n".join(line.rstrip() for line in split_lines(self.own))

    @cached_property
    def key(self) -> str:
        """What makes two units the same."""
        return "\n".join([*self.comments, self.code])

    def shifted(self, indent: str, with_above: bool = True) -> str:
        """The text, moved to the right."""
        start = self.lead if with_above else self.first
        return "".join(
            line if number in self.source.in_strings or not line.strip() else indent + line
            for number, line in enumerate(self.source.lines[start - 1 : self.last], start)
        )


def first_line(node: ast.stmt) -> int:
    """The line on which a statement begins, its decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(d.lineno for d in decorators)])


def units_of(source: Source, body: list[ast.stmt], start: int) -> list[Unit]:
    """The units of a block whose text begins on the 1-based line ``start``."""
    units: list[Unit] = []
    for node in body:
        first, last = first_line(node), node.end_lineno or node.lineno
        if units and first <= units[-1].last:
            units[-1].nodes.append(node)
            units[-1].last = max(last, units[-1].last)
        else:
            units.append(Unit(source, [node], units[-1].last + 1 if units else start, first, last))
    return units


@dataclass(eq=False)
class Part:
    """A compound statement is made of header lines and blocks, one after the other."""

    header: str
    body: list[ast.stmt]
    start: int
    end: int


def parts_of(unit: Unit) -> list[Part] | None:
    """The headers and blocks of a compound statement (None: it has none, or one shares a line with its header)."""
    if unit.node is None:
        return None
    bodies = list(_bodies(unit.node))
    if not bodies:
        return None
    parts = []
    line = unit.first
    for body in bodies:
        first = first_line(body[0])
        # comments above the first statement belong to the block
        begin = _after_header(unit.source, line, first)
        before = unit.source.lines[first - 1].encode("utf-8")[: body[0].col_offset]
        if begin is None or before.strip():
            return None
        end = max(node.end_lineno or node.lineno for node in body)
        header = "".join(unit.source.lines[line - 1 : begin - 1])
        parts.append(Part(header, body, begin, end))
        line = end + 1
    return parts if line == unit.last + 1 else None


def _after_header(source: Source, line: int, first: int) -> int | None:
    """The line behind the colon that ends a header, where only comments follow up to the first statement."""
    begin = first
    while begin > line and (not source.lines[begin - 2].strip() or source.lines[begin - 2].lstrip().startswith("#")):
        begin -= 1
    if begin == line:
        return None
    return begin


def _bodies(node: ast.AST) -> list[list[ast.stmt]]:
    """The blocks of a compound statement, in order; those of an ``elif`` are of the same statement."""
    if isinstance(node, ast.If):
        if len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If) and _is_elif(node, node.orelse[0]):
            return [node.body, *_bodies(node.orelse[0])]
        return [b for b in (node.body, node.orelse) if b]
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.With, ast.AsyncWith)):
        return [node.body]
    if isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
        return [b for b in (node.body, node.orelse) if b]
    if isinstance(node, ast.Try):
        return [b for b in (node.body, *(h.body for h in node.handlers), node.orelse, node.finalbody) if b]
    return []


def _is_elif(outer: ast.If, inner: ast.If) -> bool:
    return inner.col_offset == outer.col_offset
