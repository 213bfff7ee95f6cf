"""Whether a new text may stand in its file, and in words why not."""

from __future__ import annotations

import ast
import os

from dash_migrate.files.errors import NO_CODE, SourceError
from dash_migrate.files.source import Source
from dash_migrate.syntax.segments import NotReproducible


def checked(source: Source, text: str) -> bytes:
    """The bytes of a file with a new text.

    Raises:
        SyntaxError: it does not compile, and the old text does.
        SourceError: the file's encoding cannot hold it.
    """
    try:
        _compile(text)
    except NO_CODE:
        ast.parse(text)
        try:
            _compile(source.text)
        except NO_CODE:  # for a reason that parsing does not see: it is no worse than it was
            return source.encoded(text)
        raise
    return source.encoded(text)


def reason_of(error: Exception) -> str:
    """Why a file could not be rewritten."""
    if isinstance(error, NotReproducible):
        return str(error)
    if isinstance(error, SourceError):
        return error.message
    if isinstance(error, RecursionError):
        return "too deeply nested"
    return f"{type(error).__name__}: {error}"


def raise_for_debugging(error: Exception) -> None:
    """Raise what would cost one app only, if somebody wants to know where it comes from.

    ``NotReproducible`` says all there is to say.
    """
    if os.environ.get("DASH_MIGRATE_DEBUG") and not isinstance(error, NotReproducible):
        raise error


def _compile(text: str) -> None:
    compile(text, "<rewritten>", "exec", dont_inherit=True)
