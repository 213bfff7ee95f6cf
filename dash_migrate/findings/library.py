"""Projects without an app of their own, that add something to the apps of others."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from dash_migrate.facts.guests import APP_NAMES, SERVER_NAMES, Guest, guests, is_aside, may_hold
from dash_migrate.files.declared import declaring, homes
from dash_migrate.files.errors import NO_CODE, SourceError
from dash_migrate.files.layout import join
from dash_migrate.files.source import Source, read_bytes, read_source
from dash_migrate.files.walk import shown_path
from dash_migrate.findings.rules import rule
from dash_migrate.model import Backend, Finding, Span
from dash_migrate.syntax.segments import TextMap

if TYPE_CHECKING:
    from dash_migrate.files.walk import FileSet
    from dash_migrate.project import Loaded

#: the generated package that gives every server a Flask side
MODULE = "dash_guest"

_MOVED = re.compile(rb"(?m)^from \.*[\w.]*dash_guest import")

#: what every file has in which `guests` finds something: such a parameter, and for an app a use of its server
_GIVEN_APP = re.compile(rb"\b(?:%s)\b\s*[,:)=#\\]|\bDash\b" % "|".join(sorted(APP_NAMES)).encode())
_GIVEN_SERVER = re.compile(rb"\b(?:%s)\b\s*[,:)=#\\]|\bFlask\b" % "|".join(sorted(SERVER_NAMES)).encode())
_TAKES_SERVER = re.compile(rb"\.[\s\\]*server\b")


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
        return list(_search(files, loaded, [package]))
    folders = declaring(files)
    if loaded is None or not loaded.selection.files:
        return list(_search(files, loaded, folders)) if folders else []
    python = set(files.python)
    with_dash = {top_folder(one.path, python) for one in loaded.selection.files.values() if one.imports_dash}
    found = _search(files, loaded, [""])
    return [one for one in found if one.path.startswith(_below(folders)) or top_folder(one.path, python) in with_dash]


def top_folder(path: str, python: Collection[str]) -> str:
    """The folder of the outermost package that a file is part of; for other files the folder they are in."""
    folder = top = posixpath.dirname(path)
    while folder and f"{folder}/__init__.py" in python:
        top, folder = folder, posixpath.dirname(folder)
    return top


def _search(files: FileSet, loaded: Loaded | None, folders: list[str]) -> Iterator[Found]:
    """The files of a library below some folders."""
    below = _below(folders)
    for path in files.python:
        if not path.startswith(below) or is_aside(path) or f"/{MODULE}/" in f"/{path}":
            continue
        try:
            source = (
                loaded.sources[path] if loaded and path in loaded.sources else read_source(path, files.locate(path))
            )
            data = source.data
            has_moved = b"dash_guest" in data and _MOVED.search(data) is not None
            if not has_moved and not (b"server" in data and _is_given(data) and may_hold(data)):
                continue
            found = guests(ast.parse(source.text))
        except (SourceError, *NO_CODE):
            continue
        if found or has_moved:
            yield Found(path, source, found)


def _below(folders: list[str]) -> tuple[str, ...]:
    """How paths below folders begin."""
    return tuple(f"{folder}/" if folder and folder[-1] != "/" else folder for folder in folders)


def _is_given(data: bytes) -> bool:
    """Whether a file has a name for an app or a server that a function may be given."""
    return _GIVEN_SERVER.search(data) is not None or (
        _TAKES_SERVER.search(data) is not None and _GIVEN_APP.search(data) is not None
    )


def _published(files: FileSet) -> str:
    """The folder of the package that the project publishes for Dash apps, with a ``/``; "" if it is no such project."""
    for home in dict.fromkeys(homes(files).values()):
        name = _published_name(files, home)
        for folder in ("", "src/") if name else ():
            # below the working directory, also if that is the folder itself or one in it
            package = shown_path(files.locate(join(home, f"{folder}{name}")), files.base)
            if f"{package}/__init__.py" in files.python:
                return f"{package}/"
    return ""


def _published_name(files: FileSet, home: str) -> str:
    """What the package is called in imports."""
    import tomli

    path = join(home, "pyproject.toml")
    try:
        data = tomli.loads(read_bytes(path, files.locate(path)).decode())
    except (SourceError, ValueError, RecursionError):
        return ""
    project = data.get("project")
    if not isinstance(project, dict):
        return ""
    name = str(project.get("name", "")).replace("-", "_").lower()
    if "build-system" not in data or not project.get("classifiers") or not name.startswith("dash_"):
        return ""  # an app may be a package too
    return name


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
