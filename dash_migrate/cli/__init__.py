"""The command line. Imports nothing heavy before a command runs."""

from __future__ import annotations

import gc
import io
import os
import sys
import warnings
from contextlib import suppress
from typing import ClassVar

import click

from dash_migrate import __version__, processes


class LazyGroup(click.Group):
    """Loads a command's module when the command is asked for."""

    COMMANDS: ClassVar[dict[str, str]] = {
        "check": "What ties this app to Flask, per backend, with what to do about each.",
        "fix": "Rewrite the project for a backend; afterwards it runs there and answers as before.",
        "features": "What each backend does with each feature of Dash, with the evidence.",
        "report": "What each backend means for each app: verdicts, features, findings, changes, checklist.",
        "verify": "Boot the app before and after, ask both the same, compare (runs the project's code).",
        "rule": "What a rule is, why, and what to do.",
        "rules": "All rules.",
    }

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.COMMANDS:
            return None
        from importlib import import_module

        module = import_module(f"dash_migrate.cli.{'rule' if cmd_name == 'rules' else cmd_name}")
        command = getattr(module, cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(self.COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="dash-migrate")
def cli() -> None:
    """Move a Plotly Dash app off Flask."""


def main() -> None:
    """The console script."""
    # A project in memory is a million objects that stay until the end. Looking among them for garbage, again and
    # again, took half of the time of a check.
    gc.disable()
    processes.OWN_PROCESS = True
    if isinstance(sys.stdout, io.TextIOWrapper):  # names of files that are no text, terminals without Unicode
        with suppress(OSError):
            sys.stdout.reconfigure(errors="backslashreplace")
    warnings.simplefilter("ignore")  # of what compilers think of the code that is looked at
    try:
        code = cli.main(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.Abort:
        click.echo("Aborted.", err=True)
        sys.exit(2)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(2)
    except OSError as error:  # no working directory, no room for what is printed
        if os.environ.get("DASH_MIGRATE_DEBUG"):
            raise
        click.echo(f"Error: {error.strerror or error}" + (f": {error.filename}" if error.filename else ""), err=True)
        sys.exit(2)
    except Exception as error:
        if os.environ.get("DASH_MIGRATE_DEBUG"):
            raise
        click.echo(f"Error: this should not happen: {type(error).__name__}: {error}", err=True)
        click.echo("With DASH_MIGRATE_DEBUG=1 it says where; please report that.", err=True)
        sys.exit(2)
    finally:
        gc.freeze()  # nor look at them when Python shuts down
