"""Every requirement of a project, from all its files."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from dash_migrate.deploy.deps import conda, installs, lines, setup_py, toml_files
from dash_migrate.deploy.deps.model import Declared, Requirement
from dash_migrate.deploy.workspace import Workspace

KINDS = frozenset(["requirements", "pyproject", "setup-cfg", "pipfile", "conda", "ini"])
_SCRIPT = b"# /// script"


def declared(workspace: Workspace) -> Declared:
    """What the project's files ask for."""
    found = Declared()
    constraints = _constraints(workspace)
    for path, kind in workspace.paths.items():
        if kind not in KINDS or (kind == "ini" and posixpath.basename(path) != "tox.ini"):
            continue
        file = workspace.file(path, kind)
        if file is None:
            continue
        found.paths.append(path)
        if kind == "requirements":
            found.requirements += lines.requirements_file(path, file.text, path in constraints)
            references = list(lines.references(path, file.text))
            found.links += [(path, other) for other, _ in references]
            found.includes += [(path, other) for other, constraint in references if not constraint]
        elif kind in ("pyproject", "pipfile"):
            found.requirements += toml_files.read(path, file.text)
        elif kind == "conda":
            found.requirements += conda.read(path, file.text)
        else:
            found.requirements += lines.cfg_file(path, file.text)
    for path, made in _python(workspace):
        found.requirements += made
        found.paths.append(path)
    found.requirements += installs.read(workspace)
    return found


def _constraints(workspace: Workspace) -> set[str]:
    """Files that are read with ``-c``, or are called so."""
    found = set()
    for path, kind in workspace.paths.items():
        if kind != "requirements":
            continue
        if "constraint" in posixpath.basename(path):
            found.add(path)
        file = workspace.file(path, kind)
        if file is not None:
            found |= {other for other, constraint in lines.references(path, file.text) if constraint}
    return found


def _python(workspace: Workspace) -> Iterator[tuple[str, list[Requirement]]]:
    """setup.py, and scripts that say in their head what they need."""
    loaded = workspace.loaded
    for path in loaded.files.python:
        if posixpath.basename(path) == "setup.py" and workspace.counts(path):
            file = workspace.file(path, "python")
            if file is not None and ("install_requires" in file.text or "extras_require" in file.text):
                yield path, list(setup_py.read(path, file.text))
    for path, selected in loaded.selection.files.items():
        if _SCRIPT in selected.source.data:
            file = workspace.file(path, "python")
            if file is not None:
                yield path, list(lines.script_header(path, file.text))
