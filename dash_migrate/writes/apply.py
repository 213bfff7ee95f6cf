"""Replace all files of a run, or none.

First everything that can fail without touching a file is done: the new contents are checked, the old ones
compared with what is on disk and put into a journal, the new ones written beside their files and synced. Then
each is moved into place, which replaces the old file in one step. If that fails half-way, the files moved so
far are put back; if the process dies, ``recover`` does so from the journal.
"""

from __future__ import annotations

import os
import stat
import uuid
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from dash_migrate.files.errors import SourceError, describe
from dash_migrate.files.source import read_bytes
from dash_migrate.model import FileError
from dash_migrate.writes.changes import Applied, Change, WriteError
from dash_migrate.writes.check import check
from dash_migrate.writes.journal import (
    Entry,
    Journal,
    abandoned,
    digest,
    journal_root,
    known_root,
    sync_directory,
    write_durably,
)

__all__ = ["Applied", "Change", "WriteError", "apply", "recover"]


def apply(changes: Iterable[Change], base: Path | str | None = None, root: Path | None = None) -> Applied:
    """Write the changes, all of them or none.

    Args:
        changes: paths are relative to ``base``; those that change nothing are not even opened.
        base: the working directory the paths are relative to.
        root: where the journal is kept.

    Raises:
        WriteError: and no file is other than it was, unless the error names it.
    """
    base_path = os.path.abspath(base if base is not None else os.getcwd())
    needed = [change for change in changes if change.is_needed]
    errors = [error for change in needed if (error := check(change)) is not None]
    planned: dict[str, tuple[Change, Entry]] = {}
    for change in needed:
        entry = _plan(change, base_path, errors)
        if entry is None:
            continue
        earlier = planned.get(entry.target)
        if earlier is not None and earlier[0].new != change.new:
            errors.append(FileError(change.path, f"is the same file as {earlier[0].path}, with other contents"))
        planned.setdefault(entry.target, (change, entry))
    if errors:
        raise WriteError(errors)
    if planned:
        _Run(list(planned.values()), root).run()
    done = [change for change, _ in planned.values()]
    return Applied(
        changed=[change.path for change in done if not change.is_new_file],
        created=[change.path for change in done if change.is_new_file],
    )


def _plan(change: Change, base: str, errors: list[FileError]) -> Entry | None:
    """Where the change goes, provided that nothing has happened there since the file was read."""
    # A link stays a link: what it leads to is replaced.
    target = os.path.realpath(os.path.join(base, change.path))
    temporary = os.path.join(
        os.path.dirname(target), f".{os.path.basename(target)}.{uuid.uuid4().hex[:8]}.dash-migrate"
    )
    new_hash = digest(change.new)
    try:
        found = read_bytes(change.path, target) if os.path.lexists(target) else None
        mode = None if found is None else stat.S_IMODE(os.stat(target).st_mode)
    except (SourceError, OSError) as error:
        reason = error.message if isinstance(error, SourceError) else describe(error)
        errors.append(FileError(change.path, f"cannot be checked before writing: {reason}"))
        return None
    if found is None:
        if change.old is None:
            return Entry(change.path, target, temporary, new_hash)
        errors.append(FileError(change.path, "was there when it was read and is gone now; run again"))
    elif found == change.new:
        return None
    elif change.old is None:
        errors.append(FileError(change.path, "is to be created but exists already; move it away or rename it"))
    elif found != change.old:
        errors.append(FileError(change.path, "has changed since it was read; run again"))
    elif not os.access(target, os.W_OK):
        errors.append(FileError(change.path, "is read-only; make it writable or leave it out"))
    else:
        return Entry(change.path, target, temporary, new_hash, digest(found), uuid.uuid4().hex, mode)
    return None


class _Run:
    def __init__(self, planned: list[tuple[Change, Entry]], root: Path | None) -> None:
        self.planned = planned
        self.root = root
        self.made = _missing(entry.target for _, entry in planned)

    def run(self) -> None:
        entries = [entry for _, entry in self.planned]
        old = {entry.target: change.old for change, entry in self.planned if change.old is not None}
        try:
            root = self.root if self.root is not None else journal_root()
            root.mkdir(parents=True, exist_ok=True)
            journal = Journal.begin(root, entries, old, self.made)
        except OSError as error:
            message = f"cannot be copied before writing ({describe(error)}); set TMPDIR to where there is room"
            raise WriteError([FileError(entries[0].path, message)]) from None
        current = entries[0]
        try:
            for directory in self.made:
                current = next(e for e in entries if e.target.startswith(os.path.join(directory, "")))
                os.mkdir(directory)
            for change, current in self.planned:
                write_durably(current.temporary, change.new, 0o666 if change.is_new_file else 0o600)
                _take_over(current)
            for _, current in self.planned:
                os.replace(current.temporary, current.target)
            for directory in sorted({os.path.dirname(entry.target) for entry in entries}):
                sync_directory(directory)
        except BaseException as error:
            left = self.take_back(journal, entries)
            if left:
                journal.release()
            else:
                journal.discard()
            if isinstance(error, OSError):
                raise WriteError([FileError(current.path, _advice(error))], left) from None
            raise
        journal.discard()

    def take_back(self, journal: Journal, entries: Sequence[Entry]) -> list[FileError]:
        left: list[FileError] = []
        for entry in entries:
            with suppress(OSError):
                os.unlink(entry.temporary)
            # Asked of the file itself: an interrupt can come between a replacement and the note of it.
            if _state(entry) == "new" and (error := _restore(journal, entry)) is not None:
                left.append(error)
        for directory in reversed(self.made):
            with suppress(OSError):
                os.rmdir(directory)
        return left


def recover(places: Iterable[Path | str] = (), root: Path | None = None) -> tuple[list[str], list[FileError]]:
    """Take back what runs on files below ``places`` left half-done when they were killed.

    A run that was killed after its last replacement is done and stays so.

    Args:
        places: files and directories (default: the working directory).
        root: where the journals are.

    Returns:
        the files that hold their old contents again, and those that somebody has changed in the meantime; of
        the latter, told once, the old contents stay where the error says.
    """
    below = [os.path.realpath(place) for place in places] or [os.path.realpath(os.getcwd())]
    restored: list[str] = []
    errors: list[FileError] = []
    root = root if root is not None else known_root()
    for journal in abandoned(root) if root is not None else ():
        entries = journal.read()
        if entries is None:
            if journal.is_fresh or journal.is_settled:
                journal.release()
            else:
                journal.discard()
            continue
        if not any(_is_below(entry.target, place) for entry in entries for place in below):
            journal.release()
            continue
        _take_back_killed(journal, entries, restored, errors)
    return restored, errors


def _take_back_killed(journal: Journal, entries: Sequence[Entry], restored: list[str], errors: list[FileError]) -> None:
    changed, stuck = [], []
    states = [_state(entry) for entry in entries]
    is_done = "old" not in states
    for entry, state in zip(entries, states, strict=True):
        with suppress(OSError):
            os.unlink(entry.temporary)
        if is_done:
            continue
        if state == "new":
            error = _restore(journal, entry)
            if error is None:
                restored.append(entry.path)
            else:
                stuck.append(error)
        elif state == "other":
            changed.append(_kept(journal, entry, "has changed since dash-migrate was interrupted"))
    for directory in reversed(journal.made):
        with suppress(OSError):
            os.rmdir(directory)
    errors += [*changed, *stuck]
    if stuck:
        journal.release()
    elif changed:
        journal.settle()
    else:
        journal.discard()


def _missing(targets: Iterable[str]) -> list[str]:
    """The directories that the files need and that are not there, outermost first."""
    missing: dict[str, None] = {}
    for target in targets:
        levels = []
        directory = os.path.dirname(target)
        while directory not in missing and not os.path.isdir(directory):
            levels.append(directory)
            directory = os.path.dirname(directory)
        missing.update(dict.fromkeys(reversed(levels)))
    return list(missing)


def _is_below(path: str, place: str) -> bool:
    return path == place or path.startswith(os.path.join(place, ""))


def _state(entry: Entry) -> str:
    """What a file holds after a crash: ``old``, ``new`` or something ``other``."""
    try:
        found = digest(read_bytes(entry.path, entry.target)) if os.path.lexists(entry.target) else None
    except SourceError:
        return "other"
    if found == entry.old_hash:
        return "old"
    return "new" if found == entry.new_hash else "other"


def _restore(journal: Journal, entry: Entry) -> FileError | None:
    """Give a file its old contents back; None: it has them."""
    try:
        if entry.backup is None:
            os.unlink(entry.target)
            return None
        with suppress(FileNotFoundError):
            os.unlink(entry.temporary)
        write_durably(entry.temporary, journal.backup_of(entry))
        _take_over(entry)
        os.replace(entry.temporary, entry.target)
    except OSError as error:
        return _kept(journal, entry, f"holds the new contents and could not be taken back ({describe(error)})")
    return None


def _kept(journal: Journal, entry: Entry, what: str) -> FileError:
    if entry.backup is None:
        return FileError(entry.path, f"{what}; it did not exist before")
    return FileError(entry.path, f"{what}; what it held before is in {journal.directory / entry.backup}")


def _take_over(entry: Entry) -> None:
    """Give the temporary file the permissions and the owner of the file it will replace."""
    if entry.mode is None:
        return
    if hasattr(os, "chown") and os.path.exists(entry.target):
        now, made = os.stat(entry.target), os.stat(entry.temporary)
        if (now.st_uid, now.st_gid) != (made.st_uid, made.st_gid):
            with suppress(OSError):
                os.chown(entry.temporary, now.st_uid, now.st_gid)
    os.chmod(entry.temporary, entry.mode)


def _advice(error: OSError) -> str:
    import errno

    advice = {
        errno.ENOSPC: "free some space and run again",
        errno.EDQUOT: "free some space and run again",
        errno.EROFS: "the file system is read-only",
        errno.EACCES: "dash-migrate needs to write to the directory the file is in",
        errno.EPERM: "dash-migrate needs to write to the directory the file is in",
        errno.ENOENT: "its directory is gone; run again",
    }.get(error.errno or 0)
    reason = describe(error)
    return f"cannot be written: {reason}" + (f"; {advice}" if advice else "")
