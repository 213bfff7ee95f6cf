"""Runs plain functions off the event loop, with the context of the request and what they change in it."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

#: Plain functions that may run at the same time: callbacks, layouts, hooks.
THREADS = int(os.environ.get("DASH_THREADS", "100"))

_pool = ThreadPoolExecutor(THREADS, thread_name_prefix="dash")


async def in_thread(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """Call a blocking function in a thread; context variables it sets are set for the caller too."""
    context = contextvars.copy_context()
    job = functools.partial(context.run, function, *args, **kwargs)
    value, error = await asyncio.get_running_loop().run_in_executor(_pool, _outcome, job)
    for variable, new in context.items():
        if variable.get(None) is not new:
            variable.set(new)
    if error is not None:
        raise error
    return value


def _outcome(job: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    try:
        return job(), None  # a StopIteration could not travel as itself
    except BaseException as error:
        return None, error
