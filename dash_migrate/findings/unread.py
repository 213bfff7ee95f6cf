"""Files that could not be read or parsed: findings too, for what is not analysed may hold anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dash_migrate.findings.rules import rule
from dash_migrate.model import Backend, FileError, Finding, Span

CODE = "DM901"


def unread(errors: Iterable[FileError], targets: tuple[Backend, ...]) -> Iterator[Finding]:
    """A finding for each file that could not be analysed."""
    entry = rule(CODE)
    for error in errors:
        line, column = error.line or 1, error.column or 1
        yield Finding(
            code=entry.code,
            name=entry.name,
            path=error.path,
            span=Span(line, column, line, column),
            message=entry.message.format(why=error.message),
            obligation=entry.obligation,
            backends={target: entry.backends[target].status for target in targets},
            url=f"https://github.com/dash-migrate/dash-migrate/blob/main/rules/{entry.path.name}",
        )
