"""What a rule is, and the list of all rules: for a terminal, for Markdown, for programs."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from dash_migrate import __version__
from dash_migrate.findings.rules import FAMILIES, Example, ExampleFile, Rule
from dash_migrate.model import BACKENDS, SCHEMA_VERSION, Backend
from dash_migrate.reports.words import BACKEND_LABELS, cell_of_table, joined

if TYPE_CHECKING:
    from rich.console import Console

OBLIGATION_STYLES = {"required": "red", "potential": "yellow", "optional": "cyan"}
STATUS_STYLES = {
    "works": "green",
    "rewrite": "green",
    "bridge": "cyan",
    "guard": "cyan",
    "manual": "yellow",
    "impossible": "red",
}


def ignores(entry: Rule) -> list[tuple[str, str]]:
    """How to have a rule not reported: what to write, and what it does."""
    written = [
        (f"# dash-migrate: ignore[{entry.code}]", "behind the line, or on a line of its own above it"),
        (f"# dash-migrate: ignore-file[{entry.code}]", "anywhere in a file, for all of it"),
    ]
    asked = (f"dash-migrate check --ignore {entry.code}", "for one run")
    # what speaks of a comment, or of what cannot be read, no comment silences
    return [asked] if entry.family == "DM9" and entry.name != "unresolved" else [*written, asked]


# --- for programs


def as_object(entry: Rule) -> dict[str, Any]:
    """A rule as plain data."""
    return {
        "code": entry.code,
        "name": entry.name,
        "family": FAMILIES[entry.family],
        "summary": entry.summary,
        "why": entry.why,
        "message": entry.message,
        "obligation": entry.obligation,
        "backends": {
            name: {"status": known.status, "today": known.today, "fix": known.fix}
            for name, known in entry.backends.items()
        },
        "examples": [_example_as_object(example) for example in entry.examples],
        "ignore": [what for what, _ in ignores(entry)],
        "references": list(entry.references),
    }


def _example_as_object(example: Example) -> dict[str, Any]:
    return {
        "title": example.title,
        "quiet": example.quiet,
        "strategy": example.strategy,
        "files": [{"path": f.path, "before": f.before, "after": dict(f.after)} for f in example.files],
    }


def as_json(entry: Rule) -> str:
    return json.dumps({"schema": SCHEMA_VERSION, **as_object(entry)}, indent=2, ensure_ascii=False)


def all_as_json(rules: Sequence[Rule]) -> str:
    return json.dumps(
        {
            "schema": SCHEMA_VERSION,
            "tool": {"name": "dash-migrate", "version": __version__},
            "rules": [as_object(entry) for entry in rules],
        },
        indent=2,
        ensure_ascii=False,
    )


# --- Markdown


def as_markdown(rules: Sequence[Rule]) -> str:
    """The table of all rules, by family; written to rules/README.md."""
    lines = [
        "# Rules",
        "",
        "What `dash-migrate check` reports, and what `dash-migrate fix` makes of it on each backend: **works** as it",
        "is, **rewrite** into the backend's own code, **bridge**: the code stays Flask's and runs around Dash,",
        "**manual**: a person has to. `dash-migrate rule CODE` says why, and shows an example before and after.",
        "",
        "Every file holds its rule's words and its examples; tests run each example. This page is written by",
        "`RECORD=1 pytest tests/test_rules.py`, from `dash-migrate rules --format markdown`.",
        "",
    ]
    for title, chosen in by_family(rules):
        lines += [
            f"## {title}",
            "",
            "| Code | Name | What | Obligation | Flask | FastAPI | Quart |",
            "|---|---|---|---|---|---|---|",
        ]
        for entry in chosen:
            statuses = " | ".join(entry.backends[backend].status for backend in BACKENDS)
            link = f"[{entry.code}]({entry.path.name})"
            lines.append(
                f"| {link} | `{entry.name}` | {cell_of_table(entry.summary)} | {entry.obligation} | {statuses} |"
            )
        lines.append("")
    return "\n".join(lines).rstrip()


def by_family(rules: Sequence[Rule]) -> Iterator[tuple[str, list[Rule]]]:
    """The rules of each family under its title."""
    for family, title in FAMILIES.items():
        chosen = [entry for entry in rules if entry.family == family]
        if chosen:
            yield f"{family}xx {title}", chosen


# --- terminal


def draw_all(console: Console, rules: Sequence[Rule]) -> None:
    """All rules by family, with what becomes of each on the ASGI backends."""
    from rich.table import Table
    from rich.text import Text

    for number, (title, chosen) in enumerate(by_family(rules)):
        if number:
            console.print()
        console.print(Text(title, style="bold"))
        table = Table(box=None, show_header=number == 0, header_style="dim", padding=(0, 2, 0, 0), expand=True)
        table.add_column("code", no_wrap=True)
        table.add_column("name", no_wrap=True, width=max(len(entry.name) for entry in rules))
        table.add_column("obligation", no_wrap=True, width=10)
        table.add_column("what", ratio=1)
        for label in ("FastAPI", "Quart"):
            table.add_column(label, no_wrap=True, width=10)
        for entry in chosen:
            statuses = [entry.backends["fastapi"].status, entry.backends["quart"].status]
            table.add_row(
                entry.code,
                entry.name,
                Text(entry.obligation, style=OBLIGATION_STYLES[entry.obligation]),
                entry.summary,
                *(Text(status, style=STATUS_STYLES[status]) for status in statuses),
            )
        console.print(table)


def draw(console: Console, entry: Rule) -> None:
    """One rule: what, why, what happens on each backend, examples, how to ignore it, references."""
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    head = Text.assemble((entry.code, "bold"), " ", entry.name, "  ")
    head.append(entry.obligation, style=OBLIGATION_STYLES[entry.obligation])
    console.print(head)
    console.print(Text(entry.summary))
    _title(console, "Why")
    console.print(Padding(Text(" ".join(entry.why.split())), (0, 0, 0, 2)))
    _title(console, "On each backend")
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for backend, known in entry.backends.items():
        says = [f"today: {known.today}"] if known.today else []
        says += [f"fix: {known.fix}"] if known.fix else []
        table.add_row(
            BACKEND_LABELS[backend], Text(known.status, style=STATUS_STYLES[known.status]), Text("\n".join(says))
        )
    console.print(Padding(table, (0, 0, 0, 2)))
    for example in entry.examples:
        _title(console, f"Not reported: {example.title}" if example.quiet else f"Example: {example.title}")
        for line, style in _example_lines(entry, example):
            console.print(Padding(Text(line, style=style), (0, 0, 0, 2)), soft_wrap=True)
    _title(console, "Ignore it")
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for what, effect in ignores(entry):
        table.add_row(what, Text(effect, style="dim"))
    console.print(Padding(table, (0, 0, 0, 2)))
    _title(console, "References")
    for reference in entry.references:
        console.print(Padding(Text(reference), (0, 0, 0, 2)))


def _title(console: Console, title: str) -> None:
    from rich.text import Text

    console.print()
    console.print(Text(title, style="bold"))


def _example_lines(entry: Rule, example: Example) -> Iterator[tuple[str, str]]:
    """The lines of an example with their styles: a diff for each backend that it is changed for."""
    several = len(example.files) > 1 or example.files[0].path != "app.py"
    groups: dict[tuple[str, ...], list[Backend]] = {}
    for backend in BACKENDS:
        if example.is_changed(backend):
            groups.setdefault(tuple(file.on(backend) for file in example.files), []).append(backend)
    if not groups:
        for file in example.files:
            if several:
                yield f"{file.path}:", "dim"
            yield from ((line, "") for line in file.before.splitlines())
        return
    for number, (afters, backends) in enumerate(groups.items()):
        if number:
            yield "", ""
        yield f"fix for {joined([BACKEND_LABELS[b] for b in backends])}:", "italic"
        for file, after in zip(example.files, afters, strict=True):
            if several:
                yield f"{file.path}:" + ("" if after != file.before else " (stays)"), "dim"
            if after != file.before or entry.backends[backends[0]].status == "manual":
                yield from _diff(file, after)


def _diff(file: ExampleFile, after: str) -> Iterator[tuple[str, str]]:
    """A whole file as a diff: every line, with a mark before those that go and come."""
    old, new = file.before.splitlines(), after.splitlines()
    for _, start, end, new_start, new_end in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if old[start:end] == new[new_start:new_end]:
            yield from ((f"  {line}".rstrip(), "") for line in old[start:end])
        else:
            yield from ((f"- {line}".rstrip(), "red") for line in old[start:end])
            yield from ((f"+ {line}".rstrip(), "green") for line in new[new_start:new_end])
