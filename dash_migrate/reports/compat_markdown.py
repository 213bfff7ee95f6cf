"""The compatibility report in Markdown, fit for a pull request: what matters first, the rest folded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from dash_migrate.compat.model import AppReport, CompatReport, FeatureUse, Judged, Todo
from dash_migrate.model import OBLIGATIONS, Backend
from dash_migrate.reports.words import BACKEND_LABELS, cell_of_table, count, fold, joined

MARKS = {"ready": "✅", "automatic": "🔧", "decisions": "✋", "blocked": "⛔"}
#: findings, callbacks and reasons that are listed one by one
_LISTED = 200


def as_text(report: CompatReport) -> str:
    """The report as GitHub-flavoured Markdown."""
    return "\n".join(_lines(report)).rstrip()


def _lines(report: CompatReport) -> Iterator[str]:
    yield "# Dash backends: compatibility report"
    yield ""
    if not report.apps:
        yield f"No Dash app found in {count(report.read, 'file')}."
        yield ""
    else:
        yield from _matrix(report)
    yield from _summary(report)
    for app in report.apps:
        yield from _app(app, report)
    yield from _findings(report)
    for target in report.targets:
        yield from _checklist(report, target)
    yield from _not_analysed(report)


def _matrix(report: CompatReport) -> Iterator[str]:
    labels = [BACKEND_LABELS[target] for target in report.targets]
    yield f"| App | now | {' | '.join(labels)} |"
    yield "|---|---|" + "---|" * len(labels)
    for app in report.apps:
        cells = [_verdict(app, target) for target in report.targets]
        yield f"| `{app.name}` {cell_of_table(str(app.place))} | {_now(app)} | {' | '.join(cells)} |"
    yield ""
    yield "✅ ready · 🔧 `dash-migrate fix` does it · ✋ decisions for a person · ⛔ something is missing there"
    yield ""


def _verdict(app: AppReport, target: Backend) -> str:
    verdict = app.verdicts[target]
    how = {"rewrite": " (native)", "bridge": " (bridged)", "guard": " (guarded)"}.get(verdict.strategy or "", "")
    return f"{MARKS[verdict.kind]} {verdict.label}{how}"


def _now(app: AppReport) -> str:
    label = BACKEND_LABELS.get(app.backend, app.backend)
    return f"{label}, bridged" if app.bridged else label


def _summary(report: CompatReport) -> Iterator[str]:
    counts = [f"{report.count(o)} {o}" for o in OBLIGATIONS if report.count(o)]
    found = f"{count(len(report.findings), 'finding')}: {', '.join(counts)}" if counts else "Nothing found"
    yield f"{found}. Feature cells were observed with Dash {report.dash_version}."
    yield ""
    for target in report.targets:
        fates = Counter(one.fates[target] for one in report.findings if target in one.fates)
        if fates:
            parts = [f"{number} {fate}" for fate, number in fates.most_common()]
            yield f"- {BACKEND_LABELS[target]}: {joined(parts)}"
    yield ""


def _app(app: AppReport, report: CompatReport) -> Iterator[str]:
    yield f"## `{app.name}` in {app.place}"
    yield ""
    if app.constructor:
        yield f"`{app.constructor.replace('`', '')}`"
        yield ""
    for place, requirement in app.dash:
        yield f"- asks for `{requirement}` ({place})"
    yield from _coverage(app)
    for target in report.targets:
        verdict = app.verdicts[target]
        for why in verdict.why if verdict.kind in ("blocked", "decisions") else ():
            yield f"- {BACKEND_LABELS[target]}, {verdict.label}: {cell_of_table(why)}"
        if verdict.declines:
            place, why = verdict.declines[0]
            more = f" and {len(verdict.declines) - 1} more" if len(verdict.declines) > 1 else ""
            yield f"- {BACKEND_LABELS[target]}, not rewritten natively: {place} {cell_of_table(why)}{more}"
    yield ""
    yield from _features(app, report)
    yield from _blocking(app)
    yield from _starts(app, report)


def _coverage(app: AppReport) -> Iterator[str]:
    facts = app.coverage
    parts = [
        count(facts.callbacks, "callback") + (f" ({facts.async_callbacks} async)" if facts.async_callbacks else ""),
        count(facts.routes, "route"),
        count(facts.hooks, "hook") + (f" ({count(facts.gates, 'gate')})" if facts.gates else ""),
        count(facts.request_uses, "use") + " of Flask's request context",
    ]
    for number, noun in (
        (facts.background_callbacks, "background callback"),
        (facts.clientside_callbacks, "clientside callback"),
        (facts.websocket_callbacks, "websocket callback"),
    ):
        if number:
            parts.append(count(number, noun))
    yield f"- {joined(parts)} in {count(len(app.files), 'file')}"
    if facts.extensions:
        yield f"- extensions: {', '.join(facts.extensions)}"
    if facts.process_managers:
        yield f"- started by {', '.join(facts.process_managers)}"


def _features(app: AppReport, report: CompatReport) -> Iterator[str]:
    if not app.features:
        return
    yield from fold(f"Features it uses ({len(app.features)})")
    yield f"| Feature | {' | '.join(BACKEND_LABELS[t] for t in report.targets)} | where |"
    yield "|---|" + "---|" * (len(report.targets) + 1)
    for use in app.features:
        cells = [_feature_cell(use, target) for target in report.targets]
        where = ", ".join(map(str, use.places[:2])) + (f" +{len(use.places) - 2}" if len(use.places) > 2 else "")
        yield f"| {cell_of_table(use.title)} | {' | '.join(cells)} | {cell_of_table(where or 'every app')} |"
    yield from _unfold()
    claims = [
        f"- {cell_of_table(use.title)} on {BACKEND_LABELS[backend]}: claimed “{use.claims[backend]}”, "
        f"observed “{cell.status}”: {cell_of_table(cell.seen)}"
        for use in app.features
        for backend, cell in use.cells.items()
        if cell.refuted and backend in report.targets
    ]
    if claims:
        yield from fold(f"Documentation that does not hold ({len(claims)})")
        yield from claims
        yield from _unfold()


def _feature_cell(use: FeatureUse, target: Backend) -> str:
    cell = use.cells[target]
    if cell.status in ("yes", "n/a"):
        return "yes" if cell.status == "yes" else "–"
    kept = " (kept by fix)" if target in use.kept else ""
    return cell_of_table(f"**{cell.status}**: {cell.seen}{kept}")


def _blocking(app: AppReport) -> Iterator[str]:
    waiting = [one for one in app.blocking if one.calls[0].cost != "short"]
    if not waiting:
        return
    yield from fold(f"Callbacks that keep others waiting ({len(waiting)})")
    yield "Natively they run in the event loop on FastAPI and Quart; make them `async def`, or keep the bridge."
    yield ""
    for one in waiting[:_LISTED]:
        call = one.calls[0]
        through = f" through {' → '.join(f'`{name}`' for name in call.through)}" if call.through else ""
        more = f" and {len(one.calls) - 1} more" if len(one.calls) > 1 else ""
        yield f"- `{one.name}` ({one.place}): {call.kind}, `{call.what}` at {call.place}{through}{more}"
    yield from _unfold()


def _starts(app: AppReport, report: CompatReport) -> Iterator[str]:
    for start in app.starts:
        before = f"`{start.before}`" if start.before else "not started by any file found"
        where = f" ({start.place})" if start.place else ""
        after = {BACKEND_LABELS[t]: start.after[t] for t in report.targets if t in start.after}
        if after:
            same = len(set(after.values())) == 1
            shown = f"`{next(iter(after.values()))}`" if same else "; ".join(f"{n}: `{c}`" for n, c in after.items())
            yield f"- start: {before}{where} → {shown}"
        else:
            yield f"- start: {before}{where}, as before" + (f" ({start.why})" if start.why else "")
    yield ""


def _findings(report: CompatReport) -> Iterator[str]:
    for obligation in OBLIGATIONS:
        some = [one for one in report.findings if one.finding.obligation == obligation]
        if not some:
            continue
        yield from fold(f"{obligation.capitalize()} findings ({len(some)})")
        targets = [t for t in report.targets if any(t in one.fates for one in some)]
        yield f"| Where | Code | What | {' | '.join(BACKEND_LABELS[t] for t in targets)} |"
        yield "|---|---|---|" + "---|" * len(targets)
        for one in some[:_LISTED]:
            yield _finding(one, targets)
        if len(some) > _LISTED:
            yield ""
            yield f"… and {len(some) - _LISTED} more; the HTML and JSON reports have them all."
        yield from _unfold()


def _finding(one: Judged, targets: list[Backend]) -> str:
    finding = one.finding
    fates = " | ".join(one.fates.get(target, "–") for target in targets)
    place = cell_of_table(f"{finding.path}:{finding.span.line}")
    return f"| {place} | [{finding.code}]({finding.url}) | {cell_of_table(finding.message)} | {fates} |"


def _checklist(report: CompatReport, target: Backend) -> Iterator[str]:
    todos = report.checklist.get(target, ())
    if not todos:
        return
    yield f"## Checklist for {BACKEND_LABELS[target]}"
    yield ""
    yield from (_todo(todo) for todo in todos[:_LISTED])
    if len(todos) > _LISTED:
        yield f"- [ ] … and {len(todos) - _LISTED} more"
    yield ""


def _todo(todo: Todo) -> str:
    place = f" ({todo.place})" if todo.place else ""
    code = f"{todo.code} " if todo.code else ""
    command = f": `{todo.command}`" if todo.command and not todo.code else ""
    return f"- [ ] {code}{cell_of_table(todo.text)}{place}{command}"


def _not_analysed(report: CompatReport) -> Iterator[str]:
    if report.not_analysed:
        yield "## Not analysed"
        yield ""
        for one in report.not_analysed[:_LISTED]:
            yield f"- {cell_of_table(one.what)}: {cell_of_table(one.why)}"
        yield ""


def _unfold() -> Iterator[str]:
    yield ""
    yield "</details>"
    yield ""
