"""Projects without an app of their own, that add something to the apps of others."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from dash_migrate.facts.guests import Guest, guests, is_aside, may_hold
from dash_migrate.files.errors import SourceError
from dash_migrate.files.source import Source, read_source
from dash_migrate.findings.rules import rule
from dash_migrate.model import Backend, Finding, Span
from dash_migrate.syntax.segments import TextMap

if TYPE_CHECKING:
    from dash_migrate.files.walk import FileSet
    from dash_migrate.project import Loaded

#: the generated package that gives every server a Flask side
MODULE = "dash_guest"

_DECLARES = re.compile(rb"(?m)(?:^|[\"'\s,\[(])dash(?![\w-])")
_MOVED = re.compile(rb"(?m)^from \.*[\w.]*dash_guest import")
_DECLARING = ("pyproject.toml", "setup.py", "setup.cfg", "requirements.txt")


class Found:
    """The guests of one file."""

    def __init__(self, path: str, source: Source, found: list[Guest]) -> None:
        self.path, self.source, self.guests = path, source, found
        self.text = TextMap(source.text)


def search(files: FileSet, loaded: Loaded | None) -> list[Found]:
    """The files of a library that treat the server of somebody else's app as Flask; none where apps are the point.

    A file that has been moved already is given without guests: what it belongs to is still a library.

    Args:
        files: the files of the project.
        loaded: its facts, where it imports Dash at all.
    """
    apps = [a for a in loaded.facts.apps if not is_aside(a.file.display)] if loaded is not None else []
    if apps:
        package = _published(files)
        if not package or any(app.file.display.startswith(package) for app in apps):
            return []
        return [one for one in _search(files, loaded) if one.path.startswith(package)]
    if (loaded is None or not loaded.selection.files) and not _declares_dash(files):
        return []
    return list(_search(files, loaded))


def _search(files: FileSet, loaded: Loaded | None) -> Iterator[Found]:
    for path in files.python:
        if is_aside(path) or f"/{MODULE}/" in f"/{path}":
            continue
        try:
            source = (
                loaded.sources[path] if loaded and path in loaded.sources else read_source(path, files.locate(path))
            )
            has_moved = _MOVED.search(source.data) is not None
            if not has_moved and not may_hold(source.data):
                continue
            found = guests(ast.parse(source.text))
        except (SourceError, SyntaxError, ValueError, RecursionError):
            continue
        if found or has_moved:
            yield Found(path, source, found)


def _published(files: FileSet) -> str:
    """The folder of the package that the project publishes for Dash apps, with a ``/``; "" if it is no such project."""
    import tomli

    try:
        data = tomli.loads(Path(files.locate("pyproject.toml")).read_bytes().decode())
    except (OSError, ValueError):
        return ""
    project = data.get("project", {})
    name = str(project.get("name", "")).replace("-", "_").lower()
    if "build-system" not in data or not project.get("classifiers") or not name.startswith("dash_"):
        return ""  # an app may be a package too
    return next((f"{folder}{name}/" for folder in ("", "src/") if f"{folder}{name}/__init__.py" in files.python), "")


def _declares_dash(files: FileSet) -> bool:
    """Whether the project says that it needs Dash."""
    for name in _DECLARING:
        try:
            if _DECLARES.search(Path(files.locate(name)).read_bytes()):
                return True
        except OSError:
            continue
    return False


def findings(found: list[Found], targets: tuple[Backend, ...]) -> Iterator[Finding]:
    """One finding for each place."""
    entry = rule("DM603")
    backends = {t: entry.backends[t].status for t in targets if entry.backends[t].status != "works"}
    for one in found if backends else ():
        for guest in one.guests:
            start, end = one.text.place(guest.node)
            span = Span(*one.text.position(start), *one.text.position(end))
            message = entry.message.format(text=ast.unparse(guest.node), owner=guest.owner)
            url = f"https://github.com/dash-migrate/dash-migrate/blob/main/rules/{entry.path.name}"
            yield Finding(
                code=entry.code,
                name=entry.name,
                path=one.path,
                span=span,
                message=message,
                obligation=entry.obligation,
                backends=backends,
                applicability="safe",
                strategy="bridge",
                url=url,
            )
