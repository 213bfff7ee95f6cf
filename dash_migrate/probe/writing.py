"""Puts what probes saw into the text of ``features.toml``; all that people wrote stays as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from dash_migrate.features import Cell, version_key
from dash_migrate.model import BACKENDS, Backend

Seen = Mapping[str, Mapping[str, Mapping[Backend, Cell]]]
"""Row id -> Dash version -> backend -> cell."""

_ROW = re.compile(r"^\[\[feature\]\]$", re.MULTILINE)
_ID = re.compile(r'^id = "([^"]+)"$', re.MULTILINE)
_WRITTEN = re.compile(r"^\[feature\.(observed|fixed)\b", re.MULTILINE)


def rewritten(text: str, seen: Seen, fixed: Seen | None = None) -> str:
    """The table with new cells; versions and rows that were not probed keep theirs.

    Args:
        seen: what Dash does by itself.
        fixed: what was seen after ``fix``.
    """
    import tomli

    known = {one["id"]: one for one in tomli.loads(text)["feature"]}
    starts = [match.start() for match in _ROW.finditer(text)]
    parts = [text[: starts[0]]]
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        block = text[start:end]
        found = _ID.search(block)
        assert found is not None, block[:80]
        name = found[1]
        written = _WRITTEN.search(block)
        head = (block[: written.start()] if written else block).rstrip("\n")
        parts.append(head + "\n\n")
        for kind, new in (("observed", seen), ("fixed", fixed or {})):
            parts.append(_tables(kind, _merged(known[name].get(kind, {}), new.get(name, {}))))
    return "".join(parts).rstrip("\n") + "\n"


def _merged(
    old: Mapping[str, Mapping[str, Mapping[str, str]]], new: Mapping[str, Mapping[Backend, Cell]]
) -> dict[str, dict[str, tuple[str, str]]]:
    cells: dict[str, dict[str, tuple[str, str]]] = {
        version: {backend: (one["is"], one["seen"]) for backend, one in by_backend.items()}
        for version, by_backend in old.items()
    }
    for version, by_backend in new.items():
        row = cells.setdefault(version, {})
        row.update({backend: (cell.status, cell.seen) for backend, cell in by_backend.items()})
    return {version: row for version, row in cells.items() if row}


def _tables(kind: str, cells: Mapping[str, Mapping[str, tuple[str, str]]]) -> str:
    lines = []
    for version in sorted(cells, key=version_key):
        lines.append(f'[feature.{kind}."{version}"]')
        for backend in BACKENDS:
            if backend in cells[version]:
                status, words = cells[version][backend]
                lines.append(f"{backend} = {{ is = {_text(status)}, seen = {_text(words)} }}")
        lines.append("")
    return "\n".join(lines) + "\n" if lines else ""


def _text(value: str) -> str:
    """A TOML basic string; JSON's escapes are TOML's but for the slash, which json leaves alone."""
    return json.dumps(value, ensure_ascii=False)
