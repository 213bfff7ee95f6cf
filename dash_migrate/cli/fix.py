"""``dash-migrate fix``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from dash_migrate.cli.options import (
    checked_paths,
    emit,
    exit_code,
    in_order,
    output_options,
    paths_argument,
    render,
    targets_option,
)

if TYPE_CHECKING:
    from dash_migrate.fixes.plan import Strategy


@click.command()
@paths_argument
@targets_option(required=True)
@click.option(
    "--strategy",
    type=click.Choice(("auto", "rewrite", "bridge", "guard")),
    default="auto",
    show_default=True,
    help="How Flask code is carried over; guard keeps Flask as one of the backends.",
)
@click.option("--with-badge", is_flag=True, help="With several targets: add a component that shows the backend.")
@click.option("--with-backend-skeleton", is_flag=True, help="Fill in what your own backend classes lack.")
@click.option("--dash-version", metavar="X.Y", help="The release of Dash to ask for. Default: the oldest that works.")
@click.option("--diff", is_flag=True, help="Show what would change and write nothing.")
@click.option("--strict", is_flag=True, help="Let optional findings fail too.")
@output_options
def fix(
    paths: tuple[Path, ...],
    targets: tuple[str, ...],
    strategy: str,
    with_badge: bool,
    with_backend_skeleton: bool,
    dash_version: str | None,
    diff: bool,
    strict: bool,
    format_: str,
    output: Path | None,
) -> None:
    """Rewrite the project for a backend; afterwards it runs there and answers as before."""
    from dash_migrate.fix import fix as compute
    from dash_migrate.writes.apply import apply
    from dash_migrate.writes.changes import WriteError
    from dash_migrate.writes.diff import unified_diff

    chosen = checked_paths(paths)
    try:
        options = (with_badge, dash_version, with_backend_skeleton)
        outcome = compute(chosen, in_order(targets), cast("Strategy", strategy), None, *options)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    if diff:
        if format_ == "text" or output is not None:
            for change in outcome.changes:
                click.echo(unified_diff(change.path, change.old, change.new), nl=False)
        if format_ != "text" or output is not None:
            emit(outcome.report, format_, output)
        else:
            click.echo(render(outcome.report, "text", colour=False), err=True)
        raise click.exceptions.Exit(exit_code(outcome.report, chosen, strict))
    try:
        apply(outcome.changes)
    except WriteError as error:
        raise click.ClickException(str(error)) from None
    if format_ == "text":
        for change in outcome.changes:
            click.echo(f"{'created' if change.is_new_file else 'changed'} {change.path}", err=output is None)
    emit(outcome.report, format_, output)
    raise click.exceptions.Exit(exit_code(outcome.report, chosen, strict))
