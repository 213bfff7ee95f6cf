"""Answers that are made while they are sent, in the thread of their request."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any

from .threads import after_this, in_thread


async def pieces_of(iterable: Iterable[Any]) -> AsyncIterator[Any]:
    """The pieces of a body; what makes them is closed at the end, also if the client is gone before."""
    iterator = iter(iterable)
    try:
        while (piece := await in_thread(next, iterator, _END)) is not _END:
            yield piece
    finally:
        if hasattr(iterable, "close"):
            after_this(iterable.close)


_END = object()
