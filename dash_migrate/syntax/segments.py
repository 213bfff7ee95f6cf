"""Cuts a file into whole-line segments, gives LibCST only those that matter, and puts them back.

LibCST is slow and not lossless on whole files (FIELD_GUIDE part 4); on a segment whose round trip has been
checked it is exact, and everything outside a segment keeps its bytes.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from dash_migrate.syntax.depth import with_deep_stack

if TYPE_CHECKING:
    import libcst as cst

#: a node's place in the text of its file: start and end offset in characters
Place = tuple[int, int]


class NotReproducible(Exception):
    """LibCST does not give back the text it was given."""


@dataclass
class Segment:
    """Consecutive whole lines of a file holding complete top-level statements."""

    text: str
    #: offset of the first character in the file's text
    start: int
    #: 1-based number of the first line
    line: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


class TextMap:
    """Offsets of ``ast`` positions in the decoded text of a file."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0]
        position = 0
        for line in split_lines(text):
            position += len(line)
            self.starts.append(position)
        self._ascii = text.isascii()

    def offset(self, line: int, utf8_column: int) -> int:
        """The character offset of a 1-based line and a column in UTF-8 bytes."""
        start = self.starts[line - 1]
        if self._ascii or not utf8_column:
            return start + utf8_column
        row = self.text[start : self.starts[line]]
        return start + len(row.encode("utf-8")[:utf8_column].decode("utf-8", "ignore"))

    def place(self, node: Any) -> Place:
        """Where an ``ast`` node lies."""
        return (
            self.offset(node.lineno, node.col_offset),
            self.offset(node.end_lineno, node.end_col_offset),
        )

    def decorator_line(self, decorator: ast.expr) -> int:
        """The line of the ``@``, which may stand before that of the expression: ``@(`` newline ``server.route)``."""
        line = decorator.lineno
        if self.text[: self.offset(line, decorator.col_offset)].rstrip(" \t(").endswith("@"):
            return line
        while line > 1 and not self.text[self.starts[line - 1] : self.starts[line]].lstrip(" \t").startswith("@"):
            line -= 1
        return line

    def position(self, offset: int) -> tuple[int, int]:
        """1-based line and column of an offset."""
        from bisect import bisect_right

        line = bisect_right(self.starts, offset) or 1
        line = min(line, max(1, len(self.starts) - 1))
        return line, offset - self.starts[line - 1] + 1


def split_lines(text: str) -> list[str]:
    """Lines as Python's tokenizer counts them: \\n, \\r\\n and \\r end a line, a form feed does not."""
    lines = []
    start = 0
    length = len(text)
    while start < length:
        newline = text.find("\n", start)
        carriage = text.find("\r", start, newline if newline >= 0 else length)
        if carriage >= 0 and carriage + 1 != newline:
            end = carriage + 1
        elif newline >= 0:
            end = newline + 1
        else:
            end = length
        lines.append(text[start:end])
        start = end
    return lines


def segments_of(tree: ast.Module, text_map: TextMap, wanted: Callable[[ast.stmt], bool]) -> list[Segment]:
    """The segments that hold the wanted top-level statements; statements that share a line stay together."""
    groups: list[tuple[int, int, bool]] = []
    for statement in tree.body:
        first = min([statement.lineno, *(text_map.decorator_line(d) for d in getattr(statement, "decorator_list", ()))])
        last = statement.end_lineno or first
        take = wanted(statement)
        if groups and first <= groups[-1][1]:
            groups[-1] = (groups[-1][0], max(last, groups[-1][1]), groups[-1][2] or take)
        else:
            groups.append((first, last, take))
    found = []
    for first, last, take in groups:
        if take:
            start, end = text_map.starts[first - 1], text_map.starts[last]
            found.append(Segment(text_map.text[start:end], start, first))
    return found


def parse_segment(segment: Segment, indent: str, newline: str) -> tuple[cst.Module, dict[cst.CSTNode, Place]]:
    """A LibCST module for the segment, and where every expression and statement of it lies in the file.

    Raises:
        NotReproducible: the parser refuses it, or its round trip differs.
    """
    import libcst as cst

    from dash_migrate.syntax.codegen import code_and_places

    text = segment.text.lstrip("\f\ufeff")
    config = cst.PartialParserConfig(default_indent=indent, default_newline=cast("Any", newline))

    def parse() -> cst.Module:
        return cst.parse_module(text, config)

    try:
        module = with_deep_stack(parse) if len(text) > _SHORT else parse()
        code, places = code_and_places(module, segment.start + len(segment.text) - len(text))
    except RecursionError:  # a chain of thousands, which is flat for ``ast``
        raise NotReproducible(f"line {segment.line}: too deeply nested for LibCST") from None
    except Exception as error:
        raise NotReproducible(str(error)) from error
    if code != text:
        raise NotReproducible("its round trip through LibCST differs")
    return module, places


#: no text of this length (characters) is too deep for LibCST on a usual stack
_SHORT = 500


def default_indent(text: str) -> str:
    """The indentation of the first indented line, or four spaces."""
    for line in text.splitlines():
        stripped = line.lstrip(" \t")
        if stripped and not stripped.startswith("#") and line[0] in " \t":
            return line[: len(line) - len(stripped)]
    return "    "


def splice(text: str, replacements: Iterable[tuple[Place, str]]) -> str:
    """The text with some stretches replaced."""
    parts = []
    position = 0
    for (start, end), new in sorted(replacements):
        parts += [text[position:start], new]
        position = end
    parts.append(text[position:])
    return "".join(parts)
