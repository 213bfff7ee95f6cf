"""Rewrites one segment of a file with LibCST: finds the nodes that ``ast`` nodes are, and changes these."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from dash_migrate.syntax.comments import lost_comments
from dash_migrate.syntax.segments import NotReproducible, Place, Segment, TextMap, parse_segment

#: changes a LibCST node whose inner edits have been made
Edit = Callable[[Any], Any]


@dataclass
class Wanted:
    """What shall change in a segment."""

    #: nodes, with where they lie in the file
    nodes: list[tuple[ast.AST, Place, list[Edit]]] = field(default_factory=list)
    #: lines to put ``after`` or ``before`` statements, and ``comments``
    around: list[tuple[ast.stmt, Place, str, list[str]]] = field(default_factory=list)


def rewrite(segment: Segment, wanted: Wanted, text: TextMap, indent: str, newline: str) -> str:
    """The new text of a segment.

    Raises:
        NotReproducible: LibCST cannot take it, or has not what shall change.
    """
    from dash_migrate.syntax.codegen import code_of

    module, places = parse_segment(segment, indent, newline)
    skipped = len(segment.text) - len(segment.text.lstrip("\f\ufeff"))
    new = _Rewrite(module, places, text).of(wanted)
    code = code_of(new) if new.body else ""
    kept = "".join(f"{comment}{newline}" for comment in lost_comments(segment.text[skipped:], code))
    return segment.text[:skipped] + kept + code


class _Rewrite:
    def __init__(self, module: Any, places: dict[Any, Place], text: TextMap) -> None:
        self.module, self.places, self.text = module, places, text
        #: LibCST's nodes by kind and place; the outermost where several share one
        self.by_place: dict[tuple[str, Place], Any] = {}
        #: statement lines and compound statements by where their statements start
        self.by_start: dict[int, Any] = {}
        self.changes: dict[Any, list[Edit]] = {}
        self.lines: dict[Any, _Around] = {}
        self.smalls: dict[Any, list[str]] = {}
        #: what changes, and everything around it
        self.path: set[Any] = set()
        self.parents = self._index()

    def of(self, wanted: Wanted) -> Any:
        """The module with everything changed that shall be."""
        for node, place, edits in wanted.nodes:
            known = self._at(type(node).__name__, (place[0], place[0]) if isinstance(node, ast.arg) else place)
            if known is None:
                raise NotReproducible(f"line {getattr(node, 'lineno', 0)}: no such node")
            self.changes.setdefault(known, []).extend(edits)
        for statement, place, side, codes in wanted.around:
            self._put(statement, place, side, codes)
        for changed in [*self.changes, *self.lines, *self.smalls]:
            current = changed
            while current is not None and current not in self.path:
                self.path.add(current)
                current = self.parents.get(current)
        return self._changed(self.module) if self.path else self.module

    def _index(self) -> dict[Any, Any]:
        """Note every node by its place; gives the parents of nodes."""
        import libcst as cst

        from dash_migrate.syntax.walk import Visitor

        visitor = Visitor({})
        places, module = self.places, self.module
        for node in visitor.nodes(module):
            kind = node.__class__
            if kind is cst.SimpleStatementLine or kind is cst.SimpleStatementSuite:
                for small in node.body:  # type: ignore[attr-defined]
                    if small in places:
                        self.by_start.setdefault(places[small][0], node)
            if node not in places:
                continue
            place = places[node]
            if kind is cst.Param:  # its default and annotation are part of it here, but not in ``ast``
                place = (place[0], place[0])
            elif (kind is cst.Tuple or kind is cst.GeneratorExp) and node.lpar:  # type: ignore[attr-defined]
                # parentheses are part of it there
                opening = module.code_for_node(node.lpar[-1])  # type: ignore[attr-defined]
                closing = module.code_for_node(node.rpar[0])  # type: ignore[attr-defined]
                place = (place[0] - len(opening), place[1] + len(closing))
            elif isinstance(node, cst.BaseCompoundStatement):
                self.by_start.setdefault(place[0], node)
            self.by_place.setdefault((kind.__name__, place), node)
        return visitor.parents

    def _at(self, kind: str, place: Place) -> Any:
        kinds = _CST_NAMES.get(kind, (kind,))
        return next((self.by_place[one, place] for one in kinds if (one, place) in self.by_place), None)

    def _put(self, statement: ast.stmt, place: Place, side: str, codes: list[str]) -> None:
        """Note lines that go around a statement."""
        import libcst as cst

        line = self._line(statement, place)
        small = self.by_place.get((type(statement).__name__, place))
        simple = isinstance(line, (cst.SimpleStatementLine, cst.SimpleStatementSuite))
        shares = simple and (isinstance(line, cst.SimpleStatementSuite) or len(line.body) != 1)
        if side == "after" and shares and small is not None and small in line.body:
            self.smalls.setdefault(small, []).extend(codes)
        else:
            getattr(self.lines.setdefault(line, _Around()), side).extend(codes)

    def _line(self, statement: ast.stmt, place: Place) -> Any:
        """The LibCST line (or compound statement) for an ``ast`` statement."""
        start = place[0]
        for decorator in getattr(statement, "decorator_list", ()):
            start = min(start, self.text.place(decorator)[0] - 1)
        found = self.by_start.get(start)
        if found is None:
            found = self.by_start.get(place[0])
            found = found if hasattr(found, "decorators") else None
        if found is None:
            raise NotReproducible(f"line {statement.lineno}: no such statement")
        return found

    def _changed(self, node: Any) -> Any:
        """A node with what is to change in it changed; what LibCST's visits do, without a look at all the rest."""
        import libcst as cst

        from dash_migrate.syntax.walk import code_fields

        made: dict[str, Any] = {}
        for name in code_fields(node.__class__):
            value = getattr(node, name)
            if isinstance(value, (list, tuple)):
                if not self.path.isdisjoint(value):
                    made[name] = list(self._items(value))
            elif value in self.path:
                new = self._changed(value)
                made[name] = None if isinstance(new, cst.RemovalSentinel) else new
        updated = node.with_changes(**made) if made else node
        for change in self.changes.get(node, ()):
            updated = change(updated)
        if made and isinstance(updated, cst.FormattedString):
            updated = _without_its_quotes(updated)
        if node in self.smalls:
            return _followed(updated, self.smalls[node])
        if isinstance(updated, cst.SimpleStatementLine) and not updated.body:
            return cst.RemoveFromParent()
        around = self.lines.get(node)
        return updated if around is None else around.put(updated, self.module)

    def _items(self, items: Any) -> Iterator[Any]:
        import libcst as cst

        for item in items:
            new = self._changed(item) if item in self.path else item
            if isinstance(new, cst.FlattenSentinel):
                yield from new
            elif not isinstance(new, cst.RemovalSentinel):
                yield new


#: where LibCST's names differ from those of ``ast``
_CST_NAMES = {
    "keyword": ("Arg",),
    "arg": ("Param",),
    "AsyncFunctionDef": ("FunctionDef",),
    "Constant": ("SimpleString", "ConcatenatedString", "Integer", "Float", "Imaginary", "Name", "Ellipsis"),
    "JoinedStr": ("FormattedString", "ConcatenatedString"),
    "BinOp": ("BinaryOperation",),
    "BoolOp": ("BooleanOperation",),
    "UnaryOp": ("UnaryOperation",),
    "Compare": ("Comparison",),
}


@dataclass
class _Around:
    """What goes around a statement line."""

    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)

    def put(self, line: Any, module: Any) -> Any:
        import libcst as cst

        if isinstance(line, cst.SimpleStatementSuite):
            return line
        if self.comments:
            leading = [
                *line.leading_lines,
                *[cst.EmptyLine(indent=True, comment=cst.Comment(c)) for c in self.comments],
            ]
            line = line.with_changes(leading_lines=leading)
        config = module.config_for_parsing
        first = [cst.parse_statement(code, config) for code in self.before]
        last = [cst.parse_statement(code, config) for code in self.after]
        if first and getattr(line, "leading_lines", None):
            first[0] = first[0].with_changes(leading_lines=line.leading_lines)
            line = line.with_changes(leading_lines=[])
        return cst.FlattenSentinel([*first, line, *last])


def _without_its_quotes(string: Any) -> Any:
    """An f-string in whose expressions no string has the quotes of its own: before Python 3.12 that is an error."""
    import libcst as cst

    own = string.end
    other = '"' if own == "'" else "'"

    class Swap(cst.CSTTransformer):
        def leave_SimpleString(
            self, original_node: cst.SimpleString, updated_node: cst.SimpleString
        ) -> cst.SimpleString:
            if updated_node.quote != own or other in updated_node.raw_value or "\\" in updated_node.raw_value:
                return updated_node
            return updated_node.with_changes(value=f"{updated_node.prefix}{other}{updated_node.raw_value}{other}")

    return string.visit(Swap()) if len(own) == 1 else string


def _followed(small: Any, codes: list[str]) -> Any:
    """A statement that shares its line, and others behind it on the same line."""
    import libcst as cst

    every = [small, *(new for code in codes for new in cst.parse_statement(code).body)]  # type: ignore[union-attr]
    every[-1] = every[-1].with_changes(semicolon=small.semicolon)
    every[0] = small.with_changes(semicolon=cst.MaybeSentinel.DEFAULT)
    return cst.FlattenSentinel(every)
