"""``dash-migrate rule CODE`` and ``dash-migrate rules``."""

from __future__ import annotations

from pathlib import Path

import click

from dash_migrate.cli.options import write

_OUTPUT = click.option("--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="Write here.")


@click.command()
@click.argument("code")
@click.option(
    "--format", "format_", type=click.Choice(("text", "json")), default="text", show_default=True, help="How to say it."
)
@_OUTPUT
def rule(code: str, format_: str, output: Path | None) -> None:
    """What a rule is, why, and what to do. CODE is a code (DM201) or a name (before-request)."""
    from dash_migrate.findings.rules import all_rules
    from dash_migrate.reports import rule_pages
    from dash_migrate.reports.console import rendered

    found = next((r for r in all_rules() if code.upper() == r.code or code.lower() == r.name), None)
    if found is None:
        raise click.UsageError(f"no rule {code}; `dash-migrate rules` lists them")
    if format_ == "json":
        text = rule_pages.as_json(found)
    else:
        text = rendered(lambda console: rule_pages.draw(console, found), output is not None)
    write(text, output)


@click.command()
@click.option(
    "--format",
    "format_",
    type=click.Choice(("text", "markdown", "json")),
    default="text",
    show_default=True,
    help="How to say it.",
)
@_OUTPUT
def rules(format_: str, output: Path | None) -> None:
    """All rules, by family."""
    from dash_migrate.findings.rules import all_rules
    from dash_migrate.reports import rule_pages
    from dash_migrate.reports.console import rendered

    known = all_rules()
    if format_ == "json":
        text = rule_pages.all_as_json(known)
    elif format_ == "markdown":
        text = rule_pages.as_markdown(known)
    else:
        text = rendered(lambda console: rule_pages.draw_all(console, known), output is not None)
    write(text, output)
