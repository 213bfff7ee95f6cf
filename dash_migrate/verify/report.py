"""Play one requests file against an app before and after, and say what differs."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from dash_migrate.verify.boot import Server
from dash_migrate.verify.client import Answer
from dash_migrate.verify.compare import Difference, compare_answers
from dash_migrate.verify.replay import play
from dash_migrate.verify.requests_file import load
from dash_migrate.verify.steps import Parallel, RequestsFile, ServerKind, Step, WebSocket

NOT_COPIED = (".git", "__pycache__", "node_modules", ".venv", ".mypy_cache", ".pytest_cache")


Side = Literal["before", "after"]
BEFORE: Side = "before"
AFTER: Side = "after"
ASGI_KINDS: tuple[ServerKind, ...] = ("uvicorn", "hypercorn", "script", "asgi")


@dataclass(frozen=True)
class Start:
    """How one side is served: ``env`` and ``options`` are added to what the requests file says.

    ``timeout`` is in seconds, until the server answers.
    """

    kind: ServerKind
    interpreter: str = sys.executable
    options: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 60.0


@dataclass(frozen=True)
class Played:
    """One side of a replay: the answers by step, and what the server printed."""

    answers: Mapping[str, tuple[Answer, ...]]
    log: str


@dataclass(frozen=True)
class Report:
    """The comparison of one app before and after."""

    name: str
    answers: int
    differences: tuple[Difference, ...]
    before: Played
    after: Played

    @property
    def ok(self) -> bool:
        return not self.differences

    @property
    def opened(self) -> tuple[str, ...]:
        """Names of requests that were refused before and are not now, in order, each once."""
        return tuple(dict.fromkeys(item.name for item in self.differences if item.opened))

    @property
    def unequal(self) -> int:
        """How many requests have at least one difference."""
        return len({item.name for item in self.differences})

    def __str__(self) -> str:
        equal = self.answers - self.unequal
        head = f"{self.name}: {equal} of {self.answers} answers equal"
        if self.opened:
            head += f", {len(self.opened)} MORE OPEN than before"
        return "\n".join([head, *(f"  {line}" for line in map(str, self.differences))])


def replay_both(
    before_dir: Path,
    after_dir: Path,
    requests: RequestsFile | Path,
    *,
    before: Start | ServerKind | None = None,
    after: Start | ServerKind = "uvicorn",
    copy: bool = True,
    on_answer: Callable[[Side, Answer], None] | None = None,
) -> Report:
    """Boot both apps one after the other, play the requests against each, and compare.

    ``before`` defaults to the kind of server that the requests file names. With ``copy`` each app runs in a
    temporary copy, so that what it writes does not meet the next run.
    Raises BootError, RequestsFileError or OSError.
    """
    plan = requests if isinstance(requests, RequestsFile) else load(requests)
    before, after = _as_start(before or plan.kind), _as_start(after)
    if after.kind == "uvicorn" and before.kind != "gunicorn":  # only gunicorn believes X-Forwarded-Proto, too
        after = replace(after, options=[*after.options, "--no-proxy-headers"])
    played = [
        play_one(directory, plan, side, start, copy=copy, on_answer=on_answer)
        for directory, side, start in ((before_dir, BEFORE, before), (after_dir, AFTER, after))
    ]
    return compare_played(plan.path.resolve().parent.name, plan, *played)


def _as_start(start: Start | ServerKind) -> Start:
    return start if isinstance(start, Start) else Start(start)


def play_one(
    directory: Path,
    plan: RequestsFile,
    side: Side,
    start: Start | ServerKind,
    *,
    copy: bool = True,
    on_answer: Callable[[Side, Answer], None] | None = None,
) -> Played:
    """Boot one side, play the requests, stop it. Raises BootError or OSError."""
    start = _as_start(start)
    script = start.kind == "script"
    with _place(directory, copy) as place:
        server = Server(
            place,
            plan.target if side == "before" else plan.after_target,
            start.kind,
            cwd=plan.cwd,
            sys_path=plan.sys_path,
            env={**plan.env, **start.env},
            options=[*plan.argv, *start.options] if script else start.options,
            port=plan.port if script else None,
            interpreter=start.interpreter,
            timeout=start.timeout,
        )
        with server:
            answers = play(
                plan.steps,
                server.address,
                host=plan.host,
                websockets=side == AFTER and start.kind in ASGI_KINDS,
                on_answer=None if on_answer is None else lambda answer: on_answer(side, answer),
            )
        of_this_run = ((str(place.resolve()), "<app>"), (str(server.address), "<address>"))
        kept = {name: tuple(neutral(one, of_this_run) for one in some) for name, some in answers.items()}
        return Played(kept, server.log())


def compare_played(name: str, plan: RequestsFile, before: Played, after: Played) -> Report:
    """Compare two sides that played the same requests."""
    differences: list[Difference] = []
    count = 0
    for step in plan.steps:
        old, new = before.answers.get(step.name, ()), after.answers.get(step.name, ())
        count += max(len(old), len(new))
        differences += _step_differences(step, old, new)
    return Report(name, count, tuple(differences), before, after)


def _step_differences(step: Step, old: Sequence[Answer], new: Sequence[Answer]) -> Iterator[Difference]:
    if isinstance(step, WebSocket):
        for answer in new:
            got = _handshake_outcome(answer)
            if got != step.after:
                seen = f"{got} ({answer.status} {answer.error})"
                yield Difference(step.name, "websocket", step.after, seen, opened=got == "open")
        return
    rules = step.request.rules if isinstance(step, Parallel) else step.rules
    for one, other in zip(old, new, strict=False):
        yield from compare_answers(one, other, rules)
    if len(old) != len(new):
        yield Difference(step.name, "answers", _chain(old), _chain(new))
    if isinstance(step, Parallel):
        yield from _too_slow(step, old, new)


def _handshake_outcome(answer: Answer) -> str:
    """``open``, ``refused`` (3xx and 4xx), or ``broken``: a server error refuses by accident only."""
    if answer.status == 101:
        return "open"
    return "refused" if 300 <= answer.status < 500 else "broken"


def _too_slow(step: Parallel, old: Sequence[Answer], new: Sequence[Answer]) -> Iterator[Difference]:
    took = [max((answer.elapsed for answer in side), default=0.0) for side in (old, new)]
    if max(took) > step.max_seconds:
        shown = [f"{seconds:.2f} s for {step.count} at once" for seconds in took]
        yield Difference(step.name, "time", f"{shown[0]} (at most {step.max_seconds:g} s)", shown[1])


def _chain(answers: Sequence[Answer]) -> str:
    return " > ".join(f"{answer.status} {answer.path}" for answer in answers)


def neutral(answer: Answer, replaced: Sequence[tuple[str, str]]) -> Answer:
    """The answer without the directory and the port of this very run."""
    headers, body, path = answer.headers, answer.body, answer.path
    for text, name in replaced:
        headers = tuple((key, value.replace(text, name)) for key, value in headers)
        body, path = body.replace(text.encode(), name.encode()), path.replace(text, name)
    return replace(answer, headers=headers, body=body, path=path)


@contextmanager
def _place(directory: Path, copy: bool) -> Iterator[Path]:
    if not copy:
        yield directory
        return
    with tempfile.TemporaryDirectory(prefix="dash-migrate-app-", ignore_cleanup_errors=True) as scratch:
        place = Path(scratch) / directory.name
        shutil.copytree(directory, place, symlinks=True, ignore=shutil.ignore_patterns(*NOT_COPIED))
        yield place
