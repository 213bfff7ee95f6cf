"""Files with answers in a folder: whole or not there at all, and never too many."""

from __future__ import annotations

import json
import os
import re
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from dash_migrate.files.looks import digest

#: counted up when what is in the files changes
SCHEMA = 1
MOST_BYTES = 64 * 1024 * 1024
MOST_FILES = 100

_NAME = re.compile(r"[0-9a-f]{32}-[0-9a-f]{32}")
_TEMPORARY = re.compile(r"[0-9a-f]{32}-[0-9a-f]{32}\.[\w-]+\.tmp")
#: seconds after which a file that somebody was writing has been left behind
_LEFT_BEHIND = 3600.0
_IGNORE = "# Made by dash-migrate.\n*\n"


class Store:
    """The answers in one folder. Nothing here raises because of what is on disk: what cannot be used is not there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / f"check-{SCHEMA}"

    def has(self, question: str) -> bool:
        """Whether there is any answer to a question, whatever the state of the project was."""
        try:
            return any(name.startswith(question) for name in os.listdir(self.folder))
        except (OSError, ValueError):
            return False

    def load(self, question: str, state: str) -> dict[str, Any] | None:
        """The answer to a question in a state of the project."""
        path = self.folder / _name(question, state)
        try:
            check, _, body = path.read_bytes().partition(b"\n")
            if digest(body).encode() != check:
                return None
            data = json.loads(body)
        except (OSError, ValueError, RecursionError, MemoryError):
            return None
        with suppress(OSError):
            os.utime(path)  # it is wanted: the last one to be dropped
        return data if isinstance(data, dict) else None

    def save(self, question: str, state: str, data: dict[str, Any]) -> None:
        """Keep an answer; the oldest ones make room for it."""
        import tempfile

        try:
            body = json.dumps(data, separators=(",", ":")).encode("ascii")
            if len(body) > MOST_BYTES // 2:
                return
            self._make_folder()
            name = _name(question, state)
            handle, temporary = tempfile.mkstemp(prefix=f"{name}.", suffix=".tmp", dir=self.folder)
        except (OSError, ValueError, TypeError):
            return
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(digest(body).encode() + b"\n" + body)
            os.replace(temporary, self.folder / name)
        except OSError:
            with suppress(OSError):
                os.unlink(temporary)
        self._make_room()

    def _make_folder(self) -> None:
        if not self.folder.is_dir():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self.folder / ".gitignore").write_text(_IGNORE, encoding="ascii")

    def _make_room(self) -> None:
        """Drop the answers that were not asked for longest, and what was left behind by runs that ended early."""
        found = []
        with suppress(OSError), os.scandir(self.folder) as entries:
            for entry in entries:
                with suppress(OSError):
                    state = entry.stat(follow_symlinks=False)
                    if _NAME.fullmatch(entry.name):
                        found.append((state.st_mtime_ns, state.st_size, entry.path))
                    elif _TEMPORARY.fullmatch(entry.name) and state.st_mtime < time.time() - _LEFT_BEHIND:
                        os.unlink(entry.path)
        size = 0
        for at, (_, bytes_, path) in enumerate(sorted(found, reverse=True)):
            size += bytes_
            if at >= MOST_FILES or size > MOST_BYTES:
                with suppress(OSError):
                    os.unlink(path)


def _name(question: str, state: str) -> str:
    return f"{question}-{state}"
