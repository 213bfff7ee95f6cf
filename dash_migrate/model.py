"""The records that pass between the rooms: what was found, where, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

SCHEMA_VERSION = 1

Backend = Literal["flask", "fastapi", "quart"]
BACKENDS: tuple[Backend, ...] = ("flask", "fastapi", "quart")

Obligation = Literal["required", "potential", "optional"]
OBLIGATIONS: tuple[Obligation, ...] = ("required", "potential", "optional")

Status = Literal["works", "rewrite", "bridge", "guard", "manual", "impossible"]
Applicability = Literal["safe", "review", "manual"]
Strategy = Literal["rewrite", "bridge", "guard"]


@dataclass(frozen=True, order=True)
class Span:
    """A piece of a file: lines and columns are 1-based, columns count characters, the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True)
class Finding:
    """One place that ties the app to Flask (or that the tool has to report).

    ``backends`` says per asked-for backend what the rule table knows about the place;
    ``strategy`` is how ``fix`` would carry it (None: not at all).
    """

    code: str
    name: str
    path: str
    span: Span
    message: str
    obligation: Obligation
    backends: Mapping[Backend, Status] = field(default_factory=dict)
    applicability: Applicability = "manual"
    strategy: Strategy | None = None
    url: str = ""

    @property
    def sort_key(self) -> tuple[str, Span, str]:
        return (self.path, self.span, self.code)

    def as_json(self) -> dict[str, Any]:
        """The finding as the JSON contract of DESIGN.md has it."""
        return {
            "code": self.code,
            "name": self.name,
            "path": self.path,
            "line": self.span.line,
            "column": self.span.column,
            "end_line": self.span.end_line,
            "end_column": self.span.end_column,
            "message": self.message,
            "obligation": self.obligation,
            "backends": dict(self.backends),
            "fix": {"applicability": self.applicability, "strategy": self.strategy},
            "url": self.url,
        }


class VersionError(ValueError):
    """What was asked for is no version, or one that a backend does not work on."""


@dataclass(frozen=True)
class FileError:
    """A file that could not be read, parsed or written; the run goes on without it."""

    path: str
    message: str
    line: int | None = None
    column: int | None = None

    def as_json(self) -> dict[str, Any]:
        return {"path": self.path, "line": self.line, "message": self.message}
