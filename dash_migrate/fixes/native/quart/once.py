"""``request.form`` and its like: awaited where they are read, or once for all of a function that reads them often."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from dash_migrate.facts.scopes import FileIndex, parent_of
from dash_migrate.fixes.native.quart.awaiting import Awaiting, FunctionNode
from dash_migrate.fixes.native.work import Work
from dash_migrate.rules_data import table


@dataclass(frozen=True)
class _Read:
    file: FileIndex
    node: ast.Attribute


class Once:
    """Collects the reads; ``settle`` decides for each function."""

    def __init__(self, work: Work, awaiting: Awaiting) -> None:
        self.work = work
        self.awaiting = awaiting
        self._reads: dict[tuple[ast.AST | None, str], list[_Read]] = {}

    def add(self, file: FileIndex, node: ast.Attribute, attr: str) -> None:
        """``request.<attr>`` is read."""
        self._reads.setdefault((_function_around(node), attr), []).append(_Read(file, node))

    def files(self) -> list[tuple[FileIndex, ast.Attribute]]:
        """The reads of ``request.files``."""
        return [(r.file, r.node) for (_, attr), reads in self._reads.items() if attr == "files" for r in reads]

    def settle(self) -> None:
        """Await each read where it stands, or all reads of a function at once."""
        for (function, attr), reads in self._reads.items():
            name = table("native_quart")["request"]["once"].get(attr)
            statement = None
            if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)) and name is not None:
                apart = len(reads) > 1 or any(_is_inside(r.node, function) for r in reads)
                if apart and self._is_free(function, reads[0].file, name):
                    statement = _first_statement(function, [r.node for r in reads])
            if statement is None:
                for read in reads:
                    self.awaiting.need(read.file, read.node)
                continue
            self._take_once(function, statement, reads, attr, name)  # type: ignore[arg-type]

    def _take_once(self, function: FunctionNode, statement: ast.stmt, reads: list[_Read], attr: str, name: str) -> None:
        import libcst as cst

        file = reads[0].file
        request = ast.unparse(reads[0].node.value)
        if request.split(".")[0] == "flask":
            request = "quart" + request[5:]
        source = f"{request}.get_json()" if attr == "json" else f"{request}.{attr}"
        is_async = self.awaiting.make_async(file, function)
        read = f"await {source}" if is_async else f"{self.work.name(file, 'result_of')}({source})"
        self.work.edits[file.display].before.setdefault(statement, []).append(f"{name} = {read}")
        for one in reads:
            self.work.edit(file, one.node, lambda node: cst.Name(name, lpar=node.lpar, rpar=node.rpar))

    def _is_free(self, function: FunctionNode, file: FileIndex, name: str) -> bool:
        """Whether a name means nothing in a function and in those inside it."""
        inner = [s for s in file.scopes if _is_in(s.node, function)]
        return not any(name in s.bindings or name in s.loads for s in inner)


def _function_around(node: ast.AST) -> ast.AST | None:
    """The innermost named function whose body holds a node."""
    child, parent = node, parent_of(node)
    while parent is not None:
        if isinstance(parent, (ast.FunctionDef, ast.AsyncFunctionDef)) and child in parent.body:
            return parent
        child, parent = parent, parent_of(parent)
    return None


def _is_inside(node: ast.AST, function: ast.AST) -> bool:
    """Whether a node is in a lambda or generator, where nothing can be awaited."""
    current = parent_of(node)
    while current is not None and current is not function:
        if isinstance(current, (ast.Lambda, ast.GeneratorExp)):
            return True
        current = parent_of(current)
    return False


def _is_in(node: ast.AST, function: ast.AST) -> bool:
    current: ast.AST | None = node
    while current is not None:
        if current is function:
            return True
        current = parent_of(current)
    return False


def _path(node: ast.AST, function: ast.AST) -> list[ast.stmt]:
    """The statements around a node, from that in the function's body down."""
    found: list[ast.stmt] = []
    current: ast.AST | None = node
    while current is not None and current is not function:
        if isinstance(current, ast.stmt):
            found.append(current)
        current = parent_of(current)
    return found[::-1]


def _first_statement(function: FunctionNode, nodes: list[ast.Attribute]) -> ast.stmt | None:
    """The statement before which all reads can be made at once (None: there is none).

    It is one that reads in any case: bodies are not to be read, and errors not raised, where they were not.
    """
    nodes = sorted(nodes, key=lambda node: (node.lineno, node.col_offset))
    paths = [_path(node, function) for node in nodes]
    common = 0
    while all(len(p) > common and p[common] is paths[0][common] for p in paths):
        common += 1
    if common and any(len(p) == common for p in paths):
        common -= 1  # one read is in the head of the statement they share
    first = paths[0][common]
    siblings = _body_with(first)
    if siblings is None or any(p[common] not in siblings for p in paths):
        return None
    if (
        len(paths[0]) > common + 1
        or isinstance(first, ast.While)
        or _is_elif(first)
        or not _is_certain(nodes[0], first)
    ):
        return None
    return first


def _is_elif(statement: ast.stmt) -> bool:
    """Whether there is no room for a line before a statement, since it is the ``elif`` of another."""
    parent = parent_of(statement)
    return (
        isinstance(parent, ast.If)
        and isinstance(statement, ast.If)
        and statement in parent.orelse
        and statement.col_offset == parent.col_offset
    )


def _is_certain(node: ast.AST, statement: ast.stmt) -> bool:
    """Whether an expression is evaluated whenever the statement that it is in is reached."""
    child, parent = node, parent_of(node)
    while parent is not None and child is not statement:
        if isinstance(parent, ast.BoolOp) and child is not parent.values[0]:
            return False
        if isinstance(parent, ast.IfExp) and child is not parent.test:
            return False
        if isinstance(parent, (ast.Lambda, ast.comprehension, ast.FunctionDef)):
            return isinstance(parent, ast.comprehension) and child is parent.iter and _is_outermost(parent)
        if isinstance(parent, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            return False
        child, parent = parent, parent_of(parent)
    return True


def _is_outermost(comprehension: ast.comprehension) -> bool:
    """Whether a ``for`` of a comprehension is its first, and the comprehension itself is evaluated at once."""
    made = parent_of(comprehension)
    outer = parent_of(made) if made is not None else None
    is_first = made is not None and made.generators[0] is comprehension  # type: ignore[attr-defined]
    return is_first and isinstance(outer, (ast.stmt, ast.keyword, ast.Call))


def _body_with(statement: ast.stmt) -> list[ast.stmt] | None:
    """The list of statements that a statement stands in."""
    parent = parent_of(statement)
    for name in ("body", "orelse", "finalbody"):
        body = getattr(parent, name, None)
        if isinstance(body, list) and statement in body:
            return body
    return None
