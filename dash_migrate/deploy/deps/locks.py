"""Lock files: which Dash they hold, and the command that makes them anew."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from dash_migrate.deploy.deps.lines import COMPILED, refresh_command, requirements_file
from dash_migrate.deploy.deps.versions import below
from dash_migrate.deploy.workspace import DeployFile, Workspace
from dash_migrate.rules_data import table

_PATTERNS = (
    re.compile(r'^name = "dash"\s*\nversion = "(?P<version>[^"]+)"', re.MULTILINE),
    re.compile(r'"dash": \{.*?"version": "==(?P<version>[^"]+)"', re.DOTALL),
    re.compile(r"^- name: dash\n\s+version: (?P<version>\S+)", re.MULTILINE),
)


@dataclass(frozen=True)
class Lock:
    """A lock file with too old a Dash, or without its backend."""

    file: DeployFile
    offset: int
    version: str
    command: str
    why: str


def stale(workspace: Workspace, floor: str, extras: tuple[str, ...]) -> Iterator[Lock]:
    """The lock files that have to be made anew."""
    for path, kind in workspace.paths.items():
        if kind == "lock":
            file = workspace.file(path, kind) or _large(workspace, path)
            if file is None:
                continue
            text = file.text.replace("\r\n", "\n")
            found = next((m for p in _PATTERNS if (m := p.search(text))), None)
            if found is None:
                continue
            command = table("dependencies")["lock"].get(posixpath.basename(path), "its own tool")
            yield from _judged(file, found.start(), found["version"], command, floor, extras)
        elif kind == "requirements":
            file = workspace.file(path, kind)
            if file is None or not (COMPILED.search(file.text[:1500]) or "--hash=" in file.text):
                continue
            for requirement in requirements_file(path, file.text, False):
                if requirement.name == "dash" and requirement.fixed and requirement.spec.startswith("=="):
                    version = requirement.spec.lstrip("= ")
                    command = refresh_command(path, file.text, workspace.loaded.files.of_kind("lock"))
                    yield from _judged(file, requirement.text.span[0], version, command, floor, extras)


def _judged(
    file: DeployFile, offset: int, version: str, command: str, floor: str, extras: tuple[str, ...]
) -> Iterator[Lock]:
    lacking = [e for e in extras if not re.search(rf"(?m)[\"' ]{e}[\"' ]|^{e}[=\[ ]", file.text)]
    if below(version, floor):
        yield Lock(file, offset, version, command, f"Dash {version}; run `{command}`")
    elif lacking:
        yield Lock(file, offset, version, command, f"no {' and no '.join(lacking)}; run `{command}`")


def _large(workspace: Workspace, path: str) -> DeployFile | None:
    """A lock file longer than what people write."""
    from dash_migrate.files.errors import SourceError
    from dash_migrate.files.source import read_bytes

    try:
        data = read_bytes(path, workspace.loaded.files.locate(path))
        return DeployFile(path, "lock", data, data.decode("utf-8"))
    except (SourceError, UnicodeDecodeError):
        return None
