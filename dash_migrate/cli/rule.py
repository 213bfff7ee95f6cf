"""``dash-migrate rule CODE`` and ``dash-migrate rules``."""

from __future__ import annotations

import json
from typing import Any

import click

from dash_migrate.findings.rules import Rule, all_rules

_LABELS = {"flask": "Flask", "fastapi": "FastAPI", "quart": "Quart"}
_FORMAT = click.option("--format", "format_", type=click.Choice(("text", "json")), default="text")


@click.command()
@click.argument("code")
@_FORMAT
def rule(code: str, format_: str) -> None:
    """What a rule is, why, and what to do."""
    found = next((r for r in all_rules() if code.upper() == r.code or code == r.name), None)
    if found is None:
        raise click.UsageError(f"no rule {code}; `dash-migrate rules` lists them")
    click.echo(json.dumps(_as_json(found), indent=2) if format_ == "json" else _as_text(found))


@click.command()
@_FORMAT
def rules(format_: str) -> None:
    """All rules."""
    if format_ == "json":
        click.echo(json.dumps({"schema": 1, "rules": [_as_json(r) for r in all_rules()]}, indent=2))
        return
    for entry in all_rules():
        click.echo(f"{entry.code}  {entry.name:<24} {entry.obligation:<10} {entry.summary}")


def _as_text(entry: Rule) -> str:
    parts = [
        f"{entry.code} {entry.name} ({entry.obligation})",
        "",
        entry.summary,
        "",
        "Why",
        f"  {entry.why}",
        "",
    ]
    for name, known in entry.backends.items():
        parts.append(f"{_LABELS[name]}: {known.status}")
        if known.today:
            parts.append(f"  today: {known.today}")
        if known.fix:
            parts.append(f"  fix:   {known.fix}")
    if entry.references:
        parts += ["", "References", *[f"  {r}" for r in entry.references]]
    return "\n".join(parts)


def _as_json(entry: Rule) -> dict[str, Any]:
    return {
        "code": entry.code,
        "name": entry.name,
        "summary": entry.summary,
        "why": entry.why,
        "obligation": entry.obligation,
        "backends": {
            name: {"status": known.status, "today": known.today, "fix": known.fix}
            for name, known in entry.backends.items()
        },
        "references": list(entry.references),
    }
