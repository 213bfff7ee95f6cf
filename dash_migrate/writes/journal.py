"""What a run is about to replace, kept on disk until it is done, so that a crash can be undone."""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

_MANIFEST = "journal.json"
_SETTLED = "settled.json"
_LOCK = "lock"


@dataclass(frozen=True)
class Entry:
    """One file of a run: where it is, what it held, what it is to hold. ``backup`` None: it did not exist."""

    path: str
    target: str
    temporary: str
    new_hash: str
    old_hash: str | None = None
    backup: str | None = None
    mode: int | None = None


def digest(data: bytes) -> str:
    return sha256(data).hexdigest()


class Journal:
    """The record of one run, in a directory of its own."""

    def __init__(self, directory: Path, lock: int | None) -> None:
        self.directory = directory
        #: directories that the run makes, outermost first
        self.made: list[str] = []
        self._lock = lock

    @classmethod
    def begin(cls, root: Path, entries: list[Entry], old: dict[str, bytes], made: list[str]) -> Journal:
        """Put the old contents on disk, and then the list that makes them count."""
        directory = Path(tempfile.mkdtemp(prefix="run-", dir=root))
        journal = cls(directory, _hold(directory / _LOCK))
        try:
            for entry in entries:
                if entry.backup is not None:
                    write_durably(str(directory / entry.backup), old[entry.target])
            record = {"entries": [asdict(entry) for entry in entries], "made": made}
            unfinished = str(directory / (_MANIFEST + ".part"))
            write_durably(unfinished, json.dumps(record).encode())
            os.replace(unfinished, directory / _MANIFEST)
            sync_directory(str(directory))
        except BaseException:
            journal.discard()
            raise
        return journal

    def read(self) -> list[Entry] | None:
        """The entries; None if the run had not got to changing anything."""
        try:
            record = json.loads((self.directory / _MANIFEST).read_bytes())
            self.made = record["made"]
            return [Entry(**entry) for entry in record["entries"]]
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def backup_of(self, entry: Entry) -> bytes:
        return (self.directory / (entry.backup or "")).read_bytes()

    @property
    def is_fresh(self) -> bool:
        """Whether it may belong to a run that is just beginning and has not locked it yet."""
        try:
            return time.time() - self.directory.stat().st_mtime < 60
        except OSError:
            return True

    @property
    def is_settled(self) -> bool:
        """Whether all has been said of it, and only what the files held is still kept."""
        return (self.directory / _SETTLED).exists()

    def settle(self) -> None:
        """Keep what the files held, for people; there is nothing to take back any more."""
        with suppress(OSError):
            os.replace(self.directory / _MANIFEST, self.directory / _SETTLED)
        self.release()

    def discard(self) -> None:
        """Forget the run. Taking the list away is what settles it; the rest is tidying."""
        with suppress(OSError):
            (self.directory / _MANIFEST).unlink(missing_ok=True)
        self.release()
        shutil.rmtree(self.directory, ignore_errors=True)

    def release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def journal_root() -> Path:
    """The directory for journals of this user, made if need be. Somebody else's is never trusted."""
    root = _usual_root()
    with suppress(FileExistsError):
        root.mkdir(mode=0o700)
    return root if _is_own(root) else Path(tempfile.mkdtemp(prefix=".dash-migrate-"))


def known_root() -> Path | None:
    """The same if it is there; nothing is made."""
    try:
        root = _usual_root()
        return root if _is_own(root) else None
    except OSError:
        return None


def _usual_root() -> Path:
    user = os.getuid() if hasattr(os, "getuid") else 0
    return Path(tempfile.gettempdir()) / f".dash-migrate-{user}"


def _is_own(root: Path) -> bool:
    status = os.lstat(root)
    foreign = hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & 0o077)
    return not foreign and stat.S_ISDIR(status.st_mode)


def abandoned(root: Path) -> Iterator[Journal]:
    """The journals of runs that ended without finishing."""
    try:
        directories = sorted(one for one in root.iterdir() if one.name.startswith("run-") and one.is_dir())
    except OSError:
        return
    for directory in directories:
        lock = _hold(directory / _LOCK)
        if lock is not None:
            yield Journal(directory, lock)


def _hold(path: Path) -> int | None:
    """Lock a file for as long as this process lives; None: another process has it."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        return None
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


def write_durably(path: str, data: bytes, mode: int = 0o600) -> None:
    """Create a file and have it on the disk before returning; on failure it is not there."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with suppress(OSError):
            os.unlink(path)
        raise


def sync_directory(path: str) -> None:
    """Have a directory's entries on the disk, where the system can."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return
    with suppress(OSError):
        os.fsync(handle)
    os.close(handle)
