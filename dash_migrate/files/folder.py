"""The folder of the project that a file named on the command line belongs to."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

#: what marks the folder of a project
MARKS = (".git", "pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "Procfile", "Dockerfile", "Pipfile")


def with_project(paths: Sequence[Path | str]) -> list[Path]:
    """The paths, and for files also the folder of the project they are in: names lead from file to file."""
    found = [Path(p) for p in paths]
    if not found or not all(os.path.isfile(p) for p in found):
        return found
    for path in list(found):
        folder = project_folder(path)
        if folder not in found:
            found.append(folder)
    return found


def project_folder(path: Path) -> Path:
    """The nearest folder upwards that looks like a project's, else the file's own (not above the home folder)."""
    parent = path.parent
    stops = {Path(os.path.expanduser("~")), Path("/"), Path("/tmp")}
    current = parent
    while current.resolve() not in stops:
        if any(os.path.exists(current / mark) for mark in MARKS):
            return current
        if current.resolve() == Path.cwd() or current == current.parent:
            break
        current = current.parent if current != Path(".") else Path("..")
    return parent
