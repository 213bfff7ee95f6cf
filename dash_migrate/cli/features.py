"""``dash-migrate features``."""

from __future__ import annotations

from pathlib import Path

import click

from dash_migrate.model import VersionError


@click.command()
@click.option(
    "--dash-version", metavar="X.Y", help="For this version of Dash (default: the newest release that was probed)."
)
@click.option("--feature", "name", metavar="ID", help="Only this row; in the terminal through all versions.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(("text", "markdown", "json")),
    default="text",
    show_default=True,
    help="How to say it. JSON holds every version unless one is asked for.",
)
@click.option("--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="Write here.")
def features(dash_version: str | None, name: str | None, format_: str, output: Path | None) -> None:
    """What each backend does with each feature of Dash, with the evidence."""
    from dash_migrate import features as table
    from dash_migrate.cli.options import write
    from dash_migrate.reports import feature_table as report
    from dash_migrate.reports.console import rendered

    rows = list(table.features())
    if name is not None:
        rows = [row for row in rows if row.id == name]
        if not rows:
            known = ", ".join(row.id for row in table.features())
            raise click.UsageError(f"no feature {name}; there are {known}")
    try:
        table.nearest(dash_version, list(table.versions()))
    except VersionError as error:
        raise click.UsageError(str(error)) from None
    if format_ == "json":
        text = report.as_json(rows, dash_version)
    elif format_ == "markdown":
        text = report.as_markdown(rows, dash_version)
    elif name is not None:
        text = rendered(lambda console: report.draw_one(console, rows[0]), output is not None)
    else:
        text = rendered(lambda console: report.draw(console, rows, dash_version), output is not None)
    write(text, output)
