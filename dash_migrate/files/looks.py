"""What a run looked at on disk: enough to tell later whether it would see the same again.

Files are read through ``files.source.read_bytes`` and folders listed through ``names_in``; both tell the recording
that is under way, if one is.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

#: the digest of what cannot be read, whatever the reason
UNREADABLE = ""


class Looks:
    """The files that were read and the folders that were listed, each with a digest of what was seen."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        #: by folder and the ends of the names that were asked for
        self.folders: dict[tuple[str, tuple[str, ...]], str] = {}
        #: whether something was seen in two states
        self.is_torn = False

    def file(self, location: str, data: bytes | None) -> None:
        """A file was read, or could not be."""
        seen = UNREADABLE if data is None else digest(data)
        if self.files.setdefault(location, seen) != seen:
            self.is_torn = True

    def folder(self, location: str, ends: tuple[str, ...], names: list[str] | None) -> None:
        """A folder was listed, or could not be."""
        seen = UNREADABLE if names is None else digest("\0".join(names).encode("utf-8", "surrogatepass"))
        if self.folders.setdefault((location, ends), seen) != seen:
            self.is_torn = True

    def take(self, other: Looks | None) -> None:
        """Take in what was seen in another process; None: it died, and what it saw is not known."""
        if other is None:
            self.is_torn = True
            return
        for location, seen in other.files.items():
            self.is_torn |= self.files.setdefault(location, seen) != seen
        for listed, seen in other.folders.items():
            self.is_torn |= self.folders.setdefault(listed, seen) != seen
        self.is_torn |= other.is_torn


_recording: ContextVar[Looks | None] = ContextVar("recording", default=None)


def recording() -> Looks | None:
    """The recording that is under way."""
    return _recording.get()


@contextmanager
def recorded(looks: Looks) -> Iterator[Looks]:
    """Record what is looked at."""
    token = _recording.set(looks)
    try:
        yield looks
    finally:
        _recording.reset(token)


def stop() -> None:
    """End the recording that is under way: what it costs is more than it could save."""
    _recording.set(None)


def digest(data: bytes) -> str:
    """What stands for the contents of a file."""
    return hashlib.sha256(data).hexdigest()


def names_in(location: str, ends: tuple[str, ...]) -> list[str]:
    """The names in a folder that end in one of ``ends``, whatever their case; none if it cannot be listed."""
    try:
        names = sorted(name for name in os.listdir(location) if name.lower().endswith(ends))
    except OSError:
        names = None
    looks = _recording.get()
    if looks is not None:
        looks.folder(location, ends, names)
    return names or []
