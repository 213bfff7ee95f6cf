"""Verify a whole project: copy it, migrate the copy, boot both, ask both the same, compare."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from dash_migrate.fixes.plan import Strategy
from dash_migrate.project import Loaded, load
from dash_migrate.verify.boot import BootError, Server
from dash_migrate.verify.copies import Copies, make_copies, working_in
from dash_migrate.verify.derive.explore import Explorer
from dash_migrate.verify.derive.known import Known, known
from dash_migrate.verify.judge import Compared, judge
from dash_migrate.verify.lockstep import Enough, Lockstep, Place
from dash_migrate.verify.start_points import StartPoint, asgi_targets, given, needed_environment, start_points
from dash_migrate.verify.steps import ServerKind, Step, WebSocket

Target = Literal["flask", "fastapi", "quart"]
SERVERS: Mapping[str, ServerKind] = {"flask": "werkzeug", "fastapi": "asgi", "quart": "hypercorn"}
MOST_TRIES = 4
"""Ways of starting an app that are tried before it is given up."""


@dataclass(frozen=True)
class Booted:
    """How one side was started."""

    target: str
    server: str
    interpreter: str
    seconds: float
    why: str = ""
    log: str = ""


@dataclass
class Verification:
    """What came out."""

    project: str
    target: Target
    before: Booted
    after: Booted
    compared: list[Compared] = field(default_factory=list)
    changed: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def different(self) -> list[Compared]:
        """The requests with differences, in the order they were asked."""
        return [one for one in self.compared if one.differences]

    @property
    def opened(self) -> list[Compared]:
        """The requests that were refused before and are not now."""
        return [one for one in self.compared if any(found.opened for found in one.differences)]

    @property
    def ok(self) -> bool:
        return not self.different

    def __str__(self) -> str:
        head = f"{self.project}: {len(self.compared) - len(self.different)} of {len(self.compared)} requests equal"
        lines = [str(found) for one in self.different for found in one.differences]
        return "\n".join([head, *(f"  {line}" for line in lines), *(f"  note: {note}" for note in self.notes)])


def verify_project(
    path: Path | str,
    target: Target = "fastapi",
    *,
    strategy: Strategy = "auto",
    migrated: Path | str | None = None,
    against: str | None = None,
    app: str | None = None,
    after_app: str | None = None,
    start: tuple[StartPoint, StartPoint] | None = None,
    python: str = sys.executable,
    python_before: str | None = None,
    env: Mapping[str, str] | None = None,
    steps: Sequence[Step] | None = None,
    derive: bool | None = None,
    credentials: Sequence[tuple[str, str]] = (),
    host: str = "localhost:8050",
    parallel: int = 4,
    most: int = 1200,
    seconds: float = 90.0,
    timeout: float = 10.0,
    boot_timeout: float = 60.0,
    offline: bool = True,
    on_progress: Callable[[str], None] | None = None,
) -> Verification:
    """Boot a project before and after its migration, ask both the same, and compare. Runs the project's code.

    Args:
        path: the project's folder, or its script.
        target: the backend that *after* runs on.
        strategy: how a copy is migrated, if neither ``migrated`` nor ``against`` is given.
        migrated: a folder with the migrated project.
        against: a Git revision for *before*; *after* is the project as it is.
        app: what to start, ``module:attr`` or a script; by default it is found.
        after_app: the same for *after*, if it is another one.
        start: the same for both sides, more exactly.
        python: the interpreter with the app's packages; ``python_before`` for *before*, if it is another one.
        env: variables for both sides.
        steps: what to ask; derived from the app by default.
        derive: also derive requests, although there are ``steps``.
        credentials: names and passwords to try at logins.
        host: the Host header, so that absolute URLs in answers can be compared.
        parallel: how often the slowest request is sent at once; 0 or 1: not at all.
        most: how many requests are derived at most, in ``seconds`` at most.
        timeout: seconds for one answer.
        boot_timeout: seconds until an app must answer.
        offline: refuse connections beyond this machine.
        on_progress: called with one line for each stage.

    Raises:
        BootError: a side does not come up; the message ends with the tail of its log.
        CopyError: a side cannot be put together.
    """
    say = on_progress or (lambda line: None)
    began = time.monotonic()
    where = Path(path)
    folder = where if where.is_dir() else where.parent
    scratch = Path(tempfile.mkdtemp(prefix="dash-migrate-verify-"))
    try:
        say("copying and migrating" if migrated is None and against is None else "copying")
        copies = make_copies(
            folder,
            scratch,
            target,
            strategy=strategy,
            migrated=Path(migrated) if migrated is not None else None,
            against=against,
        )
        with working_in(copies.before):
            loaded = load([Path(".")])
        wanted = app if app is not None else (where.name if where.is_file() else None)
        points = [given(wanted, copies.before)] if wanted else start_points(loaded, copies.before)
        setup = _Setup(
            copies,
            loaded,
            target,
            [start[0]] if start is not None and not wanted else points,
            given(after_app, copies.after) if after_app else start[1] if start is not None and not app else None,
            python,
            python_before or python,
            {**needed_environment(loaded), **(env or {})},
            boot_timeout,
            offline,
            say,
        )
        with _running(setup) as running:
            found = Verification(folder.resolve().name, target, running.booted[0], running.booted[1])
            found.notes += [*copies.notes, *running.notes]
            found.changed = copies.changed
            lockstep = Lockstep(*running.places, host=host, most=most, seconds=seconds, websockets=target != "flask")
            say("asking")
            _ask(lockstep, running, setup, found, steps, derive, credentials, parallel, timeout, host)
            say("comparing")
            found.compared = judge(lockstep)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    found.seconds = time.monotonic() - began
    return found


def _ask(
    lockstep: Lockstep,
    running: _Running,
    setup: _Setup,
    found: Verification,
    steps: Sequence[Step] | None,
    derive: bool | None,
    credentials: Sequence[tuple[str, str]],
    parallel: int,
    timeout: float,
    host: str,
) -> None:
    try:
        for step in steps or ():
            if isinstance(step, WebSocket) and not lockstep.websockets:
                continue
            lockstep.ask(step, "given")
    except Enough:
        found.notes.append("not all of the given requests were sent: too many, or too slow")
        return
    if derive or (derive is None and steps is None):

        def describe() -> Known:
            made = known(running.servers[0].described(), setup.loaded, setup.copies.before, setup.env)
            for name, value in setup.env.items():
                if "PASS" in name or "PWD" in name:
                    made.credentials.passwords.append(value)
                elif "USER" in name:
                    made.credentials.users.append(value)
            made.credentials.pairs[:0] = list(credentials)
            return made

        explorer = Explorer(lockstep, describe, host=host, timeout=timeout)
        explorer.run(parallel)
        found.notes += explorer.notes


# --- booting


@dataclass(frozen=True)
class _Setup:
    copies: Copies
    loaded: Loaded
    target: Target
    points: Sequence[StartPoint]
    after: StartPoint | None
    python: str
    python_before: str
    env: Mapping[str, str]
    timeout: float
    offline: bool
    say: Callable[[str], None]


@dataclass
class _Running:
    servers: list[Server]
    places: list[Place]
    booted: list[Booted]
    notes: list[str]


@contextlib.contextmanager
def _running(setup: _Setup) -> Iterator[_Running]:
    """The three servers, up; the first way to start the app that works. Raises BootError."""
    if not setup.points:
        raise BootError("no Dash app was found here; name it with --app module:name")
    failures: list[BootError] = []
    notes: list[str] = []
    for point in setup.points[:MOST_TRIES]:
        setup.say(f"booting {point.target} ({point.why})")
        servers = _servers(setup, point)
        began = time.monotonic()
        try:
            for server in servers:
                server.launch()
            try:
                for server in (servers[0], servers[2]):
                    server.wait()
            except BootError as error:
                failures.append(error)
                continue
            after, after_point = _after(setup, point, servers[1])
            servers[1] = after
            took = time.monotonic() - began
            if setup.env:
                notes.append("set for both sides: " + ", ".join(setup.env))
            kinds = ("werkzeug", SERVERS[setup.target])
            booted = [
                Booted(one.target, _server_name(kind), python, took, one.why)
                for one, kind, python in zip(
                    (point, after_point), kinds, (setup.python_before, setup.python), strict=True
                )
            ]
            folders = (setup.copies.before, setup.copies.after, setup.copies.again)
            places = [
                Place(server.address, _own_texts(server, folder))
                for server, folder in zip(servers, folders, strict=True)
            ]
            yield _Running(servers, places, booted, notes)
            return
        finally:
            for server in servers:
                server.stop()
    raise failures[0] if len(failures) == 1 else _best(failures)


def _servers(setup: _Setup, point: StartPoint) -> list[Server]:
    copies = setup.copies
    return [
        _server(setup, copies.before, point, "werkzeug", setup.python_before, describe=True),
        _server(setup, copies.after, _after_points(setup, point)[0], SERVERS[setup.target], setup.python),
        _server(setup, copies.again, point, "werkzeug", setup.python_before),
    ]


def _server(
    setup: _Setup, folder: Path, point: StartPoint, kind: ServerKind, python: str, *, describe: bool = False
) -> Server:
    extra: dict[str, str] = (
        {"DASH_BACKEND": setup.target} if folder == setup.copies.after else {"DASH_BACKEND": "flask"}
    )
    if point.argv:
        extra["DASH_MIGRATE_ARGV"] = json.dumps(point.argv)
    return Server(
        folder,
        point.target,
        kind,
        cwd=point.cwd,
        sys_path=point.sys_path,
        env={**setup.env, **extra},
        interpreter=python,
        timeout=setup.timeout,
        offline=setup.offline,
        describe=describe,
    )


def _after_points(setup: _Setup, point: StartPoint) -> list[StartPoint]:
    """How *after* can be started: as its own deploy files say, as *before* was."""
    if setup.after is not None:
        return [setup.after]
    module = point.target.partition(":")[0]
    found = [StartPoint(one, point.cwd, point.sys_path, "its deploy files") for one in asgi_targets(setup.copies.after)]
    same = [one for one in found if one.target.partition(":")[0] == module]
    return list(dict.fromkeys([*same, point, *found]))


def _after(setup: _Setup, point: StartPoint, first: Server) -> tuple[Server, StartPoint]:
    """The migrated app, up. Raises BootError."""
    points = _after_points(setup, point)
    failures: list[BootError] = []
    server = first
    for number, one in enumerate(points[:MOST_TRIES]):
        try:
            if number:
                server = _server(setup, setup.copies.after, one, SERVERS[setup.target], setup.python)
                server.start()
            else:
                server.wait()
            return server, one
        except BootError as error:
            failures.append(error)
    raise BootError("\n".join([f"after the migration: {failures[0]}", *setup.copies.notes]))


def _best(failures: Sequence[BootError]) -> BootError:
    """What to say if no way to start the app works: each with the end of its log, the first with more of it."""
    tried = []
    for one in failures:
        head, *log = str(one).splitlines()
        last = next((line for line in reversed(log) if line.strip()), "")
        tried.append(f"  {head.partition(' in ')[0]}: {last.strip()}")
    return BootError(f"before the migration: {failures[0]}\ntried:\n" + "\n".join(tried))


def _server_name(kind: str) -> str:
    return {"werkzeug": "Flask on Werkzeug", "asgi": "uvicorn"}.get(kind, kind)


def _own_texts(server: Server, folder: Path) -> tuple[tuple[str, str], ...]:
    """What answers may hold of this very run."""
    pairs = [(str(folder.resolve()), "<app>"), (str(folder), "<app>"), *server.own_texts()]
    return tuple(dict.fromkeys(pairs))


def missing_package(error: BootError, project: Path) -> str:
    """The package that a log says is not installed, empty if it says nothing of the kind."""
    names = re.findall(r"ModuleNotFoundError: No module named '([\w.]+)'", str(error))
    found = list(dict.fromkeys(name.split(".")[0] for name in names))
    own = {path.stem for path in project.rglob("*.py")} | {path.parent.name for path in project.rglob("*.py")}
    return next((name for name in found if name not in own and not name.startswith("dash_on_")), "")


__all__ = ["Booted", "Target", "Verification", "missing_package", "verify_project"]
