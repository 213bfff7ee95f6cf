"""Which of the projects below the paths say that they need Dash, from their packaging files alone."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from dash_migrate.files.errors import SourceError
from dash_migrate.files.folder import project_folder
from dash_migrate.files.layout import join
from dash_migrate.files.source import read_bytes
from dash_migrate.files.walk import FileSet

_DECLARES = re.compile(rb"(?m)(?:^|[\"'\s,\[(])dash(?![\w-])")
_DECLARING = ("pyproject.toml", "setup.py", "setup.cfg", "requirements.txt")


def homes(files: FileSet) -> dict[str, str]:
    """For each folder that was asked for the folder of its project: itself, or the nearest above that is one.

    Both are display paths; the working directory is ``""``.
    """
    found = {}
    for root in files.roots:
        location = os.path.normpath(files.locate(root))
        if root not in files.explicit and os.path.isdir(location):
            home = project_folder(Path(location, "any file in it"))
            up = os.path.relpath(home, location).replace(os.sep, "/")
            found["" if root == "." else root] = join("" if root == "." else root, up)
    return found


def declaring(files: FileSet) -> list[str]:
    """The folders, as display paths, of the projects that say that they need Dash."""
    folders = [folder for folder, home in homes(files).items() if _declares(files, home)]
    for path in _declaring_files(files):
        folder = posixpath.dirname(path)
        if folder not in folders and _holds(files, path):
            folders.append(folder)
    return folders


def _declaring_files(files: FileSet) -> Iterator[str]:
    for path in files.others:
        if path.endswith(_DECLARING) and posixpath.basename(path) in _DECLARING:
            yield path
    for path in files.python:
        if path.endswith("setup.py") and posixpath.basename(path) == "setup.py":
            yield path


def _declares(files: FileSet, folder: str) -> bool:
    return any(_holds(files, join(folder, name)) for name in _DECLARING)


def _holds(files: FileSet, path: str) -> bool:
    try:
        data = read_bytes(path, files.locate(path))
    except SourceError:
        return False
    return b"dash" in data and _DECLARES.search(data) is not None
