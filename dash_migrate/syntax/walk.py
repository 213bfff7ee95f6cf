"""Walks LibCST trees the fast way: code only, no whitespace nodes, no matchers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import cache
from typing import Any

import libcst as cst

_SKIP = frozenset(
    ["lpar", "rpar", "lbracket", "rbracket", "comma", "equal", "dot", "semicolon", "header", "footer", "leading_lines",
     "lines_after_decorators", "trailing_whitespace", "indent", "lbrace", "rbrace", "colon", "star", "at"]
)  # fmt: skip


@cache
def code_fields(node_type: type) -> tuple[str, ...]:
    """The fields of a node type that hold code, in source order."""
    return tuple(f.name for f in fields(node_type) if f.name not in _SKIP and not f.name.startswith("whitespace"))


def children(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The code a node is made of, in source order."""
    for name in code_fields(type(node)):
        value: Any = getattr(node, name)
        if isinstance(value, cst.CSTNode):
            yield value
        elif isinstance(value, (tuple, list)):
            for item in value:
                if isinstance(item, cst.CSTNode):
                    yield item


class Visitor:
    """Calls handlers by node type, parents before children; knows every node's parent.

    The pruned stand-in for ``cst.CSTVisitor``: that one visits whitespace too and costs eight times as much.
    """

    def __init__(self, handlers: dict[type, list[Callable[[Any], None]]]) -> None:
        self._handlers = handlers
        self.parents: dict[cst.CSTNode, cst.CSTNode] = {}

    def visit(self, root: cst.CSTNode) -> None:
        """Walk the tree under ``root``."""
        for node in self.nodes(root):
            for handler in self._handlers.get(type(node), ()):
                handler(node)

    def nodes(self, root: cst.CSTNode) -> Iterator[cst.CSTNode]:
        stack = [root]
        while stack:
            node = stack.pop()
            yield node
            inner = list(children(node))
            for child in inner:
                self.parents[child] = node
            stack.extend(reversed(inner))
