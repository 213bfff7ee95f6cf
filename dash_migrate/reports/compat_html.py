"""The compatibility report as one HTML file: no network, no script needed to read it."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

from dash_migrate import __version__
from dash_migrate.compat.model import CompatReport, Fate, Judged
from dash_migrate.model import OBLIGATIONS
from dash_migrate.reports.words import BACKEND_LABELS, count

TEMPLATES = Path(__file__).with_name("templates")
FATES: dict[Fate, str] = {
    "native": "becomes code of the target",
    "bridged": "stays Flask code, behind the bridge",
    "guarded": "code for both backends",
    "manual": "left to a person",
    "stays": "may stay as it is",
}
VERDICTS = {
    "ready": ("✓", "runs there as it is"),
    "automatic": ("⚙", "dash-migrate fix does it"),
    "decisions": ("?", "fix leaves decisions to a person"),
    "blocked": ("✗", "something it needs is missing there"),
}
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
    environment.globals.update(labels=BACKEND_LABELS, verdict_words=VERDICTS, cell_marks=CELLS, fate_words=FATES)
    template = environment.get_template("report.html.j2")
    return template.render(
        title=title,
        report=report,
        version=__version__,
        obligations=OBLIGATIONS,
        codes=_codes(report),
        files=sorted({one.finding.path for one in report.findings}),
        fates=_fates(report),
        counts={o: report.count(o) for o in OBLIGATIONS},
        style=(TEMPLATES / "report.css").read_text(encoding="utf-8"),
        script=(TEMPLATES / "report.js").read_text(encoding="utf-8"),
        diff_lines=diff_lines,
        frame_lines=frame_lines,
    )


def _codes(report: CompatReport) -> list[tuple[str, str, int]]:
    """Code, name and how often, by code."""
    found = Counter((one.finding.code, one.finding.name) for one in report.findings)
    return sorted((code, name, number) for (code, name), number in found.items())


def _fates(report: CompatReport) -> dict[str, dict[Fate, int]]:
    """How many findings have which fate, by target."""
    found: dict[str, dict[Fate, int]] = {}
    for target in report.targets:
        counted = Counter(one.fates[target] for one in report.findings if target in one.fates)
        found[target] = {fate: counted[fate] for fate in FATES if counted[fate]}
    return found


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
