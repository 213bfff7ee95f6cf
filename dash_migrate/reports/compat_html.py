"""The compatibility report as one HTML file: no network, no script needed to read it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from dash_migrate import __version__
from dash_migrate.compat.model import CompatReport, Judged, Place, VerdictKind
from dash_migrate.model import OBLIGATIONS
from dash_migrate.reports.compat_words import (
    FATES,
    blocking_groups,
    change_words,
    coverage_words,
    same_for,
    start_words,
)
from dash_migrate.reports.words import BACKEND_LABELS, backend_now, count

TEMPLATES = Path(__file__).with_name("templates")
#: a mark, what it means, how several are counted
VERDICTS = {
    "ready": ("✓", "runs there as it is", "ready"),
    "automatic": ("⚙", "dash-migrate fix does it", "automatic"),
    "decisions": ("?", "fix leaves decisions to a person", "with decisions"),
    "blocked": ("✗", "something it needs is missing there", "blocked"),
}
STRATEGIES = {"rewrite": "native", "bridge": "bridged", "guard": "guarded"}
CELLS = {"yes": "✓", "partly": "~", "no": "✗", "n/a": "–"}


def as_text(report: CompatReport, title: str = "Dash backends: compatibility report") -> str:
    """The whole page."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["code"] = _code
    environment.filters["count"] = count
    environment.globals.update(
        labels=BACKEND_LABELS,
        now=backend_now,
        verdict_words=VERDICTS,
        strategies=STRATEGIES,
        cell_marks=CELLS,
        fate_words=FATES,
        coverage=coverage_words,
        start_words=start_words,
        change_words=change_words,
        same_for=same_for,
        blocking=blocking_groups,
        diff_lines=diff_lines,
        frame_lines=frame_lines,
        by_file=by_file,
    )
    template = environment.get_template("report.html.j2")
    return template.render(
        title=title,
        report=report,
        version=__version__,
        obligations=OBLIGATIONS,
        codes=_codes(report),
        files=sorted({one.finding.path for one in report.findings}),
        fates={target: report.fates_on(target) for target in report.targets},
        shown_fates={fate for target in report.targets for fate in report.fates_on(target)},
        totals=_totals(report),
        counts={o: report.count(o) for o in OBLIGATIONS},
        differing_of=lambda app: [use for use in app.features if use.differs(report.targets)],
        style=(TEMPLATES / "report.css").read_text(encoding="utf-8"),
        script=(TEMPLATES / "report.js").read_text(encoding="utf-8"),
    )


def _codes(report: CompatReport) -> list[tuple[str, str, int]]:
    """Code, name and how often, by code."""
    found = Counter((one.finding.code, one.finding.name) for one in report.findings)
    return sorted((code, name, number) for (code, name), number in found.items())


def _totals(report: CompatReport) -> dict[str, dict[str, int]]:
    """How many apps have which verdict, by target, the best first."""
    found: dict[str, dict[str, int]] = {}
    for target in report.targets:
        counted = Counter(app.verdicts[target].kind for app in report.apps)
        found[target] = {kind: counted[kind] for kind in get_args(VerdictKind) if counted[kind]}
    return found


def by_file(places: Sequence[Place]) -> list[str]:
    """Places with the lines of one file together: ``path:3, 8``."""
    found: dict[str, list[str]] = {}
    for place in places:
        found.setdefault(place.path, []).append(str(place.line))
    return [f"{path}:{', '.join(lines)}" for path, lines in found.items()]


def diff_lines(text: str) -> list[tuple[str, str]]:
    """The lines of a hunk, each with its kind: ``add``, ``del``, ``head`` or ``same``."""
    kinds = {"+": "add", "-": "del", "@": "head", "\\": "head"}
    return [(kinds.get(line[:1], "same"), line) for line in text.splitlines()]


def frame_lines(one: Judged) -> list[tuple[int, bool, str]]:
    """The lines of a frame: number, whether the finding lies on it, text."""
    if one.frame is None:
        return []
    span = one.finding.span
    return [
        (number, span.line <= number <= span.end_line, line)
        for number, line in enumerate(one.frame.lines, start=one.frame.first)
    ]


def _code(text: str) -> Any:
    """Text in which `backticks` become code; everything else is escaped."""
    from markupsafe import Markup, escape

    parts = re.split(r"`([^`]+)`", text)
    shown = [
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part) for number, part in enumerate(parts)
    ]
    return Markup("").join(shown)
