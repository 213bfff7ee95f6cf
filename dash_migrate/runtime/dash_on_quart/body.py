"""The body of a request: filled on the server's event loop, read in the thread of the request."""

from __future__ import annotations

import asyncio
import io
import threading
from concurrent.futures import Future
from typing import Any

from quart.wrappers.request import Body as QuartBody
from werkzeug.exceptions import RequestEntityTooLarge

from .threads import result_of


class Signal:
    """``asyncio.Event``, for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_set = False
        self._waiting: list[Future[bool]] = []

    def is_set(self) -> bool:
        return self._is_set

    def set(self) -> None:
        with self._lock:
            self._is_set = True
            waiting, self._waiting = self._waiting, []
        for future in waiting:
            if future.set_running_or_notify_cancel():
                future.set_result(True)

    def clear(self) -> None:
        self._is_set = False

    async def wait(self) -> bool:
        with self._lock:
            if self._is_set:
                return True
            future: Future[bool] = Future()
            self._waiting.append(future)
        return await asyncio.wrap_future(future)


class Body(QuartBody):
    """Quart's, for several threads.

    Of one whose length was not told, Flask reads as much as is allowed: the whole is cut off there, and who reads in
    pieces is told when the limit is reached.
    """

    def __init__(self, expected: int | None, allowed: int | None) -> None:
        super().__init__(expected, allowed)
        self._cut_at = allowed if expected is None else None
        self._lock = threading.Lock()
        self._complete: Any = Signal()
        self._has_data: Any = Signal()
        self._received = 0

    def append(self, data: bytes) -> None:
        with self._lock:
            if self._cut_at is not None:
                data = data[: self._cut_at - self._received]
            super().append(data)
            self._received += len(data)  # Quart's limit is for what nobody has taken yet
            limit = self._max_content_length
            if limit is not None and self._received > limit and self._must_raise is None:
                self._must_raise = RequestEntityTooLarge()
                self.set_complete()

    async def complete(self) -> None:
        """Wait until all of it is here."""
        await self._complete.wait()

    @property
    def is_cut(self) -> bool:
        """Whether the limit was reached of a body whose length was not told."""
        return self._cut_at is not None and self._received >= self._cut_at

    async def __anext__(self) -> bytes:
        if not self._complete.is_set():
            await self._has_data.wait()
        with self._lock:
            try:
                return await super().__anext__()  # waits no more
            except StopAsyncIteration:
                if self.is_cut:
                    raise RequestEntityTooLarge() from None
                raise


class Stream(io.RawIOBase):
    """``flask.request.stream``: the body as a file."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = result_of(_next(self._body))
        given = self._rest[: len(buffer)]
        buffer[: len(given)] = given
        self._rest = self._rest[len(given) :]
        return len(given)


async def _next(body: Body) -> bytes:
    return await anext(body, b"")
