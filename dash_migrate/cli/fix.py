"""``dash-migrate fix``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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
from dash_migrate.model import VersionError

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
    if not diff:
        _settle_interrupted(chosen)
    try:
        options = (with_badge, dash_version, with_backend_skeleton)
        outcome = compute(chosen, in_order(targets), cast("Strategy", strategy), None, *options)
    except VersionError as error:
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
        with _taken_back_when_ended():
            apply(outcome.changes)
    except WriteError as error:
        raise click.ClickException(str(error)) from None
    if format_ == "text":
        for change in outcome.changes:
            click.echo(f"{'created' if change.is_new_file else 'changed'} {change.path}", err=output is None)
    emit(outcome.report, format_, output)
    raise click.exceptions.Exit(exit_code(outcome.report, chosen, strict))


def _settle_interrupted(paths: tuple[Path, ...]) -> None:
    """Take back what an earlier run left half-done when it was killed.

    Raises:
        click.ClickException: somebody has worked on those files since; said once.
    """
    from dash_migrate.files.folder import with_project
    from dash_migrate.writes.apply import recover

    restored, errors = recover(with_project(paths))
    for path in restored:
        click.echo(f"restored {path}, which an interrupted run had left half-done", err=True)
    if errors:
        said = "\n".join(f"{error.path}: {error.message}" for error in errors)
        raise click.ClickException(f"{said}\nLook at these files, then run again.")


@contextmanager
def _taken_back_when_ended() -> Iterator[None]:
    """Have signals that end the process raise, so that what is half-done is taken back; then no second one disturbs."""
    import signal

    from dash_migrate import processes

    names = ("SIGINT", "SIGTERM", "SIGHUP") if processes.OWN_PROCESS else ()
    numbers = [number for name in names if (number := getattr(signal, name, None)) is not None]
    before = {number: signal.getsignal(number) for number in numbers}
    deadly = {number: old for number, old in before.items() if old in (signal.SIG_DFL, signal.default_int_handler)}

    def end(*_: object) -> None:
        for number in deadly:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in deadly:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number, old in deadly.items():
            signal.signal(number, old)
