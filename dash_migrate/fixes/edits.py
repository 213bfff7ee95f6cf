"""The edits of one file, keyed by ``ast`` node, and their application with LibCST."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from dash_migrate.facts.scopes import FileIndex, statement_of, top_level_statement
from dash_migrate.syntax.segments import (
    NotReproducible,
    Place,
    Segment,
    TextMap,
    default_indent,
    parse_segment,
    segments_of,
    splice,
)

if TYPE_CHECKING:
    import libcst as cst

#: changes a LibCST node whose inner edits have been made
Edit = Callable[[Any], Any]


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
    touched: set[ast.stmt] = set()
    others = (edits.after, edits.before, edits.comments, edits.extend_import, edits.drop_import, edits.modules)
    for node in [*edits.nodes, *(node for table in others for node in table)]:
        statement = top_level_statement(node)
        if statement is not None:
            touched.add(statement)
    segments = segments_of(edits.file.tree, edits.text, lambda s: s in touched)
    newline = _newline(edits.text.text)
    replacements: list[tuple[Place, str]] = []
    for segment in segments:
        replacements.append(((segment.start, segment.end), _rewrite(edits, segment, newline)))
    return splice(edits.text.text, replacements)


def _newline(text: str) -> str:
    at = text.find("\n")
    if at < 0:
        return "\r" if "\r" in text else "\n"
    return "\r\n" if at and text[at - 1] == "\r" else "\n"


def _rewrite(edits: FileEdits, segment: Segment, newline: str) -> str:
    import libcst as cst

    from dash_migrate.syntax.codegen import code_of
    from dash_migrate.syntax.walk import Visitor

    module, places = parse_segment(segment, default_indent(edits.text.text), newline)
    skipped = len(segment.text) - len(segment.text.lstrip("\f\ufeff"))
    visitor = Visitor({})
    order = list(visitor.nodes(module))
    by_place: dict[tuple[str, Place], cst.CSTNode] = {}
    for node in order:
        if node in places:
            place = places[node]
            if isinstance(node, cst.Param):  # its default and annotation are part of it here, but not in ``ast``
                place = (place[0], place[0])
            elif isinstance(node, (cst.Tuple, cst.GeneratorExp)) and node.lpar:  # parentheses are part of it there
                opening, closing = module.code_for_node(node.lpar[-1]), module.code_for_node(node.rpar[0])
                place = (place[0] - len(opening), place[1] + len(closing))
            by_place.setdefault((type(node).__name__, place), node)
    changes: dict[cst.CSTNode, list[Edit]] = {}
    for found, wanted in edits.nodes.items():
        if not hasattr(found, "lineno"):
            continue
        place = edits.text.place(found)
        if segment.start <= place[0] < segment.end:
            place = (place[0], place[0]) if isinstance(found, ast.arg) else place
            kinds = _CST_NAMES.get(type(found).__name__, (type(found).__name__,))
            known = next((by_place[kind, place] for kind in kinds if (kind, place) in by_place), None)
            if known is None:
                raise NotReproducible(f"line {found.lineno}: no such node")
            changes.setdefault(known, []).extend(wanted)
    lines: dict[cst.CSTNode, _Around] = {}
    smalls: dict[cst.CSTNode, list[str]] = {}
    for table, side in ((edits.after, "after"), (edits.before, "before"), (edits.comments, "comments")):
        for statement, codes in table.items():
            if segment.start <= edits.text.place(statement)[0] < segment.end:
                line = _statement_node(statement, edits, by_place, visitor.parents, places, order)
                small = by_place.get((type(statement).__name__, edits.text.place(statement)))
                simple = isinstance(line, (cst.SimpleStatementLine, cst.SimpleStatementSuite))
                shares = simple and (isinstance(line, cst.SimpleStatementSuite) or len(line.body) != 1)
                if side == "after" and shares and small is not None and small in line.body:
                    smalls.setdefault(small, []).extend(codes)
                else:
                    getattr(lines.setdefault(line, _Around()), side).extend(codes)
    for statement, names in edits.extend_import.items():
        if segment.start <= edits.text.place(statement)[0] < segment.end:
            known = by_place.get(("ImportFrom", edits.text.place(statement)))
            if known is None:
                raise NotReproducible(f"line {statement.lineno}: no such import")
            changes.setdefault(known, []).append(partial(_extend_import, names=names))
    for imported, module_name in edits.modules.items():
        if segment.start <= edits.text.place(imported)[0] < segment.end:
            known = by_place.get(("ImportFrom", edits.text.place(imported)))
            if known is None:
                raise NotReproducible(f"line {imported.lineno}: no such import")
            changes.setdefault(known, []).append(partial(_from_module, name=module_name))
    for dropped, bound in edits.drop_import.items():
        if segment.start <= edits.text.place(dropped)[0] < segment.end:
            known = by_place.get((type(dropped).__name__, edits.text.place(dropped)))
            if known is None:
                raise NotReproducible(f"line {dropped.lineno}: no such import")
            changes.setdefault(known, []).append(partial(_drop_names, bound=bound))
    path: set[cst.CSTNode] = set()
    for node in [*changes, *lines, *smalls]:
        current: cst.CSTNode | None = node
        while current is not None and current not in path:
            path.add(current)
            current = visitor.parents.get(current)

    class Rewriter(cst.CSTTransformer):
        def on_visit(self, node: cst.CSTNode) -> bool:
            return node in path

        def on_leave(self, original_node: Any, updated_node: Any) -> Any:
            for change in changes.get(original_node, ()):
                updated_node = change(updated_node)
            if original_node in smalls:
                return _followed(updated_node, smalls[original_node])
            around = lines.get(original_node)
            if isinstance(updated_node, cst.SimpleStatementLine) and not updated_node.body:
                return cst.RemoveFromParent()
            return updated_node if around is None else around.put(updated_node, module)

    new = module.visit(Rewriter())
    if not new.body:
        return segment.text[:skipped]
    return segment.text[:skipped] + code_of(new)


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


def _followed(small: Any, codes: list[str]) -> Any:
    """A statement that shares its line, and others behind it on the same line."""
    import libcst as cst

    every = [small, *(new for code in codes for new in cst.parse_statement(code).body)]  # type: ignore[union-attr]
    every[-1] = every[-1].with_changes(semicolon=small.semicolon)
    every[0] = small.with_changes(semicolon=cst.MaybeSentinel.DEFAULT)
    return cst.FlattenSentinel(every)


def _statement_node(
    statement: ast.stmt,
    edits: FileEdits,
    by_place: dict[tuple[str, Place], Any],
    parents: dict[Any, Any],
    places: dict[Any, Place],
    order: list[Any],
) -> Any:
    """The LibCST line (or compound statement) for an ``ast`` statement."""
    import libcst as cst

    start = edits.text.place(statement)[0]
    for decorator in getattr(statement, "decorator_list", ()):
        start = min(start, edits.text.place(decorator)[0] - 1)
    for node in order:
        if isinstance(node, (cst.SimpleStatementLine, cst.SimpleStatementSuite)):
            for small in node.body:
                if places.get(small, (-1, -1))[0] == start:
                    return node
        elif isinstance(node, cst.BaseCompoundStatement):
            begins = places.get(node, (-1, -1))[0]
            if begins == start or (hasattr(node, "decorators") and begins == edits.text.place(statement)[0]):
                return node
    raise NotReproducible(f"line {statement.lineno}: no such statement")


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
