"""The deploy files of a project with a Dash app: which count, what is in them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from dash_migrate.deploy.commands import Setting
from dash_migrate.files.encoding import wide_text
from dash_migrate.files.errors import SourceError
from dash_migrate.files.kinds import Kind
from dash_migrate.files.looks import names_in
from dash_migrate.files.project import is_below
from dash_migrate.files.source import read_bytes
from dash_migrate.project import Loaded

if TYPE_CHECKING:
    from dash_migrate.deploy.deps.model import Declared

#: nobody writes a longer one by hand
_MOST = 512 * 1024
_DOCUMENTS = (".md", ".rst")
#: where conda environments are that are called otherwise, and what tells them
_MAYBE_CONDA = re.compile(r"conda|binder|\benv[^/]*$|_env[^/]*$", re.IGNORECASE)
_CONDA = re.compile(rb"^(?:channels|dependencies):.*^(?:channels|dependencies):", re.MULTILINE | re.DOTALL)


@dataclass(eq=False)
class DeployFile:
    """One file, decoded."""

    path: str
    kind: Kind | None
    data: bytes
    text: str
    encoding: str = "utf-8"

    def encode(self, text: str) -> bytes:
        """Bytes for a new text of the file."""
        return text.encode(self.encoding)

    @cached_property
    def _starts(self) -> list[int]:
        found = [0]
        at = self.text.find("\n")
        while at >= 0:
            found.append(at + 1)
            at = self.text.find("\n", at + 1)
        return found

    def position(self, offset: int) -> tuple[int, int]:
        """1-based line and column of an offset in the text."""
        from bisect import bisect_right

        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1


class Workspace:
    """Reads the files of a project that are not its code, each once.

    Args:
        loaded: the project.
        contents: contents that are not on disk yet, by path.
    """

    def __init__(self, loaded: Loaded, contents: Mapping[str, bytes] | None = None) -> None:
        self.loaded = loaded
        self.contents = dict(contents or {})
        self._files: dict[str, DeployFile | None] = {}
        self._data: dict[str, bytes] = {}

    @cached_property
    def projects(self) -> set[str]:
        """The folders of the projects that have a Dash app, or one in a notebook."""
        modules = self.loaded.selection.modules
        paths = [app.file.display for app in self.loaded.facts.apps] or self.loaded.selection.notebooks
        return {modules.project_of(posixpath.dirname(path)) for path in paths}

    def counts(self, path: str) -> bool:
        """Whether a file can have to do with a Dash app: in its project, or around it."""
        folder = posixpath.dirname(path)
        own = self.loaded.selection.modules.project_of(folder)
        return own in self.projects or any(
            is_below(project, folder) or is_below(folder, project) for project in self.projects
        )

    @cached_property
    def paths(self) -> dict[str, Kind]:
        """The deploy files that count."""
        found = {path: kind for path, kind in self.loaded.files.others.items() if self.counts(path)}
        for path, kind in found.items():
            if kind == "yaml" and _MAYBE_CONDA.search(path) and _CONDA.search(self.data(path) or b""):
                found[path] = "conda"
        return found

    def file(self, path: str, kind: Kind | None = None) -> DeployFile | None:
        """A file, decoded; None if it cannot be read, or is not text."""
        if path not in self._files:
            self._files[path] = self._read(path, kind or self.loaded.files.others.get(path))
        return self._files[path]

    def _read(self, path: str, kind: Kind | None) -> DeployFile | None:
        data = self._data.pop(path, None)
        data = self.data(path) if data is None else data
        if data is None or len(data) > _MOST:
            return None
        encoding = "utf-8"
        if path.endswith(".py") and wide_text(data) is not None:
            return None  # it is no Python
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            encoding = "utf-16"  # what Windows' redirections write
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            text, encoding = data.decode("latin-1"), "latin-1"
        if "\0" in text or text.encode(encoding) != data:
            return None
        return DeployFile(path, kind, data, text, encoding)

    def data(self, path: str) -> bytes | None:
        """The bytes of a file; None if it cannot be read, which then counts among the project's errors."""
        known = self.contents.get(path)
        if known is not None:
            return known
        try:
            return read_bytes(path, self.loaded.files.locate(path))
        except SourceError as error:
            if all(told.path != path for told in self.loaded.errors):
                self.loaded.errors.append(error.as_file_error())
            return None

    def holding(self, words: tuple[bytes, ...], kinds: frozenset[str]) -> Iterator[DeployFile]:
        """The files of some kinds that hold one of the words; only these are decoded."""
        for path, kind in self.paths.items():
            if kind not in kinds:
                continue
            if path not in self._files:
                data = self.data(path)
                if data is None or len(data) > _MOST or not any(word in data for word in words):
                    continue
                self._data[path] = data
            file = self.file(path, kind)
            if file is not None and any(word in file.data for word in words):
                yield file

    def scripts(self, words: tuple[bytes, ...]) -> Iterator[DeployFile]:
        """Python files that may start servers: beside an app or at the root of its project, with one of the words."""
        folders = self.projects | {posixpath.dirname(app.file.display) for app in self.loaded.facts.apps}
        for path in self.loaded.files.python:
            name = posixpath.basename(path)
            if posixpath.dirname(path) in folders and not name.startswith(("gunicorn", "setup.py")):
                data = self.data(path)
                file = self.file(path, "python") if data and any(word in data for word in words) else None
                if file is not None:
                    yield file

    @cached_property
    def declared(self) -> Declared:
        """What the project's files ask for."""
        from dash_migrate.deploy.deps.collect import declared

        return declared(self)

    @cached_property
    def documents(self) -> list[str]:
        """READMEs and other documents at the root of a project with a Dash app."""
        found = []
        for project in sorted(self._roots()):
            names = names_in(self.loaded.files.locate(project or "."), _DOCUMENTS)
            found += [f"{project}/{name}" if project else name for name in names]
        return found

    def _roots(self) -> set[str]:
        """The folders of the projects; for one that is not below this folder, the first that is not above it either."""
        roots = self.projects - {""}
        for app in self.loaded.facts.apps if "" in self.projects else ():
            parts = app.file.display.split("/")
            up = parts.count("..")
            roots.add("/".join(parts[: up + 1]) if up else "")
        return roots | (self.projects if not self.loaded.facts.apps else set())

    def setting(self, path: str) -> Setting:
        """Where commands in a file are run, before anything in it says more."""
        folders: list[str] = []
        folder = posixpath.dirname(path)
        while True:
            folders.append(folder)
            if not folder or folder == "/" or folder.startswith(".."):
                break
            folder = posixpath.dirname(folder)
        for project in sorted(self.projects):
            if project not in folders:
                folders.append(project)
        return Setting(path, shell=True, folders=tuple(folders), env=self.environment)

    @cached_property
    def environment(self) -> dict[str, str]:
        """Variables that .env and .flaskenv set for ``flask``."""
        found: dict[str, str] = {}
        for path, kind in self.paths.items():
            if kind != "env":
                continue
            file = self.file(path, kind)
            if file is None or "FLASK_" not in file.text:
                continue
            for line in file.text.splitlines():
                name, equals, value = line.strip().removeprefix("export ").partition("=")
                if equals and name.strip().startswith("FLASK_"):
                    found.setdefault(name.strip(), value.strip().strip("\"'"))
        return found
