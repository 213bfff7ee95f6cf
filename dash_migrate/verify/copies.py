"""The copies of a project that are booted: before, after the migration, and before once more."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from dash_migrate.fixes.plan import Strategy
from dash_migrate.model import Backend
from dash_migrate.verify.report import NOT_COPIED


class CopyError(RuntimeError):
    """A side cannot be put together; the message says why."""


@dataclass(frozen=True)
class Copies:
    """The three folders, all of the same name."""

    before: Path
    after: Path
    again: Path
    notes: tuple[str, ...] = ()
    #: the files that the migration changed
    changed: tuple[str, ...] = field(default=())


def make_copies(
    project: Path,
    into: Path,
    target: Backend,
    *,
    strategy: Strategy = "auto",
    migrated: Path | None = None,
    against: str | None = None,
) -> Copies:
    """Copy a project, and move one of the copies to ``target``.

    Args:
        project: its folder.
        into: an empty folder for the copies.
        strategy: how the copy is migrated.
        migrated: take this folder for *after* instead of migrating a copy.
        against: a Git revision of the project for *before*; *after* is the project as it is.

    Raises:
        CopyError: the project, the revision or the folder cannot be had.
    """
    places = {side: into / side / (project.resolve().name or "project") for side in ("before", "after", "again")}
    notes: list[str] = []
    changed: list[str] = []
    if against is not None:
        _of_revision(project, against, places["before"])
        _copy(project, places["after"])
    else:
        _copy(project, places["before"])
        _copy(migrated if migrated is not None else project, places["after"])
    _copy(places["before"], places["again"])
    if migrated is None and against is None:
        changed, notes = _migrate(places["after"], target, strategy)
    return Copies(places["before"], places["after"], places["again"], tuple(notes), tuple(changed))


def _copy(source: Path, into: Path) -> None:
    def unwanted(folder: str, names: list[str]) -> set[str]:
        found = {name for name in names if name in NOT_COPIED}
        for name in names:
            path = Path(folder, name)
            if (path / "pyvenv.cfg").is_file() or path.is_socket() or path.is_fifo():
                found.add(name)
        return found

    try:
        shutil.copytree(source, into, symlinks=True, ignore=unwanted, ignore_dangling_symlinks=True)
    except (OSError, shutil.Error) as error:
        raise CopyError(f"cannot copy {source}: {error}") from None


def _of_revision(project: Path, revision: str, into: Path) -> None:
    def git(*arguments: str) -> bytes:
        try:
            done = subprocess.run(["git", "-C", str(project), *arguments], capture_output=True, check=False)
        except OSError as error:
            raise CopyError(f"git cannot be run: {error}") from None
        if done.returncode:
            raise CopyError(done.stderr.decode("utf-8", "replace").strip() or f"git {arguments[0]} failed")
        return done.stdout

    inside = git("rev-parse", "--show-prefix").decode().strip().rstrip("/")
    commit = git("rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}").decode().strip()
    archive = git("archive", "--format=tar", f"{commit}:{inside}" if inside else commit)
    into.mkdir(parents=True)
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(into, filter="data") if hasattr(tarfile, "data_filter") else tar.extractall(into)


def _migrate(place: Path, target: Backend, strategy: Strategy) -> tuple[list[str], list[str]]:
    from dash_migrate.fix import fix
    from dash_migrate.writes.apply import apply
    from dash_migrate.writes.changes import WriteError

    with working_in(place):
        outcome = fix([Path(".")], (target,), strategy)
        try:
            apply(outcome.changes)
        except WriteError as error:
            raise CopyError(f"the copy cannot be migrated: {error}") from None
    notes = [f"fix: {error.path}: {error.message}" for error in outcome.errors]
    left = [f for f in outcome.report.findings if f.obligation != "optional"]
    if left:
        codes = ", ".join(sorted({f.code for f in left}))
        notes.append(f"fix leaves {len(left)} findings for a person ({codes}): differences may come from these")
    return [change.path for change in outcome.changes], notes


@contextmanager
def working_in(place: Path) -> Iterator[None]:
    """Change the working directory for a while: paths of findings and changes are relative to it."""
    earlier = Path.cwd()
    os.chdir(place)
    try:
        yield
    finally:
        os.chdir(earlier)
