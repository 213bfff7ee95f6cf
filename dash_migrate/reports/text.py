"""The report for a terminal: one line a finding, then a summary."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dash_migrate.check import Report

Paint = Callable[[str, str], str]

_COLOURS = {"required": "red", "potential": "yellow", "optional": "cyan"}


def lines(report: Report, paint: Paint = lambda text, colour: text) -> Iterator[str]:
    """The lines of the report.

    Args:
        paint: colours a piece of text (given the text and a colour name); plain by default.
    """
    for finding in report.findings:
        place = f"{finding.path}:{finding.span.line}:{finding.span.column}"
        yield f"{place}: {paint(finding.code, _COLOURS[finding.obligation])} {finding.message}"
    for error in report.unsaid:
        where = error.path if error.line is None else f"{error.path}:{error.line}"
        yield f"{where}: {paint('error', 'red')} {error.message}"
    if report.findings or report.errors:
        yield ""
    yield from summary(report, paint)


def summary(report: Report, paint: Paint) -> Iterator[str]:
    """What was looked at, what was found, what ``fix`` can do."""
    apps = len(report.apps)
    if not apps:
        yield f"No Dash app found in {_count(report.read, 'file')}."
    targets = " and ".join(_LABELS[t] for t in report.targets)
    if not report.findings:
        if apps:
            where = f"{_count(apps, 'Dash app')} in {_count(report.read, 'file')}"
            yield f"{where}: nothing ties {_it(apps)} to Flask for {targets}."
    else:
        counts = [
            paint(f"{report.count(o)} {o}", _COLOURS[o])
            for o in ("required", "potential", "optional")
            if report.count(o)
        ]
        yield f"{_count(len(report.findings), 'finding')} for {targets}: {', '.join(counts)}."
        fixable = sum(f.strategy is not None and f.obligation != "optional" for f in report.findings)
        left = report.count("required") + report.count("potential") - fixable
        if fixable:
            yield f"`dash-migrate fix --target {_first(report)}` takes care of {fixable}" + (
                f"; {left} need a person." if left else "."
            )
        elif left:
            yield f"{left} need a person."
    yield from report.notes
    if report.errors:
        yield f"{_count(len(report.errors), 'file')} could not be analysed."
    if report.skipped:
        yield f"{report.skipped} skipped (ignored by git, virtual environments, generated or vendored code)."


_LABELS = {"flask": "Flask", "fastapi": "FastAPI", "quart": "Quart"}


def _first(report: Report) -> str:
    return next((t for t in report.targets if t != "flask"), "flask")


def _it(number: int) -> str:
    return "it" if number == 1 else "them"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
