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
_OBSERVED = re.compile(r"^\[feature\.observed\b", re.MULTILINE)


def rewritten(text: str, seen: Seen) -> str:
    """The table with new cells; versions and rows that were not probed keep theirs."""
    import tomli

    known = {one["id"]: one.get("observed", {}) for one in tomli.loads(text)["feature"]}
    starts = [match.start() for match in _ROW.finditer(text)]
    parts = [text[: starts[0]]]
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        block = text[start:end]
        found = _ID.search(block)
        assert found is not None, block[:80]
        name = found[1]
        observed = _OBSERVED.search(block)
        head = (block[: observed.start()] if observed else block).rstrip("\n")
        cells: dict[str, dict[str, tuple[str, str]]] = {
            version: {backend: (one["is"], one["seen"]) for backend, one in by_backend.items()}
            for version, by_backend in known[name].items()
        }
        for version, by_backend in seen.get(name, {}).items():
            row = cells.setdefault(version, {})
            row.update({backend: (cell.status, cell.seen) for backend, cell in by_backend.items()})
        parts.append(head + "\n\n" + _observed(cells))
    return "".join(parts).rstrip("\n") + "\n"


def _observed(cells: Mapping[str, Mapping[str, tuple[str, str]]]) -> str:
    lines = []
    for version in sorted(cells, key=version_key):
        lines.append(f'[feature.observed."{version}"]')
        for backend in BACKENDS:
            if backend in cells[version]:
                status, words = cells[version][backend]
                lines.append(f"{backend} = {{ is = {_text(status)}, seen = {_text(words)} }}")
        lines.append("")
    return "\n".join(lines) + "\n" if lines else ""


def _text(value: str) -> str:
    """A TOML basic string; JSON's escapes are TOML's but for the slash, which json leaves alone."""
    return json.dumps(value, ensure_ascii=False)
