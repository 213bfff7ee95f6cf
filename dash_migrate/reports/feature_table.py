"""The feature table for a terminal, for Markdown, for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from dash_migrate import __version__
from dash_migrate.features import Cell, Feature, version_key
from dash_migrate.model import BACKENDS, SCHEMA_VERSION, Backend
from dash_migrate.reports.words import BACKEND_LABELS, cell_of_table

if TYPE_CHECKING:
    from rich.console import Console

MARKS = {"yes": "yes", "partly": "partly", "no": "no", "n/a": "–"}
STYLES = {"yes": "green", "partly": "yellow", "no": "red", "n/a": "dim"}
GROUPS = {
    "start": "Starting",
    "callbacks": "Callbacks",
    "websockets": "Websockets",
    "security": "Security",
    "requests": "Requests",
    "serving": "Serving",
    "packages": "Packages",
}


def grouped(rows: Iterable[Feature]) -> Iterator[tuple[str, list[Feature]]]:
    """The rows by group, groups in the order of ``GROUPS``."""
    found = list(rows)
    for group, title in GROUPS.items():
        chosen = [row for row in found if row.group == group]
        if chosen:
            yield title, chosen


def refutations(rows: Iterable[Feature], version: str | None) -> Iterator[tuple[Feature, Backend]]:
    """The cells in which what is claimed is not what was observed."""
    for row in rows:
        for backend in BACKENDS:
            if row.refuted(backend, version):
                yield row, backend


def as_object(rows: Sequence[Feature], version: str | None) -> dict[str, Any]:
    """The table as plain data; every probed version if none is asked for."""
    return {
        "schema": SCHEMA_VERSION,
        "tool": {"name": "dash-migrate", "version": __version__},
        "dash": version or "all",
        "features": [_row_as_object(row, version) for row in rows],
    }


def _row_as_object(row: Feature, version: str | None) -> dict[str, Any]:
    chosen = [row.version(version)] if version else sorted(row.observed, key=version_key)
    return {
        "id": row.id,
        "title": row.title,
        "group": row.group,
        "decides": row.decides,
        "notes": dict(row.notes),
        "claimed": {backend: {"status": c.status, "since": c.since} for backend, c in row.claims.items()},
        "observed": {
            one: {
                backend: {"status": cell.status, "seen": cell.seen, "refutes_claim": row.refuted(backend, one)}
                for backend, cell in row.observed[one].items()
            }
            for one in chosen
        },
    }


def as_json(rows: Sequence[Feature], version: str | None) -> str:
    return json.dumps(as_object(rows, version), indent=2, ensure_ascii=False)


def as_markdown(rows: Sequence[Feature], version: str | None) -> str:
    """Tables by group, the evidence below each, then the claims that do not hold."""
    lines = [f"# What each backend does, Dash {_named(rows, version)}", ""]
    for title, chosen in grouped(rows):
        lines += [f"## {title}", "", "| Feature | Flask | FastAPI | Quart |", "|---|---|---|---|"]
        for row in chosen:
            cells = [_markdown_cell(row, backend, version) for backend in BACKENDS]
            lines.append(f"| {cell_of_table(row.title)} | {' | '.join(cells)} |")
        lines.append("")
    found = list(refutations(rows, version))
    if found:
        lines += ["## Claims that do not hold", ""]
        for row, backend in found:
            said, cell = row.claims[backend], row.cell(backend, version)
            lines.append(
                f"- {row.title} on {BACKEND_LABELS[backend]}: claimed “{said.status}” since {said.since}, "
                f"observed “{cell.status}”: {cell.seen}"
            )
        lines.append("")
    return "\n".join(lines).rstrip()


def _markdown_cell(row: Feature, backend: Backend, version: str | None) -> str:
    cell = row.cell(backend, version)
    return cell_of_table(f"**{MARKS[cell.status]}**: {cell.seen}")


def _named(rows: Sequence[Feature], version: str | None) -> str:
    """The version that is shown, and the one that was asked for where these differ."""
    shown = rows[0].version(version) if rows else version or ""
    return shown if version in (None, shown) else f"{version} (as probed with {shown})"


def draw(console: Console, rows: Sequence[Feature], version: str | None) -> None:
    """The table for a terminal: a mark per backend, and what was seen where it is not simply yes."""
    from rich.table import Table
    from rich.text import Text

    console.print(Text(f"What each backend does, Dash {_named(rows, version)}", style="bold"))
    for title, chosen in grouped(rows):
        drawn = Table(title=title, title_justify="left", title_style="bold", expand=True, show_lines=False, box=None)
        drawn.add_column("", ratio=30)
        for backend in BACKENDS:
            drawn.add_column(BACKEND_LABELS[backend], ratio=24)
        for row in chosen:
            drawn.add_row(Text(row.title), *(_drawn_cell(row, backend, version) for backend in BACKENDS))
        console.print()
        console.print(drawn)
    found = list(refutations(rows, version))
    if found:
        console.print()
        console.print(Text(f"* {len(found)} claims of the documentation do not hold; --format markdown lists them."))


def _drawn_cell(row: Feature, backend: Backend, version: str | None) -> Any:
    from rich.text import Text

    cell: Cell = row.cell(backend, version)
    text = Text(MARKS[cell.status], style=STYLES[cell.status])
    if row.refuted(backend, version):
        text.append("*")
    if cell.status in ("no", "partly"):
        text.append(f": {cell.seen}", style="")
    return text


def draw_one(console: Console, row: Feature) -> None:
    """One row through all versions."""
    from rich.table import Table
    from rich.text import Text

    console.print(Text(row.title, style="bold"))
    console.print(Text(row.decides))
    drawn = Table(expand=True, box=None)
    drawn.add_column("Dash", no_wrap=True)
    for backend in BACKENDS:
        drawn.add_column(BACKEND_LABELS[backend], ratio=1)
    for version in sorted(row.observed, key=version_key):
        cells = []
        for backend in BACKENDS:
            cell = row.observed[version][backend]
            text = Text(MARKS[cell.status], style=STYLES[cell.status])
            text.append(f": {cell.seen}" + (" *" if row.refuted(backend, version) else ""), style="")
            cells.append(text)
        drawn.add_row(version, *cells)
    console.print(drawn)
    for backend, claim in row.claims.items():
        console.print(Text(f"Claimed for {BACKEND_LABELS[backend]}: {claim.status} (since {claim.since})", style="dim"))
    for name, note in row.notes.items():
        console.print(Text(f"{BACKEND_LABELS.get(name, name)}: {note}"))
