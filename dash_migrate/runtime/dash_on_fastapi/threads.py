"""Runs plain functions off the event loop, with the context of the request and what they change in it.

All plain functions of a request run in one thread, which nothing else uses until the request is over: what is kept per
thread is the request's own, as it was on Flask.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

#: Threads that are kept for later requests.
THREADS = int(os.environ.get("DASH_THREADS", "100"))

_pool = ThreadPoolExecutor(THREADS, thread_name_prefix="dash")
_idle: list[ThreadPoolExecutor] = []
_own: contextvars.ContextVar[_Lease | None] = contextvars.ContextVar("thread", default=None)


class _Lease:
    """A thread of a request, taken when the first function needs it."""

    def __init__(self) -> None:
        self.thread: ThreadPoolExecutor | None = None
        self.busy = False

    def take(self) -> ThreadPoolExecutor:
        """The request's thread, or one of the others if that is busy with something else of the same request."""
        if self.busy:
            return _pool
        if self.thread is None:
            self.thread = _idle.pop() if _idle else ThreadPoolExecutor(1, thread_name_prefix="dash-request")
        return self.thread

    def give_back(self) -> None:
        """Let other requests have it."""
        if self.thread is not None:
            if len(_idle) < THREADS and not self.busy:
                _idle.append(self.thread)
            else:
                self.thread.shutdown(wait=False)


@contextlib.contextmanager
def thread_of_its_own() -> Iterator[None]:
    """Around a request: a thread for its plain functions."""
    lease = _Lease()
    token = _own.set(lease)
    try:
        yield
    finally:
        _own.reset(token)
        lease.give_back()


async def in_thread(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """Call a blocking function in a thread; context variables it sets are set for the caller too."""
    context = contextvars.copy_context()
    job = functools.partial(context.run, function, *args, **kwargs)
    lease = _own.get()
    thread = _pool if lease is None else lease.take()
    own = lease if lease is not None and thread is lease.thread else None
    if own is not None:
        own.busy = True
    value, error = await asyncio.get_running_loop().run_in_executor(thread, _outcome, job)
    if own is not None:  # whoever is cancelled before keeps it busy
        own.busy = False
    for variable, new in context.items():
        if variable.get(None) is not new:
            variable.set(new)
    if error is not None:
        raise error
    return value


def after_this(function: Callable[[], Any]) -> None:
    """Call a function in the request's thread, once that is done with what it does; nobody waits for it."""
    lease = _own.get()
    thread = _pool if lease is None or lease.thread is None else lease.thread
    thread.submit(contextvars.copy_context().run, function)


def as_raised(error: Exception) -> Exception:
    """What a function raised: a StopIteration leaves a coroutine as something else."""
    return error.__cause__ if isinstance(error, RuntimeError) and isinstance(error.__cause__, StopIteration) else error


def _outcome(job: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    try:
        return job(), None  # a StopIteration could not travel as itself
    except BaseException as error:
        return None, error
