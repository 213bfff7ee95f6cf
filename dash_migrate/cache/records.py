"""A report as plain data that JSON can hold, and back."""

from __future__ import annotations

from typing import Any

from dash_migrate.check import Report
from dash_migrate.model import BACKENDS, OBLIGATIONS, FileError, Finding, Span


class _Table:
    """Values that occur again and again, each once."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._places: dict[Any, int] = {}

    def place(self, key: Any, value: Any) -> int:
        place = self._places.setdefault(key, len(self.values))
        if place == len(self.values):
            self.values.append(value)
        return place


def as_data(report: Report) -> dict[str, Any]:
    """The report as JSON can hold it."""
    kinds, texts = _Table(), _Table()
    rows = []
    for f in report.findings:
        backends = list(f.backends.items())
        kind = (f.code, f.name, f.obligation, f.applicability, f.strategy, f.url)
        span = (f.span.line, f.span.column, f.span.end_line, f.span.end_column)
        place = kinds.place((kind, tuple(backends)), [*kind, dict(backends)])
        rows.append([place, texts.place(f.path, f.path), texts.place(f.message, f.message), *span])
    return {
        "targets": list(report.targets),
        "kinds": kinds.values,
        "texts": texts.values,
        "findings": rows,
        "apps": report.apps,
        "read": report.read,
        "skipped": report.skipped,
        "errors": [[e.path, e.message, e.line, e.column] for e in report.errors],
        "notes": report.notes,
    }


def as_report(data: dict[str, Any]) -> Report:
    """The report that such data stands for.

    Raises:
        ValueError, TypeError, KeyError, IndexError: it stands for none.
    """
    kinds = [_kind(*one) for one in data["kinds"]]
    texts = [str(one) for one in data["texts"]]
    new, put = object.__new__, object.__setattr__
    findings = []
    for kind, path, message, *span in data["findings"]:
        finding = new(Finding)
        # A frozen dataclass sets each field by a call of its own; this is one call for all of them.
        put(finding, "__dict__", {**kinds[kind], "path": texts[path], "message": texts[message], "span": Span(*span)})
        findings.append(finding)
    return Report(
        targets=tuple(target for target in BACKENDS if target in data["targets"]),
        findings=findings,
        apps=list(data["apps"]),
        read=int(data["read"]),
        skipped=int(data["skipped"]),
        errors=[FileError(*one) for one in data["errors"]],
        notes=[str(note) for note in data["notes"]],
    )


def _kind(
    code: str, name: str, obligation: Any, applicability: Any, strategy: Any, url: str, backends: dict[Any, Any]
) -> dict[str, Any]:
    if obligation not in OBLIGATIONS:
        raise ValueError(obligation)
    return {
        "code": code,
        "name": name,
        "obligation": obligation,
        "applicability": applicability,
        "strategy": strategy,
        "url": url,
        "backends": dict(backends),
    }
