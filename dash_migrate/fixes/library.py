"""Lets a library that was written for Flask serve apps on every backend."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from typing import TYPE_CHECKING

from dash_migrate.files.errors import NO_CODE, SourceError
from dash_migrate.findings.library import MODULE, Found
from dash_migrate.fixes.checked import checked
from dash_migrate.fixes.imports import add_imports
from dash_migrate.fixes.plan import RUNTIME

if TYPE_CHECKING:
    from dash_migrate.files.walk import FileSet


def rewrite(files: FileSet, found: Iterable[Found]) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """What the files become, by path, and the files that come with them."""
    changed: dict[str, bytes] = {}
    created: dict[str, bytes] = {}
    for one in found:
        if not one.guests:
            continue
        text = one.source.text
        for guest in sorted(one.guests, key=lambda g: one.text.place(g.node), reverse=True):
            start, end = one.text.place(guest.node)
            text = f"{text[:start]}flask_of({guest.argument}){text[end:]}"
        folder, module = _placed(one.path, set(files.python))
        text = add_imports(text, {module: {"flask_of"}}, one.source.newline)
        try:
            changed[one.path] = checked(one.source, text)
        except (SourceError, *NO_CODE):  # its finding stays
            continue
        for name, data in _parts().items():
            created[posixpath.join(folder, MODULE, name)] = data
    return changed, created


def _placed(path: str, python: set[str]) -> tuple[str, str]:
    """The folder that the generated package goes to, and the name under which a file imports it."""
    folder = top = posixpath.dirname(path)
    levels = 0
    while folder and f"{folder}/__init__.py" in python:
        top, levels, folder = folder, levels + 1, posixpath.dirname(folder)
    return top, "." * levels + MODULE


def _parts() -> dict[str, bytes]:
    parts = {name: (RUNTIME / MODULE / name).read_bytes() for name in ("__init__.py", "guest.py")}
    return {**parts, **{name: (RUNTIME / "dash_flask_bridge" / name).read_bytes() for name in ("call.py", "wsgi.py")}}
