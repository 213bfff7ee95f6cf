"""What is to be written, and what can go wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from dash_migrate.model import FileError


@dataclass(frozen=True)
class Change:
    """New contents for one file.

    ``old`` is what the file held when it was read, and must still hold; None: the file must not exist yet.
    """

    path: str
    new: bytes
    old: bytes | None = None

    @property
    def is_new_file(self) -> bool:
        return self.old is None

    @property
    def is_needed(self) -> bool:
        return self.new != self.old


@dataclass(frozen=True)
class Applied:
    """What was written. Files that already held what was asked for are in neither list."""

    changed: list[str] = field(default_factory=list)
    created: list[str] = field(default_factory=list)


class WriteError(Exception):
    """Nothing was written, or everything written was taken back; ``errors`` say why, file by file.

    ``left_behind`` names files that could not be taken back, with where their old contents are kept.
    """

    def __init__(self, errors: Sequence[FileError], left_behind: Sequence[FileError] = ()) -> None:
        super().__init__(tuple(errors), tuple(left_behind))
        self.errors = tuple(errors)
        self.left_behind = tuple(left_behind)

    def __str__(self) -> str:
        lines = [f"{error.path}: {error.message}" for error in self.errors]
        if self.left_behind:
            lines += [f"{error.path}: {error.message}" for error in self.left_behind]
        else:
            lines.append("No file was changed.")
        return "\n".join(lines)
