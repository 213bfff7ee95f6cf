"""Hosts that can only run WSGI apps."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from dash_migrate.deploy.workspace import DeployFile, Workspace
from dash_migrate.rules_data import table


@dataclass(frozen=True)
class Host:
    """A place in a file that hands the app to such a host."""

    name: str
    file: DeployFile
    start: int
    end: int
    todo: str


def hosts(workspace: Workspace, command: str) -> Iterator[Host]:
    """The hosts a project's files name, one finding a file.

    Args:
        command: the command that would start the app, for the advice.
    """
    rows = table("hosts")["host"]
    for path, kind in [*workspace.paths.items(), *_passenger(workspace)]:
        name = posixpath.basename(path)
        for row in rows:
            if not any(fnmatchcase(name, pattern) for pattern in row["files"]):
                continue
            file = workspace.file(path, kind)
            found = _place(file, row["words"]) if file is not None else None
            if file is None or (found is None and name != "passenger_wsgi.py"):
                continue
            start, end = found or (0, 0)
            yield Host(row["name"], file, start, end, row["todo"].format(command=command))
            break
        else:
            if name == "app.yaml":
                yield from _app_engine(workspace, path, command)


def _passenger(workspace: Workspace) -> Iterator[tuple[str, None]]:
    for path in workspace.loaded.files.python:
        if posixpath.basename(path) == "passenger_wsgi.py" and workspace.counts(path):
            yield path, None


def _place(file: DeployFile, words: list[str]) -> tuple[int, int] | None:
    """The first of the words that is not in a comment."""
    at = 0
    for line in file.text.splitlines(keepends=True):
        if not line.lstrip().startswith(("#", ";", "//", "<!--")):
            for word in words:
                column = line.find(word)
                if column >= 0 and "pip" not in line[:column]:
                    return at + column, at + column + len(word)
        at += len(line)
    return None


def _app_engine(workspace: Workspace, path: str, command: str) -> Iterator[Host]:
    """App Engine starts ``gunicorn main:app`` where ``entrypoint`` is missing."""
    file = workspace.file(path)
    if file is None or "runtime: python" not in file.text or "entrypoint:" in file.text:
        return
    start = file.text.index("runtime: python")
    end = file.text.find("\n", start)
    todo = f"add `entrypoint: {command.replace('8000', '$PORT')}`; without it App Engine starts gunicorn's WSGI worker"
    yield Host("App Engine", file, start, end if end > 0 else len(file.text), todo)
