"""Running commands and adding up what they cost."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Run:
    """One execution: processor time of the process and all its children, wall time, peak memory of one process."""

    cpu: float
    wall: float
    memory: float
    status: int


@dataclass
class Measured:
    """A command and its runs."""

    name: str
    command: list[str]
    runs: list[Run] = field(default_factory=list)
    failure: str = ""

    @property
    def cpu(self) -> float:
        return statistics.median(run.cpu for run in self.runs) if self.runs else float("nan")

    @property
    def wall(self) -> float:
        return statistics.median(run.wall for run in self.runs) if self.runs else float("nan")

    @property
    def memory(self) -> float:
        return max((run.memory for run in self.runs), default=float("nan"))


@dataclass
class Task:
    """A command to be measured, and what is to happen before each of its runs (not measured)."""

    name: str
    command: Sequence[str]
    prepare: Callable[[], None] | None = None
    cwd: Path | None = None
    once: bool = False
    allowed: Sequence[int] = (0, 1)


def run_once(task: Task) -> tuple[Run, str]:
    if task.prepare is not None:
        task.prepare()
    environment = {**os.environ, "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "", "PYTHONHASHSEED": "0"}
    environment.pop("PYTHONDONTWRITEBYTECODE")
    started = time.perf_counter()
    process = subprocess.Popen(
        list(task.command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=task.cwd,
        env=environment,
    )
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    unit = 1 if sys.platform == "darwin" else 1024
    run = Run(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * unit / 1e6, process.returncode)
    return run, said.decode("utf-8", "replace").strip()


def measure(tasks: Sequence[Task], repeat: int) -> dict[str, Measured]:
    """Run the tasks in turn, ``repeat`` times over, so that a noisy moment hits all of them alike.

    A task that takes more than ten seconds is not repeated.
    """
    results = {task.name: Measured(task.name, list(task.command)) for task in tasks}
    for number in range(repeat):
        for task in tasks:
            result = results[task.name]
            if result.failure or (number and (task.once or result.runs[0].cpu > 10)):
                continue
            if number == 0:
                print(f"    {task.name}", file=sys.stderr)
            try:
                run, said = run_once(task)
            except OSError as error:
                result.failure = str(error)
                continue
            if run.status not in task.allowed or "Traceback (most recent call last)" in said:
                last = said.splitlines()[-1] if said else ""
                result.failure = f"exit {run.status} {last}".strip()
                continue
            result.runs.append(run)
    return results
