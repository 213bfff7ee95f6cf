"""``dash-migrate report``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from dash_migrate.cli.options import checked_paths, in_order, paths_argument
from dash_migrate.model import BACKENDS, VersionError

if TYPE_CHECKING:
    from dash_migrate.fixes.plan import Strategy


@click.command()
@paths_argument
@click.option(
    "--target",
    "-t",
    "targets",
    type=click.Choice(BACKENDS),
    multiple=True,
    help="A backend to report on. Default: all of them.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(("terminal", "markdown", "html", "json")),
    default="terminal",
    show_default=True,
    help="How to say it: markdown is fit for a pull request, html is one file without network.",
)
@click.option(
    "--strategy",
    type=click.Choice(("auto", "rewrite", "bridge", "guard")),
    default="auto",
    show_default=True,
    help="How fix is to carry Flask code over; guard keeps Flask as one of the backends.",
)
@click.option("--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="Write here.")
@click.option("--dash-version", metavar="X.Y", help="Read the feature table for this version of Dash.")
@click.option("--exit-code", is_flag=True, help="Exit 1 if anything required or potential is left, as check does.")
def report(
    paths: tuple[Path, ...],
    targets: tuple[str, ...],
    format_: str,
    output: Path | None,
    dash_version: str | None,
    strategy: str,
    exit_code: bool,
) -> None:
    """What each backend means for each app: verdicts, features, findings, changes, checklist. Writes no code."""
    from dash_migrate.cli.options import write
    from dash_migrate.compat.build import build

    try:
        chosen = in_order(targets or BACKENDS)
        made = build(checked_paths(paths), chosen, dash_version, cast("Strategy", strategy))
    except VersionError as error:
        raise click.UsageError(str(error)) from None
    if format_ == "json":
        from dash_migrate.reports.compat_json import as_text as as_json

        text = as_json(made)
    elif format_ == "markdown":
        from dash_migrate.reports.compat_markdown import as_text as as_markdown

        text = as_markdown(made)
    elif format_ == "html":
        from dash_migrate.reports.compat_html import as_text as as_html

        text = as_html(made)
    else:
        from dash_migrate.reports.compat_terminal import draw
        from dash_migrate.reports.console import rendered

        text = rendered(lambda console: draw(console, made), output is not None)
    write(text, output)
    left = made.count("required") + made.count("potential")
    raise click.exceptions.Exit(1 if exit_code and left else 0)
