"""Options and output that commands share."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from dash_migrate.check import Report
from dash_migrate.files.errors import describe
from dash_migrate.model import BACKENDS, Backend

FORMATS = ("text", "json", "sarif", "github")


def paths_argument(function: Callable[..., Any]) -> Callable[..., Any]:
    """``[PATHS]…``, the current directory by default."""
    return click.argument("paths", nargs=-1, type=click.Path(path_type=Path, readable=False))(function)


def output_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--format`` and ``--output``."""
    function = click.option("--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="Write here.")(
        function
    )
    return click.option(
        "--format",
        "format_",
        type=click.Choice(FORMATS),
        default="text",
        show_default=True,
        help="How to say it.",
    )(function)


def targets_option(required: bool) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """``--target``, which may be given several times."""
    return click.option(
        "--target",
        "-t",
        "targets",
        type=click.Choice(BACKENDS),
        multiple=True,
        required=required,
        help="A backend to go to." + ("" if required else " Default: fastapi and quart."),
    )


def checked_paths(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    """The paths, or the current directory.

    Raises:
        click.UsageError: one does not exist.
    """
    for path in paths:
        try:
            path.stat()
        except (OSError, ValueError) as error:
            raise click.UsageError(f"{path}: {describe(error)}") from None
    return paths or (Path("."),)


def in_order(targets: tuple[str, ...]) -> tuple[Backend, ...]:
    """The chosen backends, each once."""
    return tuple(b for b in BACKENDS if b in targets)


def render(report: Report, format_: str, colour: bool) -> str:
    """The report in a format."""
    if format_ == "json":
        from dash_migrate.reports.json_report import as_text

        return as_text(report)
    if format_ == "sarif":
        from dash_migrate.reports.sarif import as_text as as_sarif

        return as_sarif(report)
    if format_ == "github":
        from dash_migrate.reports.github import as_text as as_github

        return as_github(report)
    from dash_migrate.reports.text import lines

    def paint(text: str, name: str) -> str:
        return click.style(text, fg=name, bold=True) if colour else text

    return "\n".join(lines(report, paint))


def emit(report: Report, format_: str, output: Path | None) -> None:
    """Print the report, or write it to a file.

    Raises:
        click.ClickException: the file cannot be written.
    """
    colour = output is None and sys.stdout is not None and sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    write(render(report, format_, colour), output)


def write(text: str, output: Path | None) -> None:
    """Print a text, or write it to a file.

    Raises:
        click.ClickException: the file cannot be written.
    """
    if output is None:
        click.echo(text)
        return
    try:
        output.write_text(text + "\n", encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise click.ClickException(f"{output}: {error.strerror or error}") from None


def exit_code(report: Report, paths: tuple[Path, ...], strict: bool = False) -> int:
    """0: nothing left; 1: findings left; 2: what was asked for alone could not be read."""
    if report.errors and len(paths) == 1 and not os.path.isdir(paths[0]):
        return 2
    return 1 if report.has_work(strict) else 0
