"""What an answer depends on besides the project: this tool, the Python it runs on, the packages it uses."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import dash_migrate
from dash_migrate.rules_data import rules_dir


def fingerprint() -> list[Any]:
    """Plain data that is another after an upgrade of any of them, or an edit in a checkout of the tool.

    Raises:
        OSError: the tool's own files cannot be listed.
    """
    return [dash_migrate.__version__, states(Path(dash_migrate.__file__).parent), states(rules_dir()), *_python()]


def states(folder: Path) -> list[tuple[str, int, int]]:
    """Name, size and time of change in ns of every file below a folder, caches of Python aside.

    Raises:
        OSError: the folder cannot be listed.
    """
    found = []
    pending = [os.fspath(folder)]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.is_dir():
                    if entry.name != "__pycache__":
                        pending.append(entry.path)
                else:
                    state = entry.stat()
                    found.append((entry.path, state.st_size, state.st_mtime_ns))
    return sorted(found)


def _python() -> list[Any]:
    """The interpreter, the system, and when packages were last installed or removed."""
    system = os.uname() if hasattr(os, "uname") else ()
    packages = []
    for path in sys.path:
        if os.path.basename(path) in ("site-packages", "dist-packages"):
            try:
                packages.append((path, os.stat(path).st_mtime_ns))
            except OSError:
                continue
    # the name of the machine says nothing, and is not the same in two containers
    return [sys.version, sys.executable, [part for at, part in enumerate(system) if at != 1], packages]
