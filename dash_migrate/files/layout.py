"""What packaging metadata says about where a project's packages lie."""

from __future__ import annotations

import posixpath
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dash_migrate.files.errors import SourceError
from dash_migrate.files.source import read_bytes
from dash_migrate.files.walk import FileSet

_SETUP_PY_PACKAGE_DIR = re.compile(rb"package_dir\s*=\s*(?:\{([^}]*)\}|dict\(([^)]*)\))")
_PAIR = re.compile(rb"""["']([\w.]*)["']\s*:\s*["']([^"']*)["']""")
_SETUP_CFG_PACKAGE_DIR = re.compile(rb"^package_dir[ \t]*[=:]((?:[ \t]*[^\n]*\n(?:[ \t]+[^\n]*\n)*))", re.MULTILINE)


@dataclass
class Layout:
    """Directories from which imports work, and packages whose directory has another name."""

    #: Directories with something that makes them a project of their own.
    projects: set[str] = field(default_factory=set)
    #: Directories that metadata puts on the import path.
    roots: set[str] = field(default_factory=set)
    #: Dotted package name → directories that hold its modules.
    renamed: dict[str, set[str]] = field(default_factory=dict)

    def add(self, package: str, project: str, directory: str) -> None:
        where = join(project, directory)
        if package:
            parent = posixpath.dirname(where)
            if where.endswith("/" + package.replace(".", "/")) or where == package.replace(".", "/"):
                self.roots.add(parent)
            else:
                self.renamed.setdefault(package, set()).add(where)
        else:
            self.roots.add(where)


def join(directory: str, name: str) -> str:
    """Two display paths as one; the working directory is ``""``."""
    joined = posixpath.normpath(posixpath.join(directory, name))
    return "" if joined == "." else joined


def read_layout(files: FileSet) -> Layout:
    """The layout of everything in a file set; metadata that cannot be read says nothing."""
    layout = Layout(projects=set(files.repositories))
    for path, kind in files.others.items():
        project = posixpath.dirname(path)
        if kind == "pyproject":
            layout.projects.add(project)
            _from_pyproject(layout, project, _bytes(files, path))
        elif kind == "setup-cfg":
            layout.projects.add(project)
            _from_setup_cfg(layout, project, _bytes(files, path))
        elif kind in ("procfile", "pipfile") or (
            kind == "requirements" and posixpath.basename(project) not in ("requirements", "reqs", "deps")
        ):
            layout.projects.add(project)
    for path in files.python:
        if path.endswith("setup.py") and posixpath.basename(path) == "setup.py":
            project = posixpath.dirname(path)
            layout.projects.add(project)
            _from_setup_py(layout, project, _bytes(files, path))
    return layout


def _bytes(files: FileSet, path: str) -> bytes:
    try:
        return read_bytes(path, files.locate(path))
    except SourceError:
        return b""


def _from_setup_py(layout: Layout, project: str, data: bytes) -> None:
    for found in _SETUP_PY_PACKAGE_DIR.finditer(data):
        for package, directory in _PAIR.findall(found[1] or b""):
            layout.add(package.decode(), project, directory.decode("utf-8", "replace"))


def _from_setup_cfg(layout: Layout, project: str, data: bytes) -> None:
    found = _SETUP_CFG_PACKAGE_DIR.search(data.replace(b"\r\n", b"\n") + b"\n")
    for line in found[1].decode("utf-8", "replace").splitlines() if found else ():
        package, equals, directory = line.partition("=")
        if equals:
            layout.add(package.strip(), project, directory.strip())


def _from_pyproject(layout: Layout, project: str, data: bytes) -> None:
    if not any(word in data for word in (b"package-dir", b"pythonpath", b"packages", b"sources", b"from")):
        return
    tool = _table(_parse_toml(data), "tool")
    for package, directory in _table(tool, "setuptools", "package-dir").items():
        if isinstance(directory, str):
            layout.add(package, project, directory)
    find = _table(tool, "setuptools", "packages", "find")
    pytest = _table(tool, "pytest", "ini_options")
    for directory in (*_strings(find.get("where")), *_strings(pytest.get("pythonpath"))):
        layout.add("", project, directory)
    for package in _list(_table(tool, "poetry").get("packages")):
        if isinstance(package, dict) and isinstance(package.get("from"), str):
            layout.add("", project, package["from"])
    wheel = _table(tool, "hatch", "build", "targets", "wheel")
    for directory in _strings(wheel.get("packages")):
        layout.add("", project, posixpath.dirname(directory.rstrip("/")))
    for directory in _strings(wheel.get("sources")):
        layout.add("", project, directory)


def _parse_toml(data: bytes) -> Mapping[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):  # TOMLDecodeError and UnicodeDecodeError are ValueErrors
        return {}


def _table(table: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    for key in keys:
        inner = table.get(key)
        if not isinstance(inner, dict):
            return {}
        table = inner
    return table


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _strings(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        return value.split()
    return [one for one in _list(value) if isinstance(one, str)]
