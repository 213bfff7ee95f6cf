"""A thread for each request, as on Flask, with an event loop in it for what the request awaits."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import inspect
import os
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

#: Requests that may be served at the same time; a stream holds its thread for its whole life.
THREADS = int(os.environ.get("DASH_THREADS", "100"))

_here = threading.local()
_pool = ThreadPoolExecutor(THREADS, thread_name_prefix="request", initializer=lambda: setattr(_here, "serves", True))


def serves_here() -> bool:
    """Whether this is the thread of a request."""
    return hasattr(_here, "serves")


async def in_thread(function: Callable[..., Any], *args: Any) -> Any:
    """Run a coroutine function in a thread of its own, with this context and an event loop that is its own."""
    started: list[tuple[asyncio.AbstractEventLoop, Any]] = []

    async def run() -> Any:
        started.append((asyncio.get_running_loop(), asyncio.current_task()))
        return await function(*args)

    work = functools.partial(contextvars.copy_context().run, lambda: asyncio.run(run()))
    try:
        return await asyncio.get_running_loop().run_in_executor(_pool, work)
    except asyncio.CancelledError:
        for loop, task in started:
            with suppress(RuntimeError):  # it is done already
                loop.call_soon_threadsafe(task.cancel)
        raise


def from_thread(function: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    """A coroutine function of the current event loop, for use in another thread: ``receive``, ``send``."""
    loop = asyncio.get_running_loop()

    async def call(*args: Any) -> Any:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(function(*args), loop))

    return call


def as_coroutine(function: Callable[..., Any], elsewhere: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    """A plain function to be awaited: it runs right here in the thread of a request.

    Args:
        elsewhere: makes the coroutine function for calls on the server's own event loop, which must not block.
    """

    @functools.wraps(function)
    async def call(*args: Any, **kwargs: Any) -> Any:
        if not serves_here() and _loop_runs():
            return await elsewhere(function)(*args, **kwargs)
        with off_loop():
            result = function(*args, **kwargs)
        return await result if inspect.isawaitable(result) else result

    return call


@contextmanager
def off_loop() -> Iterator[None]:
    """Let plain code run as if this thread had no event loop: it may call ``asyncio.run`` itself."""
    if not _loop_runs():
        yield
        return
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    if task is not None:
        asyncio.tasks._leave_task(loop, task)
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(loop)
        if task is not None:
            asyncio.tasks._enter_task(loop, task)


def result_of(awaitable: Any) -> Any:
    """What something awaitable gives, for plain code, which cannot ``await``; anything else is given back as it is."""
    if not inspect.isawaitable(awaitable):
        return awaitable
    with off_loop():
        return asyncio.run(_awaited(awaitable))


async def _awaited(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


def at_once(coroutine: Any) -> Any:
    """The result of a coroutine that has nothing to wait for, in plain code.

    Raises:
        RuntimeError: it has to wait.
    """
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    coroutine.close()
    raise RuntimeError("this must be awaited")


def _loop_runs() -> bool:
    return asyncio._get_running_loop() is not None
