"""What goes wrong with one file, in words for people."""

from __future__ import annotations

from dash_migrate.model import FileError

#: what Python's own parser raises on text that is no code, or too much of it
NO_CODE = (SyntaxError, ValueError, RecursionError, MemoryError)


class SourceError(Exception):
    """A file that cannot be read as Python source; ``message`` is for people."""

    def __init__(self, path: str, message: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(path, message, line, column)
        self.path = path
        self.message = message
        self.line = line
        self.column = column

    def __str__(self) -> str:
        where = self.path if self.line is None else f"{self.path}:{self.line}"
        return f"{where}: {self.message}"

    def as_file_error(self) -> FileError:
        return FileError(self.path, self.message, self.line, self.column)


def describe(error: OSError | ValueError) -> str:
    """An operating system error in a few plain words."""
    if isinstance(error, FileNotFoundError):
        return "no such file or directory"
    if isinstance(error, PermissionError):
        return "permission denied"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[:1].lower() + error.strerror[1:]
    return "not a valid path" if isinstance(error, ValueError) else str(error)
