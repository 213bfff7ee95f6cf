"""Answers to ``check``: found where the project, and all else that was looked at, is as it was."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

from dash_migrate.cache.fingerprint import fingerprint
from dash_migrate.cache.records import as_data, as_report
from dash_migrate.cache.store import Store
from dash_migrate.check import Report
from dash_migrate.files.declared import homes
from dash_migrate.files.errors import SourceError
from dash_migrate.files.looks import UNREADABLE, Looks, digest, names_in, recorded
from dash_migrate.files.source import read_unrecorded
from dash_migrate.files.walk import FileSet


class Question:
    """One call of ``check``, on the files that a walk found for it."""

    def __init__(self, store: Store, files: FileSet, asked: Sequence[Sequence[str]]) -> None:
        """Args:
        asked: everything else that the call was given.
        """
        self.store = store
        self.files = files
        self.name = _short([files.base, *asked])

    def answer(self) -> Report | None:
        """What was answered before, if everything is as it was."""
        if self.files.errors or not self.store.has(self.name):
            return None
        try:
            state = self._state(self._digests())
            data = self.store.load(self.name, state)
            return as_report(data["report"]) if data is not None and _holds(data) else None
        except (SourceError, OSError, ValueError, TypeError, LookupError, AttributeError):
            return None

    def keep(self, report: Report, looks: Looks) -> None:
        """Remember the answer, if it follows from the contents of files alone."""
        walked = {self.files.locate(path): path for path in (*self.files.python, *self.files.notebooks)}
        if looks.is_torn or not looks.files.keys() >= walked.keys():
            return
        if any(error.line is None for error in report.errors):
            return  # one of the disk, or of memory
        try:
            state = self._state({path: looks.files[location] for location, path in walked.items()})
        except OSError:
            return
        data = {
            "files": {location: seen for location, seen in looks.files.items() if location not in walked},
            "folders": [[location, list(ends), seen] for (location, ends), seen in looks.folders.items()],
            "report": as_data(report),
        }
        self.store.save(self.name, state, data)

    def _digests(self) -> dict[str, str]:
        locate = self.files.locate
        return {path: _digest_of(locate(path)) for path in (*self.files.python, *self.files.notebooks)}

    def _state(self, digests: Mapping[str, str]) -> str:
        """A name for all that decides the answer and is known without it.

        Raises:
            OSError: the tool cannot be told from other versions of itself.
        """
        files = self.files
        return _short(
            [
                fingerprint(),
                [files.roots, files.python, files.notebooks, files.others, sorted(files.explicit), files.repositories],
                [astuple(one) for one in files.skipped],
                homes(files),
                digests,
            ]
        )


def question(folder: Path, files: FileSet, *asked: Sequence[str]) -> Question:
    """The question that a call of ``check`` is.

    Args:
        folder: where answers are kept.
        files: what a walk found.
        asked: the other arguments of the call.
    """
    return Question(Store(folder), files, asked)


def _holds(data: dict[str, Any]) -> bool:
    """Whether what was looked at beyond the Python files and notebooks is as it was."""
    for location, seen in data["files"].items():
        try:
            now = _digest_of(location)
        except SourceError:
            now = UNREADABLE
        if now != seen:
            return False
    with recorded(Looks()) as now_seen:
        for location, ends, _ in data["folders"]:
            names_in(location, tuple(ends))
    folders = [[location, list(ends), seen] for (location, ends), seen in now_seen.folders.items()]
    return bool(folders == data["folders"])


def _digest_of(location: str) -> str:
    return digest(read_unrecorded(location, location))


def _short(data: Any) -> str:
    """A name of 32 characters for plain data."""
    return digest(json.dumps(data).encode("ascii"))[:32]
