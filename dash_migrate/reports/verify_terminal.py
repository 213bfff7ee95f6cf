"""The comparison of an app before and after in the terminal: a table, then what differs, readably."""

from __future__ import annotations

import difflib
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dash_migrate.verify.body_compare import comparable_text
from dash_migrate.verify.client import Answer
from dash_migrate.verify.judge import Compared
from dash_migrate.verify.project import Verification

MOST_SHOWN = 25
MOST_LINES = 16
KINDS = {
    "pages": "pages",
    "dash": "Dash's own endpoints",
    "assets": "assets, static files",
    "routes": "routes",
    "callbacks": "callbacks",
    "gates": "gates, with what they ask for",
    "sessions": "logins, cookies",
    "links": "links",
    "websockets": "websockets",
    "parallel": "several at once",
    "given": "given requests",
}


def draw(console: Console, found: Verification, show_all: bool = False) -> None:
    """Print a verification."""
    different = found.different
    for side, booted in (("before", found.before), ("after", found.after)):
        console.print(f"{side:7} {booted.target} on {booted.server} ({booted.why})")
    console.print()
    console.print(_summary(found))
    console.print()
    shown = found.compared if show_all else [*different[: MOST_SHOWN * 4], *_parallel(found)]
    if shown:
        console.print(_requests(list({id(one): one for one in shown}.values())))
        console.print()
    for one in different if show_all else different[:MOST_SHOWN]:
        for line in describe(one, None if show_all else MOST_LINES):
            console.print(line)
        console.print()
    if len(different) > MOST_SHOWN and not show_all:
        console.print(f"{len(different) - MOST_SHOWN} more requests differ; --all shows them.")
        console.print()
    for note in found.notes:
        console.print(f"note: {note}")
    console.print(_verdict(found))


def _verdict(found: Verification) -> Text:
    count, different, opened = len(found.compared), len(found.different), len(found.opened)
    took = f" ({found.seconds:.1f} s)"
    if not different:
        return Text(f"All {count} answers are equal before and after{took}.", style="bold green")
    text = f"{different} of {count} requests are answered differently{took}."
    if opened:
        text += f" {opened} of them were refused before and are not now."
    return Text(text, style="bold red")


def _summary(found: Verification) -> Table:
    table = Table(title=f"{found.project}: Flask and {found.target.capitalize()}", title_justify="left")
    table.add_column("what was asked")
    for name in ("asked", "equal", "different", "volatile in part"):
        table.add_column(name, justify="right")
    kinds = Counter(one.asked.kind for one in found.compared)
    for kind, count in kinds.items():
        ours = [one for one in found.compared if one.asked.kind == kind]
        different = sum(bool(one.differences) for one in ours)
        volatile = sum(bool(one.volatile) for one in ours)
        table.add_row(
            KINDS.get(kind, kind),
            str(count),
            str(count - different),
            Text(str(different) if different else "", style="bold red"),
            str(volatile) if volatile else "",
        )
    return table


def _requests(some: Sequence[Compared]) -> Table:
    table = Table(show_lines=False)
    table.add_column("request", overflow="fold", ratio=5)
    table.add_column("before", overflow="fold", ratio=2)
    table.add_column("after", overflow="fold", ratio=2)
    table.add_column("ms", justify="right", no_wrap=True)
    table.add_column("", overflow="fold", ratio=2)
    for one in some:
        what = sorted({found.what for found in one.differences})
        opened = any(found.opened for found in one.differences)
        mark = Text("equal", style="green")
        if what:
            mark = Text(("MORE OPEN " if opened else "") + ", ".join(what), style="bold red")
        times = f"{_slowest(one.asked.before)} → {_slowest(one.asked.after)}"
        table.add_row(one.asked.step.name, _outcome(one.asked.before), _outcome(one.asked.after), times, mark)
    return table


def _parallel(found: Verification) -> list[Compared]:
    return [one for one in found.compared if one.asked.kind == "parallel"]


def _outcome(answers: Sequence[Answer]) -> str:
    if not answers:
        return "–"
    statuses = dict.fromkeys(str(answer.status or answer.error) for answer in answers)
    location = answers[-1].get("location")
    return ", ".join(statuses) + (f" → {location}" if location else "")


def _slowest(answers: Sequence[Answer]) -> str:
    return f"{max(answer.elapsed for answer in answers) * 1000:.0f}" if answers else "–"


def describe(one: Compared, most: int | None = MOST_LINES) -> Iterator[Text]:
    """What differs for one request, line by line."""
    yield Text(one.asked.step.name, style="bold")
    for difference in one.differences:
        opened = " (refused before, not now)" if difference.opened and difference.what == "status" else ""
        if difference.what == "body":
            yield Text("  body")
            for line in body_diff(one, most):
                style = "green" if line.startswith("+") else "red" if line.startswith("-") else ""
                yield Text(f"    {line}", style=style)
            continue
        yield Text(f"  {difference.what}{opened}")
        yield Text(f"    - {difference.before}", style="red")
        yield Text(f"    + {difference.after}", style="green")


def body_diff(one: Compared, most: int | None = MOST_LINES) -> list[str]:
    """The lines of the first two bodies that differ."""
    for before, after in zip(one.asked.before, one.asked.after, strict=False):
        old, new = _lines(before), _lines(after)
        lines = [
            line for line in difflib.unified_diff(old, new, n=1, lineterm="") if not line.startswith(("---", "+++"))
        ]
        if lines:
            cut = [line if len(line) <= 200 else f"{line[:197]}…" for line in lines]
            return cut if most is None or len(cut) <= most else [*cut[:most], f"… {len(cut) - most} more lines"]
    return []


def _lines(answer: Answer) -> list[str]:
    text = comparable_text(answer)
    kind = answer.get("content-type")
    if "json" in kind or text[:1] in ("{", "["):
        try:
            return json.dumps(json.loads(text), indent=1, sort_keys=True, ensure_ascii=False).splitlines()
        except ValueError:
            pass
    if "html" in kind:
        text = re.sub(r">\s*<", ">\n<", text)
    return text.splitlines() or [""]
