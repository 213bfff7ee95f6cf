"""The terminal that rich writes to: no colour where it is none or ``NO_COLOR`` is set, never wider than is read."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from io import StringIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

#: columns where the output is no terminal
WIDTH = 120


def rendered(draw: Callable[[Console], None], to_file: bool) -> str:
    """What ``draw`` prints, as text; with colour only if it goes to a terminal that shows it."""
    from rich.console import Console

    terminal = not to_file and sys.stdout.isatty()
    colour = terminal and not os.environ.get("NO_COLOR")
    width = None if terminal else int(os.environ.get("COLUMNS") or WIDTH)
    buffer = StringIO()
    console = Console(
        file=buffer,
        force_terminal=bool(colour),
        no_color=not colour,
        width=width,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    draw(console)
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines())
