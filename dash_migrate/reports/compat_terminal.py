"""The compatibility report for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from dash_migrate.compat.model import AppReport, CompatReport
from dash_migrate.model import OBLIGATIONS, Backend
from dash_migrate.reports.compat_words import (
    blocking_groups,
    change_words,
    coverage_words,
    fate_words,
    kept_words,
    same_for,
    start_words,
)
from dash_migrate.reports.words import BACKEND_LABELS, backend_now, count, joined

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

MARKS = {"ready": "✓", "automatic": "⚙", "decisions": "?", "blocked": "✗"}
STYLES = {"ready": "green", "automatic": "cyan", "decisions": "yellow", "blocked": "red"}
_COLOURS = {"required": "red", "potential": "yellow", "optional": "cyan"}
_FEW, _FEATURES = 6, 8


def draw(console: Console, report: CompatReport) -> None:
    """Print the report: the matrix, each app, the checklists. Findings are counted; ``check`` lists them."""
    from rich.text import Text

    if not report.apps:
        console.print(f"No Dash app found in {count(report.read, 'file')}.")
    else:
        console.print(_matrix(report))
    _summary(console, report)
    for app in report.apps[:20]:
        _app(console, app, report)
    if len(report.apps) > 20:
        console.print(f"… and {len(report.apps) - 20} more apps; --format html or json shows them all.")
    for target in report.targets:
        _checklist(console, report, target)
    if report.not_analysed:
        console.print()
        console.print(Text("Not analysed", style="bold"))
        for one in report.not_analysed[:20]:
            _say(console, f"{one.what}: {one.why}")
        if len(report.not_analysed) > 20:
            console.print(f"  … and {len(report.not_analysed) - 20} more")


def _say(console: Console, line: str, style: str = "", hanging: int = 2) -> None:
    """A line, moved in; what does not fit on it stands below it, moved in further."""
    from rich.padding import Padding
    from rich.text import Text

    first, *others = Text(line, style=style).wrap(console, max(20, console.width - 2 - hanging))
    console.print(Padding(first, (0, 0, 0, 2)))
    for other in others:
        console.print(Padding(other, (0, 0, 0, 2 + hanging)))


def _matrix(report: CompatReport) -> object:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    table.add_column("App")
    table.add_column("now")
    for target in report.targets:
        table.add_column(BACKEND_LABELS[target])
    for app in report.apps:
        now = backend_now(app.backend, app.bridged)
        cells = [_verdict(app, target) for target in report.targets]
        table.add_row(Text(f"{app.name} ({app.place})"), now, *cells)
    return table


def _verdict(app: AppReport, target: Backend) -> Text:
    from rich.text import Text

    verdict = app.verdicts[target]
    how = {"rewrite": ", native", "bridge": ", bridged", "guard": ", guarded"}.get(verdict.strategy or "", "")
    return Text(f"{MARKS[verdict.kind]} {verdict.label}{how}", style=STYLES[verdict.kind])


def _summary(console: Console, report: CompatReport) -> None:
    from rich.text import Text

    console.print()
    line = Text(f"{count(len(report.findings), 'finding')}")
    for obligation in OBLIGATIONS:
        number = report.count(obligation)
        if number:
            line.append(f"  {number} {obligation}", style=_COLOURS[obligation])
    console.print(line)
    for target in report.targets:
        fates = report.fates_on(target)
        if fates:
            console.print(f"  {BACKEND_LABELS[target]}: {fate_words(fates)}")


def _app(console: Console, app: AppReport, report: CompatReport) -> None:
    from rich.text import Text

    say = partial(_say, console)
    console.print()
    console.print(Text(f"{app.name}  {app.place}", style="bold"))
    if app.constructor:
        say(app.constructor, "dim")
    for place, requirement in app.dash:
        say(f"asks for {requirement} ({place})")
    say(joined(coverage_words(app.coverage)))
    if app.coverage.extensions:
        say(f"extensions: {', '.join(app.coverage.extensions)}")
    for target in report.targets:
        verdict = app.verdicts[target]
        for why in verdict.why:
            style = STYLES[verdict.kind] if verdict.kind in ("blocked", "decisions") else "dim"
            say(f"{BACKEND_LABELS[target]}: {why}", style)
    for line in (*_features(app, report), *_blocking(app)):
        say(line)
    for start in app.starts:
        say(f"start: {start_words(start)}")
    started = {start.place for start in app.starts}
    for labels, changes in same_for(app.deploy, report.targets):
        others = [change for change in changes if change.place not in started]
        for change in others[:_FEW]:
            say(f"{labels}: {change.place} {change_words(change)}")
        if len(others) > _FEW:
            say(f"{labels}: … and {len(others) - _FEW} more changes of such files")


def _features(app: AppReport, report: CompatReport) -> Iterator[str]:
    differing = [use for use in app.features if use.differs(report.targets)]
    differing.sort(key=lambda use: not use.places)
    for use in differing[:_FEATURES]:
        seen = []
        for target in report.targets:
            cell = use.cells[target]
            if cell.status in ("no", "partly"):
                seen.append(f"{BACKEND_LABELS[target]} {cell.status}" + kept_words(target in use.kept))
        claimed = [BACKEND_LABELS[t] for t in report.targets if use.cells[t].refuted]
        if claimed:
            seen.append(f"documented otherwise for {joined(claimed)}")
        yield f"{use.title}: {'; '.join(seen)}"
    if len(differing) > _FEATURES:
        yield f"… and {len(differing) - _FEATURES} more features that differ"


def _blocking(app: AppReport) -> Iterator[str]:
    for title, some in blocking_groups(app):
        names = [f"{one.name} ({one.calls[0].what})" for one in some[:3]]
        more = f" and {len(some) - 3} more" if len(some) > 3 else ""
        yield f"{title}: {', '.join(names)}{more}"


def _checklist(console: Console, report: CompatReport, target: Backend) -> None:
    from rich.text import Text

    todos = report.checklist.get(target, ())
    if not todos:
        return
    console.print()
    console.print(Text(f"Checklist for {BACKEND_LABELS[target]}", style="bold"))
    for todo in todos[:25]:
        place = f" ({todo.place})" if todo.place else ""
        command = f": {todo.command}" if todo.command and not todo.code else ""
        _say(console, f"[ ] {f'{todo.code} ' if todo.code else ''}{todo.text}{place}{command}", hanging=4)
    if len(todos) > 25:
        console.print(f"  … and {len(todos) - 25} more")
