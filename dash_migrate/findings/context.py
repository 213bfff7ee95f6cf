"""What a visitor works with: the facts at a node, and where to report."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from dash_migrate.facts.callers import runs_on
from dash_migrate.facts.scan import App, Facts
from dash_migrate.facts.scopes import FileIndex, Scope
from dash_migrate.facts.sides import Sides
from dash_migrate.facts.values import NOTHING, Value, Values
from dash_migrate.findings.rules import rule
from dash_migrate.model import Applicability, Backend, Finding, Obligation, Span, Status, Strategy
from dash_migrate.syntax.segments import Place, TextMap

_LABELS: dict[str, str] = {"flask": "Flask", "fastapi": "FastAPI", "quart": "Quart"}


@dataclass(eq=False)
class Context:
    """One file under judgement."""

    facts: Facts
    sides: Sides
    file: FileIndex
    text: TextMap
    targets: tuple[Backend, ...]
    findings: list[Finding] = field(default_factory=list)
    _reported: set[tuple[str, Place]] = field(default_factory=set)

    def values(self, node: ast.AST) -> Values:
        """What the expression stands for; for ``*x`` what ``x`` does."""
        return self.facts.values.get(node.value if isinstance(node, ast.Starred) else node, NOTHING)

    def arguments(self, call: ast.Call) -> Iterator[Value]:
        """The values of everything that is passed in a call."""
        for argument in call.args:
            yield from self.values(argument)
        for keyword in call.keywords:
            yield from self.values(keyword.value)

    def scope_of(self, node: ast.AST) -> Scope:
        return self.facts.project.scope_at(self.file, node)

    def allowed(self, node: ast.AST) -> set[str] | None:
        """The backends on which a place runs, if guards around it, or around every call of its function, say so."""
        return runs_on(self.facts.project, self.file, node, self.scope_of(node))

    def source(self, node: ast.AST, limit: int = 60) -> str:
        """The node's text on one line, shortened."""
        start, end = self.text.place(node)
        text = " ".join(self.text.text[start:end].split())
        return text if len(text) <= limit else text[: limit - 1] + "…"

    def report(
        self,
        code: str,
        node: ast.AST,
        apps: list[App],
        obligation: Obligation | None = None,
        only: set[str] | None = None,
        **fields: str,
    ) -> None:
        """Note a finding at a node, unless the apps it concerns or a guard around it make it moot.

        Args:
            apps: the Dash apps the place belongs to; their backends decide.
            obligation: other than the rule's own.
            only: the backends it can concern (default: all).
            fields: for the rule's message; ``text`` is the node's source if not given.
        """
        place = self.text.place(node)
        if (code, place) in self._reported:
            return
        fields.setdefault("text", self.source(node))
        self._reported.add((code, place))
        self.report_place(code, place, node, apps, obligation, only, **fields)

    def report_place(
        self,
        code: str,
        place: Place,
        anchor: ast.AST | None,
        apps: list[App],
        obligation: Obligation | None = None,
        only: set[str] | None = None,
        **fields: str,
    ) -> None:
        """The same for a stretch of the file; ``anchor`` is the ``ast`` node whose guards count."""
        entry = rule(code)
        allowed: set[str] | None = None
        if anchor is not None:
            allowed = self.allowed(anchor)
        if only is not None:
            allowed = only if allowed is None else allowed & only
        backends: dict[Backend, Status] = {}
        for target in self.targets:
            known = entry.backends[target]
            if known.status == "works" or (allowed is not None and target not in allowed):
                continue
            backends[target] = known.status
        if not backends:
            return
        states = {app.backend for app in apps}
        if obligation is None:
            obligation = entry.obligation
            if states and "flask" not in states and "unknown" in states and obligation == "required":
                obligation = "potential"
        statuses = set(backends.values())
        strategy: Strategy | None = None
        applicability: Applicability = "manual"
        moves = not apps or any(app.backend == "flask" for app in apps)
        if moves and statuses <= {"bridge", "rewrite"}:
            strategy = "bridge" if "bridge" in statuses else "rewrite"
            applicability = "safe"
        self.findings.append(
            Finding(
                code=entry.code,
                name=entry.name,
                path=self.file.display,
                span=self.span(place),
                message=_message(entry.message.format_map(_Blank(fields)), entry, backends, fields),
                obligation=obligation,
                backends=backends,
                applicability=applicability,
                strategy=strategy,
                url=f"https://github.com/dash-migrate/dash-migrate/blob/main/rules/{entry.path.name}",
            )
        )

    def span(self, place: Place) -> Span:
        line, column = self.text.position(place[0])
        end_line, end_column = self.text.position(place[1])
        return Span(line, column, end_line, end_column)


class _Blank(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""


def _message(text: str, entry: Any, backends: dict[Backend, Status], fields: dict[str, str]) -> str:
    """The rule's message, and what happens today on each backend asked for."""
    by_effect: dict[str, list[str]] = {}
    for backend in backends:
        today = entry.backends[backend].today.format_map(_Blank(fields))
        if today:
            by_effect.setdefault(today, []).append(_LABELS[backend])
    parts = [f"{' and '.join(names)}: {today}" for today, names in by_effect.items()]
    return f"{text} ({'; '.join(parts)})" if parts else text
