"""Turns LibCST trees into text, and tells where every node lies, at a fraction of the cost of LibCST's own ways.

``Module.code`` opens a generator for each expression, and ``PositionProvider`` copies the tree first.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any

from libcst import CSTNode, Module
from libcst._nodes.internal import CodegenState

from dash_migrate.syntax.segments import Place


class _Nowhere:
    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        return None


_NOWHERE = _Nowhere()


class _Plain(CodegenState):
    def record_syntactic_position(self, node: CSTNode, **ends: Any) -> Any:
        return _NOWHERE


def code_of(module: Module) -> str:
    """The text of a module."""
    state = _Plain(default_indent=module.default_indent, default_newline=module.default_newline)
    module._codegen(state)
    return "".join(state.tokens)


class _Recorder(CodegenState):
    def begin(self, base: int) -> None:
        self.offset = base
        self.places: dict[CSTNode, Place] = {}

    def add_indent_tokens(self) -> None:
        for token in self.indent_tokens:
            self.offset += len(token)
            self.tokens.append(token)

    def add_token(self, value: str) -> None:
        self.offset += len(value)
        self.tokens.append(value)

    def record_syntactic_position(
        self, node: CSTNode, *, start_node: CSTNode | None = None, end_node: CSTNode | None = None
    ) -> Any:
        return _Recording(self, node, start_node, end_node)


class _Recording:
    __slots__ = ("end_node", "node", "start", "start_node", "state")

    def __init__(self, state: _Recorder, node: CSTNode, start_node: CSTNode | None, end_node: CSTNode | None) -> None:
        self.state, self.node, self.start_node, self.end_node = state, node, start_node, end_node

    def __enter__(self) -> None:
        self.start = self.state.offset

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        places = self.state.places
        start, end = self.start, self.state.offset
        if self.start_node is not None and self.start_node in places:
            start = places[self.start_node][0]
        if self.end_node is not None and self.end_node in places:
            end = places[self.end_node][1]
        places[self.node] = (start, end)


def code_and_places(module: Module, base: int) -> tuple[str, dict[CSTNode, Place]]:
    """The text of a parsed segment, and where every expression and statement of it lies in its file.

    Args:
        base: the offset in the file at which the module begins.
    """
    state = _Recorder(default_indent=module.default_indent, default_newline=module.default_newline)
    state.begin(base)
    module._codegen(state)
    return "".join(state.tokens), state.places
