"""``dash-migrate verify``."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

if TYPE_CHECKING:
    from dash_migrate.fixes.plan import Strategy
    from dash_migrate.verify.boot import BootError
    from dash_migrate.verify.project import Target
    from dash_migrate.verify.steps import Step

_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command()
@click.argument("path", type=click.Path(path_type=Path, exists=True), default=".")
@click.option("--target", "-t", type=click.Choice(("flask", "fastapi", "quart")), required=True, help="What to go to.")
@click.option(
    "--strategy",
    type=click.Choice(("auto", "rewrite", "bridge", "guard")),
    default="auto",
    show_default=True,
    help="How the copy is migrated.",
)
@click.option(
    "--migrated",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Take this folder for the migrated project instead of migrating a copy.",
)
@click.option("--against", metavar="REVISION", help="Before: this Git revision (HEAD). After: the files as they are.")
@click.option(
    "--app",
    metavar="MODULE:NAME",
    help="What to start; or a script, with arguments. By default it is found.",
)
@click.option("--after-app", metavar="MODULE:NAME", help="The same after the migration, if it is another one.")
@click.option("--python", metavar="EXE", help="The interpreter that has the app's packages (default: this one).")
@click.option("--python-before", metavar="EXE", help="The same before the migration, if it is another one.")
@click.option("--env", "env", metavar="NAME=VALUE", multiple=True, help="A variable for both sides.")
@click.option("--requests", type=_FILE, help="Ask what this requests.toml says (see fixtures/README.md).")
@click.option("--har", type=_FILE, help="Ask what a browser recorded in a HAR file.")
@click.option("--access-log", type=_FILE, help="Ask what an access log holds (without bodies).")
@click.option("--derive", is_flag=True, help="Derive requests as well; without any of these three they always are.")
@click.option("--login", metavar="USER:PASSWORD", multiple=True, help="Credentials to try at logins.")
@click.option("--parallel", metavar="N", default=4, show_default=True, help="Send the slowest request N times at once.")
@click.option("--max-requests", metavar="N", default=1200, show_default=True, help="Derive no more than this.")
@click.option("--max-seconds", metavar="S", default=90.0, show_default=True, help="Ask no longer than this.")
@click.option("--timeout", metavar="S", default=10.0, show_default=True, help="Wait this long for one answer.")
@click.option("--boot-timeout", metavar="S", default=60.0, show_default=True, help="Wait this long for the app.")
@click.option(
    "--network",
    type=click.Choice(("none", "loopback", "open")),
    default="none",
    show_default=True,
    help="What the app may connect to: nothing (where the system allows it), services of this machine, anything.",
)
@click.option("--all", "show_all", is_flag=True, help="List the equal requests, too, and whole diffs.")
@click.option("--format", "format_", type=click.Choice(("text", "json")), default="text", show_default=True)
@click.option("--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="Write here.")
def verify(
    path: Path,
    target: str,
    strategy: str,
    migrated: Path | None,
    against: str | None,
    app: str | None,
    after_app: str | None,
    python: str | None,
    python_before: str | None,
    env: tuple[str, ...],
    requests: Path | None,
    har: Path | None,
    access_log: Path | None,
    derive: bool,
    login: tuple[str, ...],
    parallel: int,
    max_requests: int,
    max_seconds: float,
    timeout: float,
    boot_timeout: float,
    network: str,
    show_all: bool,
    format_: str,
    output: Path | None,
) -> None:
    """Boot the app before and after the migration, ask both the same, compare. Runs the project's code.

    Works on copies in a temporary folder. Exit 0: all answers are equal; 1: some differ; 2: an app did not start.
    """
    from dash_migrate.cli.options import write
    from dash_migrate.reports.console import rendered

    if migrated is not None and against is not None:
        raise click.UsageError("--migrated and --against exclude each other")
    missing = [name for name in ("httpx", "websockets") if not _is_installed(name)]
    if missing:
        raise click.ClickException(f"{', '.join(missing)} missing; pip install 'dash-migrate[verify]'")
    from dash_migrate.verify.boot import BootError
    from dash_migrate.verify.copies import CopyError
    from dash_migrate.verify.project import verify_project
    from dash_migrate.verify.recorded import RecordError
    from dash_migrate.verify.tables import RequestsFileError

    signal.signal(signal.SIGTERM, _on_term)
    try:
        steps, host, start, extra, notes = _steps(requests, har, access_log, timeout)
        cut_off = network == "none" and _cut_off()
        _tell(path, network, cut_off)
        found = verify_project(
            path,
            cast("Target", target),
            strategy=cast("Strategy", strategy),
            migrated=migrated,
            against=against,
            app=app,
            after_app=after_app,
            start=start,
            python=python or sys.executable,
            python_before=python_before or python,
            env={**extra, **_pairs(env, "=", "--env")},
            steps=steps,
            derive=derive or None,
            credentials=list(_pairs(login, ":", "--login").items()),
            host=host,
            parallel=parallel,
            most=max_requests,
            seconds=max_seconds,
            timeout=timeout,
            boot_timeout=boot_timeout,
            offline=network != "open",
            on_progress=lambda line: click.echo(f"… {line}", err=True),
        )
    except BootError as error:
        raise click.ClickException(_explained(error, path, network)) from None
    except (CopyError, RequestsFileError, RecordError, OSError) as error:
        raise click.ClickException(str(error)) from None
    found.notes += notes
    if format_ == "json":
        from dash_migrate.reports.verify_json import as_text

        text = as_text(found)
    else:
        from dash_migrate.reports.verify_terminal import draw

        text = rendered(lambda console: draw(console, found, show_all), output is not None)
    write(text, output)
    raise click.exceptions.Exit(0 if found.ok else 1)


def _steps(
    requests: Path | None, har: Path | None, access_log: Path | None, timeout: float
) -> tuple[list[Step] | None, str, Any, dict[str, str], list[str]]:
    """What to ask besides what is derived, the Host header, how the requests file starts the app, its variables."""
    from dash_migrate.verify._serve import SCRIPT
    from dash_migrate.verify.recorded import HOST, from_access_log, from_har
    from dash_migrate.verify.requests_file import load
    from dash_migrate.verify.start_points import StartPoint

    steps: list[Step] = []
    host, start, env, notes = HOST, None, {}, []
    if requests is not None:
        plan = load(requests)
        steps += plan.steps
        host, env = plan.host, dict(plan.env)
        target = SCRIPT + plan.target if plan.kind == "script" else plan.target
        after = SCRIPT + plan.after_target if plan.kind == "script" else plan.after_target
        start = tuple(StartPoint(one, plan.cwd, plan.sys_path, requests.name, plan.argv) for one in (target, after))
    if har is not None:
        steps += from_har(har, timeout)
    if access_log is not None:
        logged, left = from_access_log(access_log, timeout=timeout)
        steps += logged
        if left:
            notes.append(f"{left} requests of {access_log.name} were not sent: they have bodies, or are too many")
    return (steps if requests or har or access_log else None), host, start, env, notes


def _pairs(given: tuple[str, ...], separator: str, option: str) -> dict[str, str]:
    found = {}
    for one in given:
        name, found_separator, value = one.partition(separator)
        if not found_separator or not name:
            raise click.UsageError(f"{option} {one}: NAME{separator}VALUE is expected")
        found[name] = value
    return found


def _is_installed(name: str) -> bool:
    from importlib.util import find_spec

    return find_spec(name) is not None


def _cut_off() -> bool:
    """Leave the network for good, in a process that is the command's own."""
    from dash_migrate import processes

    if not processes.OWN_PROCESS:
        return False
    from dash_migrate.verify.network import leave_the_network

    return leave_the_network()


def _tell(path: Path, network: str, cut_off: bool) -> None:
    where = {
        "none": "no network" if cut_off else "no network beyond this machine",
        "loopback": "no network beyond this machine",
        "open": "the network is open to it",
    }[network]
    click.echo(
        f"This runs the code of {path} twice as it is and once migrated: copies in a temporary folder, "
        f"a temporary HOME, {where}.",
        err=True,
    )


def _explained(error: BootError, path: Path, network: str) -> str:
    from dash_migrate.verify.project import missing_package

    text, folder = str(error), path if path.is_dir() else path.parent
    package = missing_package(error, folder)
    if package:
        text += f"\n\nThe interpreter has no {package}: choose one that has the app's packages with --python"
        for name in (".venv", "venv", "env"):
            python = folder / name / "bin" / "python"
            if os.access(python, os.X_OK):
                text += f", maybe {python}"
        text += "."
    elif network != "open" and any(word in text for word in ("Connection refused", "ConnectionRefused", "no network")):
        text += "\n\nThe app wants to connect to something. "
        if network == "none":
            text += "--network loopback lets it reach services of this machine, "
        text += "--network open lets it reach everything."
    return text


def _on_term(number: int, frame: Any) -> None:
    raise KeyboardInterrupt
