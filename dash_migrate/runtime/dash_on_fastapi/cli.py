"""Commands of an app, as the ``flask`` program ran them: ``python -m dash_on_fastapi.cli app:server NAME …``."""

from __future__ import annotations

import code
import functools
import importlib
import os
import sys
from collections.abc import Callable
from typing import Any

import click

from .flask_like import current_server


def with_appcontext(function: Any) -> Any:
    """A command that runs in an app context."""

    @click.pass_context
    def in_context(_context: Any, /, *args: Any, **kwargs: Any) -> Any:
        with current_server().app_context():
            return _context.invoke(function, *args, **kwargs)

    return functools.update_wrapper(in_context, function)


class AppGroup(click.Group):
    """Commands that run in an app context."""

    def command(self, *args: Any, **options: Any) -> Callable[[Any], Any]:
        """A command; ``with_appcontext=False`` leaves it without a context."""
        wrapped = options.pop("with_appcontext", True)
        register = super().command(*args, **options)
        return lambda function: register(with_appcontext(function) if wrapped else function)

    def group(self, *args: Any, **options: Any) -> Callable[[Any], Any]:
        """A group of such commands."""
        made: Callable[[Any], Any] = super().group(*args, **{"cls": AppGroup, **options})
        return made


def group_of(server: Any) -> AppGroup:
    """The commands of a server, ``shell`` and ``routes`` among them."""
    group = AppGroup("app")

    @group.command("shell")
    def shell() -> None:
        """Python, with the app at hand."""
        names = {"app": server}
        for processor in server.shell_processors:
            names.update(processor())
        code.interact(local=names)

    @group.command("routes")
    def routes() -> None:
        """Every route of the app."""
        for rule in server.url_map.iter_rules():
            click.echo(f"{rule.endpoint}  {','.join(sorted(rule.methods or ()))}  {rule.rule}")

    return group


def main() -> None:
    """Run a command: the first argument names the app."""
    if len(sys.argv) < 2:
        raise SystemExit(f"usage: python -m {__package__}.cli MODULE:SERVER COMMAND …")
    sys.path.insert(0, os.getcwd())
    module, _, name = sys.argv[1].partition(":")
    server: Any = importlib.import_module(module)
    for part in (name or "server").removesuffix("()").split("."):
        server = getattr(server, part)
    if not hasattr(server, "cli"):
        server = getattr(server, "server", None) or server()  # a Dash app, or what makes one
    server.cli.main(sys.argv[2:], prog_name="app")


if __name__ == "__main__":
    main()
