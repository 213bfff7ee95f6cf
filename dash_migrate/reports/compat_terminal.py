"""The compatibility report for a terminal."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from dash_migrate.compat.model import AppReport, CompatReport
from dash_migrate.model import OBLIGATIONS, Backend
from dash_migrate.reports.words import BACKEND_LABELS, count, joined

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

MARKS = {"ready": "✓", "automatic": "⚙", "decisions": "?", "blocked": "✗"}
STYLES = {"ready": "green", "automatic": "cyan", "decisions": "yellow", "blocked": "red"}
_COLOURS = {"required": "red", "potential": "yellow", "optional": "cyan"}
_FEW = 6


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
            console.print(Text(f"  {one.what}: {one.why}"))
        if len(report.not_analysed) > 20:
            console.print(f"  … and {len(report.not_analysed) - 20} more")


def _matrix(report: CompatReport) -> object:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    table.add_column("App")
    table.add_column("now")
    for target in report.targets:
        table.add_column(BACKEND_LABELS[target])
    for app in report.apps:
        now = BACKEND_LABELS.get(app.backend, app.backend) + (", bridged" if app.bridged else "")
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
        fates = Counter(one.fates[target] for one in report.findings if target in one.fates)
        if fates:
            console.print(f"  {BACKEND_LABELS[target]}: {joined([f'{n} {fate}' for fate, n in fates.most_common()])}")


def _app(console: Console, app: AppReport, report: CompatReport) -> None:
    from rich.text import Text

    console.print()
    console.print(Text(f"{app.name}  {app.place}", style="bold"))
    if app.constructor:
        console.print(Text(f"  {app.constructor}", style="dim"))
    for place, requirement in app.dash:
        console.print(Text(f"  asks for {requirement} ({place})"))
    facts = app.coverage
    console.print(
        f"  {count(facts.callbacks, 'callback')} ({facts.async_callbacks} async, "
        f"{facts.background_callbacks} background), {count(facts.routes, 'route')}, {count(facts.hooks, 'hook')} "
        f"({count(facts.gates, 'gate')}), {count(facts.request_uses, 'use')} of Flask's request"
    )
    if facts.extensions:
        console.print(f"  extensions: {', '.join(facts.extensions)}")
    for target in report.targets:
        verdict = app.verdicts[target]
        for why in verdict.why if verdict.kind in ("blocked", "decisions") else ():
            console.print(Text(f"  {BACKEND_LABELS[target]}: {why}", style=STYLES[verdict.kind]))
        for place, why in verdict.declines[:2]:
            console.print(Text(f"  {BACKEND_LABELS[target]}: not native, {place} {why}", style="dim"))
    differing = [use for use in app.features if use.differs and use.places]
    for use in differing[:_FEW]:
        seen = [
            f"{BACKEND_LABELS[t]} {use.cells[t].status}" + (", kept by fix" if t in use.kept else "")
            for t in report.targets
            if use.cells[t].status in ("no", "partly")
        ]
        if seen:
            console.print(Text(f"  {use.title}: {'; '.join(seen)}"))
    if len(differing) > _FEW:
        console.print(f"  … and {len(differing) - _FEW} more features that differ")
    waiting = [one for one in app.blocking if one.calls[0].cost != "short"]
    if waiting:
        names = [f"{one.name} ({one.calls[0].what})" for one in waiting[:3]]
        more = f" and {len(waiting) - 3} more" if len(waiting) > 3 else ""
        console.print(Text(f"  keep others waiting: {', '.join(names)}{more}"))
    for start in app.starts:
        if start.after:
            console.print(Text(f"  start: {start.before or '(none found)'} -> {next(iter(start.after.values()))}"))
        else:
            console.print(Text(f"  start: {start.before}, as before"))


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
        console.print(Text(f"  [ ] {f'{todo.code} ' if todo.code else ''}{todo.text}{place}{command}"))
    if len(todos) > 25:
        console.print(f"  … and {len(todos) - 25} more")
