"""Start commands of apps that run on several backends: gunicorn takes the worker that goes with ``DASH_BACKEND``."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from dash_migrate.deploy.commands import parse_flags
from dash_migrate.deploy.managers import retarget, without, worker_of
from dash_migrate.deploy.starts import Start, Starts
from dash_migrate.deploy.texts import Edit
from dash_migrate.rules_data import table

CONFIG = "gunicorn.conf.py"

_DOCSTRING = '''\
"""gunicorn reads this by itself: the worker that serves the backend which ``DASH_BACKEND`` names.

Put here by dash-migrate; yours to keep, read and change.
"""

'''


@dataclass
class Chosen:
    """What becomes of the start commands."""

    #: by path
    edits: dict[str, list[Edit]] = field(default_factory=dict)
    created: dict[str, str] = field(default_factory=dict)
    #: commands that go on serving Flask only
    left: list[Start] = field(default_factory=list)


def chosen(starts: Starts, choosers: Iterable[str], newline: str = "\n") -> Chosen:
    """The edits that let every gunicorn command of the project serve whatever backend is chosen.

    Args:
        starts: the commands, planned as for an ASGI server.
        choosers: the modules with ``BACKEND``, by path.
    """
    made = Chosen()
    choosers = sorted(choosers)
    said: dict[str, str] = {}
    for start in sorted(starts.found, key=_asks_for_a_worker):
        if start.plan.outcome == "nothing":
            continue
        lines = _lines(start, choosers) if _is_gunicorn(start) else None
        if lines is None:
            made.left.append(start)
            continue
        folder, text = lines
        config = starts.config_of(start.command)
        path = config.file.path if config is not None else posixpath.join(folder, CONFIG)
        if said.setdefault(path, text) != text:
            made.left.append(start)  # one configuration, and commands that ask for different workers
            continue
        if config is not None:
            old = config.file.text
            if path not in made.edits and "BACKEND" not in old:
                joint = "" if old.endswith("\n") or not old else newline
                made.edits[path] = [Edit(len(old), len(old), f"{joint}{newline}{text}")]
        else:
            made.created.setdefault(path, _DOCSTRING + text)
        made.edits.setdefault(start.file.path, []).extend(_on_the_command(start))
    return made


def _asks_for_a_worker(start: Start) -> bool:
    return _is_gunicorn(start) and worker_of(start.command) is not None


def _is_gunicorn(start: Start) -> bool:
    return start.command.manager in ("gunicorn", "gunicorn3") and start.plan.outcome in ("uvicorn", "worker")


def _on_the_command(start: Start) -> Iterator[Edit]:
    """The worker class goes to the configuration, and what is loaded is a server on every backend."""
    worker = worker_of(start.command)
    if worker is not None:
        yield from without(worker)
    if start.target is not None:
        yield from retarget(start.command, start.target)


def _lines(start: Start, choosers: list[str]) -> tuple[str, str] | None:
    """The folder gunicorn runs in, and the lines for its configuration; None where that cannot be told."""
    target, command = start.target, start.command
    if target is None or not target.path or any(f.name == "--chdir" for f in parse_flags(command, "gunicorn")[0]):
        return None
    stem = target.path.removesuffix(".py").removesuffix("/__init__")
    module = target.module.removesuffix(".py").replace(".", "/")
    if stem != module and not stem.endswith(f"/{module}"):
        return None
    folder = stem[: len(stem) - len(module)].rstrip("/")
    below = [c for c in choosers if not folder or c.startswith(f"{folder}/")]
    if not below:
        return None
    near = max(
        below, key=lambda c: len(posixpath.commonpath([posixpath.dirname(c) or ".", posixpath.dirname(stem) or "."]))
    )
    dotted = posixpath.relpath(near, folder or ".").removesuffix(".py").replace("/", ".")
    known = table("process_managers")
    worker = worker_of(command)
    asgi = f'worker_class = "{known["worker"]}"\n'
    if worker is None or worker.value in ("sync", None):
        choice = f'if BACKEND != "flask":\n    {asgi}'
    else:
        choice = f'if BACKEND == "flask":\n    worker_class = "{worker.value}"\nelse:\n    {asgi}'
    return folder, f"from {dotted} import BACKEND\n\n{choice}"
