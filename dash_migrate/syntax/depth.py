"""How deeply a file's code is nested: what recursive walks and parsers do not survive is not begun."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from dash_migrate.syntax.segments import TextMap

#: levels that every walk of ours and LibCST survive, with room to spare: 2,000 chained operators are no matter
DEEPEST = 2_100
#: a stretch of code of so many characters cannot be nested so deeply that it matters
_SHORT = 1_000
#: bytes of stack that LibCST's parser gets; it needs about 3 kB a level
_STACK = 256 * 1024 * 1024

T = TypeVar("T")


def too_deep(tree: ast.Module, text: TextMap) -> int | None:
    """The line where code is nested more deeply than ``DEEPEST``; None: nowhere.

    Only code that is long enough to be deep is looked at, which in most files is next to nothing.
    """
    starts = text.starts
    todo: list[tuple[ast.AST, int, int]] = [(tree, 0, 1)]
    while todo:
        node, depth, line = todo.pop()
        for child in ast.iter_child_nodes(node):
            first: int | None = getattr(child, "lineno", None)
            if first is None or _size(child, starts) > _SHORT:
                if depth >= DEEPEST:
                    return first or line
                todo.append((child, depth + 1, first or line))
    return None


def _size(node: Any, starts: list[int]) -> int:
    size: int = starts[node.end_lineno - 1] + node.end_col_offset - starts[node.lineno - 1] - node.col_offset
    return size


def with_deep_stack(work: Callable[[], T]) -> T:
    """What ``work`` gives, done where there is much more stack than a program has, so that no parser runs out of it."""
    import threading

    result: list[T] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            result.append(work())
        except BaseException as error:
            failure.append(error)

    usual = threading.stack_size(_STACK)
    try:
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
    except RuntimeError:  # no room for one: it goes as it went before
        return work()
    finally:
        threading.stack_size(usual)
    thread.join()
    if failure:
        raise failure[0]
    return result[0]
