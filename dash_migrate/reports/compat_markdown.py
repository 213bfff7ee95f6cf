"""The compatibility report in Markdown, fit for a pull request: what matters first, the rest folded."""

from __future__ import annotations

from collections.abc import Iterator

from dash_migrate.compat.model import AppReport, CompatReport, FeatureUse, Judged, Todo
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
from dash_migrate.reports.words import BACKEND_LABELS, backend_now, cell_of_table, count, fold, joined

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
        now = backend_now(app.backend, app.bridged)
        yield f"| `{app.name}` {cell_of_table(str(app.place))} | {now} | {' | '.join(cells)} |"
    yield ""
    yield "✅ ready · 🔧 `dash-migrate fix` does it · ✋ decisions for a person · ⛔ something is missing there"
    yield ""


def _verdict(app: AppReport, target: Backend) -> str:
    verdict = app.verdicts[target]
    how = {"rewrite": " (native)", "bridge": " (bridged)", "guard": " (guarded)"}.get(verdict.strategy or "", "")
    return f"{MARKS[verdict.kind]} {verdict.label}{how}"


def _summary(report: CompatReport) -> Iterator[str]:
    counts = [f"{report.count(o)} {o}" for o in OBLIGATIONS if report.count(o)]
    found = f"{count(len(report.findings), 'finding')}: {', '.join(counts)}" if counts else "Nothing found"
    yield f"{found}. Feature cells were observed with Dash {report.dash_version}."
    yield ""
    for target in report.targets:
        fates = report.fates_on(target)
        if fates:
            yield f"- {BACKEND_LABELS[target]}: {fate_words(fates)}"
    yield ""


def _app(app: AppReport, report: CompatReport) -> Iterator[str]:
    yield f"## `{app.name}` in {app.place}"
    yield ""
    if app.constructor:
        yield f"`{app.constructor.replace('`', '')}`"
        yield ""
    for place, requirement in app.dash:
        yield f"- asks for `{requirement}` ({place})"
    yield f"- {joined(coverage_words(app.coverage))}, in {count(len(app.files), 'file')}"
    if app.coverage.extensions:
        yield f"- extensions: {', '.join(app.coverage.extensions)}"
    if app.coverage.process_managers:
        yield f"- started by {', '.join(app.coverage.process_managers)}"
    for target in report.targets:
        verdict = app.verdicts[target]
        for why in verdict.why:
            yield f"- {BACKEND_LABELS[target]}, {verdict.label}: {cell_of_table(why)}"
        if len(verdict.declines) > 1 and verdict.strategy == "bridge":
            rest = [f"{place} {cell_of_table(why)}" for place, why in verdict.declines[1:4]]
            more = f"; and {len(verdict.declines) - 4} more" if len(verdict.declines) > 4 else ""
            yield f"  - further against a native rewrite: {'; '.join(rest)}{more}"
    yield ""
    yield from _features(app, report)
    yield from _blocking(app)
    yield from _starts(app, report)


def _features(app: AppReport, report: CompatReport) -> Iterator[str]:
    if not app.features:
        return
    differing = [use for use in app.features if use.differs(report.targets)]
    same = [cell_of_table(use.title) for use in app.features if use not in differing]
    yield from fold(f"Features it uses ({len(app.features)}, {len(differing)} differ between backends)")
    if differing:
        yield f"| Feature | {' | '.join(BACKEND_LABELS[t] for t in report.targets)} | where |"
        yield "|---|" + "---|" * (len(report.targets) + 1)
    for use in differing:
        cells = [_feature_cell(use, target) for target in report.targets]
        where = ", ".join(map(str, use.places[:2])) + (f" +{len(use.places) - 2}" if len(use.places) > 2 else "")
        yield f"| {cell_of_table(use.title)} | {' | '.join(cells)} | {cell_of_table(where or 'every app')} |"
    if same:
        yield ""
        yield f"The same on each of them: {joined(same)}."
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
    return cell_of_table(f"**{cell.status}**: {cell.seen}{kept_words(target in use.kept)}")


def _blocking(app: AppReport) -> Iterator[str]:
    for title, waiting in blocking_groups(app):
        yield from fold(f"{title}: {len(waiting)}")
        for one in waiting[:_LISTED]:
            call = one.calls[0]
            through = f" through {' → '.join(f'`{name}`' for name in call.through)}" if call.through else ""
            more = f" and {len(one.calls) - 1} more" if len(one.calls) > 1 else ""
            sure = "" if call.certain else ", probably"
            yield f"- `{one.name}` ({one.place}): {call.kind}{sure}, `{call.what}` at {call.place}{through}{more}"
        yield from _unfold()


def _starts(app: AppReport, report: CompatReport) -> Iterator[str]:
    for start in app.starts:
        yield f"- start: {start_words(start, '`')}"
    yield ""
    found = same_for(app.deploy, report.targets)
    if found:
        number = len({change.place.path for _, changes in found for change in changes})
        yield from fold(f"Dependencies and deployment ({count(number, 'file')})")
        for labels, changes in found:
            yield f"{labels}:"
            yield ""
            yield from (f"- {change.place}: {change_words(change, '`')}" for change in changes)
            yield ""
        yield "</details>"
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
