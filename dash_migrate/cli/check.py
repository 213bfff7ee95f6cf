"""``dash-migrate check``."""

from __future__ import annotations

from pathlib import Path

import click

from dash_migrate.cli.options import (
    checked_paths,
    emit,
    exit_code,
    in_order,
    output_options,
    paths_argument,
    targets_option,
)


@click.command()
@paths_argument
@targets_option(required=False)
@output_options
@click.option("--select", multiple=True, metavar="CODES", help="Only these codes, names or families (DM2).")
@click.option("--ignore", multiple=True, metavar="CODES", help="Not these.")
@click.option("--strict", is_flag=True, help="Let optional findings fail too.")
@click.option("--exit-zero", is_flag=True, help="Exit 0 whatever is found.")
@click.option("--no-cache", is_flag=True, help="Find everything out anew, and keep nothing for the next run.")
@click.option(
    "--cache-dir",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Keep answers there, not in the user's cache folder (also DASH_MIGRATE_CACHE_DIR).",
)
def check(
    paths: tuple[Path, ...],
    targets: tuple[str, ...],
    format_: str,
    output: Path | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    strict: bool,
    exit_zero: bool,
    no_cache: bool,
    cache_dir: Path | None,
) -> None:
    """What ties this app to Flask, per backend, with what to do about each."""
    from dash_migrate.cache.place import folder
    from dash_migrate.check import check as run

    cache = None if no_cache else folder(cache_dir)
    chosen = checked_paths(paths)
    report = run(chosen, in_order(targets or ("fastapi", "quart")), _codes(select), _codes(ignore), cache)
    emit(report, format_, output)
    raise click.exceptions.Exit(0 if exit_zero else exit_code(report, chosen, strict))


def _codes(given: tuple[str, ...]) -> list[str]:
    return [code.strip() for one in given for code in one.split(",") if code.strip()]
