"""Work in processes of its own: what it took in memory is gone with them, and a crash costs what crashed alone."""

from __future__ import annotations

import os
import selectors
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

#: whether this process is the command's own, and not a test or a program that calls the command
OWN_PROCESS = False

Item = TypeVar("Item")
Result = TypeVar("Result")


def can_fork() -> bool:
    """Whether work may be done in processes of its own."""
    return OWN_PROCESS and hasattr(os, "fork")


def in_processes(
    batches: Iterable[list[Item]], work: Callable[[Item], Result], lost: Callable[[Item], Result]
) -> list[Result]:
    """The results of all items, in their order; one process for each batch, as many at once as there are processors.

    Args:
        batches: items that share a process.
        work: done in the process; its result is pickled.
        lost: what to take for the result of an item whose process died.

    Raises:
        Exception: what ``work`` raised.
    """
    waiting = list(enumerate(batches))
    results: dict[int, list[Result]] = {}
    running: dict[int, tuple[int, list[Item], int, bytearray]] = {}
    selector = selectors.DefaultSelector()
    most = max(1, os.cpu_count() or 1)
    try:
        while waiting or running:
            while waiting and len(running) < most:
                number, batch = waiting.pop(0)
                pid, pipe = _start(batch, work)
                running[pipe] = (number, batch, pid, bytearray())
                selector.register(pipe, selectors.EVENT_READ)
            for key, _ in selector.select():
                pipe = key.fd
                number, batch, pid, data = running[pipe]
                some = os.read(pipe, 1 << 20)
                if some:
                    data += some
                    continue
                selector.unregister(pipe)
                os.close(pipe)
                del running[pipe]
                os.waitpid(pid, 0)
                results[number] = _received(data, batch, work, lost)
    finally:
        for pipe, (_, _, pid, _) in running.items():
            os.close(pipe)
            os.kill(pid, 9)
            os.waitpid(pid, 0)
        selector.close()
    return [result for number in sorted(results) for result in results[number]]


def _received(
    data: bytearray, batch: list[Item], work: Callable[[Item], Result], lost: Callable[[Item], Result]
) -> list[Result]:
    import pickle

    if not data:  # killed, out of memory, or a parser's segmentation fault
        return [lost(batch[0])] if len(batch) == 1 else in_processes([[item] for item in batch], work, lost)
    try:
        made, error = pickle.loads(data)
    except (EOFError, pickle.UnpicklingError):  # it died while it told
        data.clear()
        return _received(data, batch, work, lost)
    if error is not None:
        raise error
    found: list[Result] = made
    return found


def _start(batch: list[Item], work: Callable[[Item], Any]) -> tuple[int, int]:
    """A process that works, and the pipe on which its results come."""
    import pickle

    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    try:
        os.close(reading)
        try:
            answer = pickle.dumps(([work(item) for item in batch], None))
        except Exception as error:
            answer = pickle.dumps((None, _sendable(error)))
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(answer)
        os._exit(0)
    finally:
        os._exit(1)


def _sendable(error: Exception) -> Exception:
    import pickle

    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
