"""The index of one Python file: its scopes, what is bound in them, what is used where.

Built in one iterative walk over the ``ast``; nothing is judged here and nothing is looked up elsewhere.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

BindingKind = Literal[
    "assign",
    "param",
    "import",
    "from",
    "star",
    "def",
    "class",
    "for",
    "with",
    "except",
    "augassign",
    "delete",
]
ScopeKind = Literal["module", "function", "class", "comprehension"]

#: a body, the place of an ``if …: return`` in it, and the test of that
EarlyExit = tuple[list[ast.stmt], int, ast.expr]

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class Block:
    """A stretch of statements that runs as a whole; a branch of an ``if`` or ``try`` is one of its own."""

    __slots__ = ("owner", "parent")

    def __init__(self, parent: Block | None, owner: ast.AST) -> None:
        self.parent = parent
        self.owner = owner

    def encloses(self, other: Block) -> bool:
        """Whether code in ``other`` only runs when this block does."""
        block: Block | None = other
        while block is not None:
            if block is self:
                return True
            block = block.parent
        return False


@dataclass(eq=False)
class Binding:
    """One place where a name gets a value."""

    kind: BindingKind
    name: str
    node: ast.AST
    scope: Scope
    block: Block
    #: the expression that is bound (or iterated, entered); None where there is none
    value: ast.expr | None = None
    #: where in ``value`` the name's part lies, for unpacking: (0, 1) is ``value[0][1]``; -1 after a star
    path: tuple[int, ...] = ()
    #: for imports: dotted module and name in it
    module: str = ""
    attr: str = ""
    level: int = 0

    @property
    def position(self) -> tuple[int, int]:
        return (getattr(self.node, "lineno", 0), getattr(self.node, "col_offset", 0))


class Scope:
    """A module, class, function or comprehension, with its bindings."""

    __slots__ = (
        "bindings",
        "block",
        "file",
        "globals",
        "kind",
        "loads",
        "node",
        "nonlocals",
        "parent",
        "returns",
    )

    def __init__(self, kind: ScopeKind, node: ast.AST, parent: Scope | None, file: FileIndex) -> None:
        self.kind = kind
        self.node = node
        self.parent = parent
        self.file = file
        self.block = Block(None, node)
        self.bindings: dict[str, list[Binding]] = {}
        self.loads: dict[str, list[ast.Name]] = {}
        self.globals: set[str] = set()
        self.nonlocals: set[str] = set()
        self.returns: list[ast.expr] = []

    def owner_of(self, name: str) -> Scope | None:
        """The scope in which ``name`` is bound for code running in this one (None: builtin or unknown)."""
        if name in self.globals:
            return self.file.module if name in self.file.module.bindings else None
        scope: Scope | None = self
        first = True
        while scope is not None:
            if (first or scope.kind != "class") and name in scope.bindings and name not in scope.nonlocals:
                return scope
            if scope.kind == "function" and name in scope.globals:
                return self.file.module if name in self.file.module.bindings else None
            first = first and scope.kind == "comprehension"
            scope = scope.parent
        return None

    @property
    def function(self) -> Scope:
        """The nearest scope that runs as one body (comprehensions belong to what surrounds them)."""
        scope = self
        while scope.kind == "comprehension" and scope.parent is not None:
            scope = scope.parent
        return scope

    @property
    def enclosing_class(self) -> Scope | None:
        """The class whose method this scope is in, if any."""
        scope: Scope | None = self
        while scope is not None:
            if scope.kind == "function" and scope.parent is not None and scope.parent.kind == "class":
                return scope.parent
            scope = scope.parent
        return None


@dataclass(eq=False)
class FileIndex:
    """Everything the facts room keeps about one file."""

    path: Path
    display: str
    tree: ast.Module
    module: Scope = None  # type: ignore[assignment]
    scopes: list[Scope] = field(default_factory=list)
    #: attribute expressions by their last name, with the scope they are in
    attributes: dict[str, list[tuple[ast.Attribute, Scope]]] = field(default_factory=dict)
    calls: list[tuple[ast.Call, Scope]] = field(default_factory=list)
    classes: list[tuple[ast.ClassDef, Scope]] = field(default_factory=list)
    handlers: list[tuple[ast.ExceptHandler, Scope]] = field(default_factory=list)
    scope_of_node: dict[ast.AST, Scope] = field(default_factory=dict)
    #: ``name[key]`` that is read
    subscripts: list[tuple[ast.Subscript, Scope]] = field(default_factory=list)
    #: ``name[key] = value``: target, value, scope
    item_stores: list[tuple[ast.Subscript, ast.expr, Scope]] = field(default_factory=list)
    #: by statement: where its bodies are left early (filled by ``guards``)
    early_exits: dict[ast.AST, list[EarlyExit]] = field(default_factory=dict)
    #: by statement and asking scope: the backends it runs on, None for all (filled by ``guards``)
    guarded: dict[tuple[ast.AST, Scope], set[str] | None] = field(default_factory=dict)

    def __hash__(self) -> int:
        return id(self)

    def additions_to(self, name: str) -> tuple[list[Addition], list[ItemStore]]:
        """The calls of ``name.append`` and the like, and what ``name[key] = value`` stores.

        Args:
            name: of a variable; with a dot before it, of an attribute of whatever object.
        """
        return self._additions.get(name, _NO_ADDITIONS)

    @cached_property
    def _additions(self) -> dict[str, tuple[list[Addition], list[ItemStore]]]:
        found: dict[str, tuple[list[Addition], list[ItemStore]]] = {}
        for method in ("append", "add", "insert", "setdefault", "update"):
            for node, scope in self.attributes.get(method, ()):
                call = parent_of(node)
                name = _container(node.value)
                if name and isinstance(call, ast.Call) and call.func is node:
                    found.setdefault(name, ([], []))[0].append((method, call, scope))
        for store in self.item_stores:
            name = _container(store[0].value)
            if name:
                found.setdefault(name, ([], []))[1].append(store)
        return found


def _container(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f".{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


#: how something is added to a container, with the method's name; what is stored in it
Addition = tuple[str, ast.Call, Scope]
ItemStore = tuple[ast.Subscript, ast.expr, Scope]
_NO_ADDITIONS: tuple[list[Addition], list[ItemStore]] = ([], [])


def parent_of(node: ast.AST) -> ast.AST | None:
    """The node this one stands in (None for the module)."""
    return getattr(node, "_parent", None)


def block_of(node: ast.AST) -> Block | None:
    """The block a name is used in."""
    return getattr(node, "_block", None)


def statement_of(node: ast.AST) -> ast.stmt | None:
    """The innermost statement around a node."""
    current: ast.AST | None = node
    while current is not None and not isinstance(current, ast.stmt):
        current = parent_of(current)
    return current


def top_level_statement(node: ast.AST) -> ast.stmt | None:
    """The statement of the module's body that holds the node."""
    current: ast.AST | None = node
    found: ast.stmt | None = None
    while current is not None:
        if isinstance(current, ast.stmt):
            found = current
        current = parent_of(current)
    return found
