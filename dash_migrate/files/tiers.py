"""Which files of a project with Dash in it matter, from what imports what."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Protocol

from dash_migrate.files.imports import Import
from dash_migrate.files.project import ModuleMap, is_below
from dash_migrate.files.words import is_server_package


class Tier(IntEnum):
    """Why a file is selected, the strongest reason first."""

    COUPLED = 1  #: imports Dash and has a word for the server
    SERVER = 2  #: imports Flask, Werkzeug, Quart, FastAPI, Starlette or an extension of one
    SIBLING = 3  #: imports, at whatever remove, a file of the first two: may see its app or server
    HELPER = 4  #: imported by one of the others and able to handle an app or server it is given
    PLAIN = 5  #: imports Dash, and has nothing to do with the server


class Reader(Protocol):
    """Answers about the contents of files."""

    def imports(self, path: str) -> Sequence[Import]: ...

    def import_lines(self, path: str) -> bytes: ...

    def handles(self, path: str) -> bool:
        """Whether the file has a word for what is done with an app or a server."""


class Spread:
    """Finds the files around those that import Dash.

    A file of another project (one of its own beside the one with Dash) counts only where imports lead to it:
    a Flask app elsewhere in a large tree has nothing to do with this one. Of such files only the lines with
    imports are kept, and one is looked at in full when a word in these says that it may be linked.
    """

    def __init__(
        self,
        paths: Sequence[str],
        modules: ModuleMap,
        reader: Reader,
        roots: Sequence[str] = ("",),
    ) -> None:
        self._paths = dict.fromkeys(paths)
        self._modules = modules
        self._reader = reader
        self._roots = roots
        #: the project files that the imports of a file can mean, of every file that was asked about
        self.links: dict[str, frozenset[str]] = {}
        self._inside: dict[str, bool] = {}
        self._by_word: dict[str, list[str]] = {}
        self._outside: dict[str, bytes] = {}
        self.tiers: dict[str, Tier] = {}

    def run(self, dash: Mapping[str, bool]) -> dict[str, Tier]:
        """The tier of every file that matters, from the files that import Dash and whether they are coupled."""
        for path, coupled in dash.items():
            self.tiers[path] = Tier.COUPLED if coupled else Tier.PLAIN
            self._inside[self._modules.scope_of(path, self._roots)] = True
        for path in self._paths:
            if not self._is_inside(path) and path not in dash:
                self._outside[path] = self._reader.import_lines(path)
                continue
            for word in self._words(path):
                self._by_word.setdefault(word, []).append(path)
            if path not in dash and self._is_server(path):
                self.tiers[path] = Tier.SERVER
        self._upwards()
        self._downwards()
        return self.tiers

    def _upwards(self) -> None:
        """Everything that imports a chosen file, and what imports that."""
        todo = self._chosen()
        seen = set(todo)
        while todo:
            for path in self._users(todo.pop()):
                if path not in seen:
                    seen.add(path)
                    todo.append(path)
                    if path not in self.tiers and self._is_server(path):
                        self.tiers[path] = Tier.SERVER
                    elif self._reader.handles(path) or path.endswith("__init__.py"):  # these pass names on
                        self.tiers[path] = Tier.SIBLING

    def _downwards(self) -> None:
        """What the chosen files import, as far as it could do something with an app."""
        todo = self._chosen()
        seen = set(todo)
        while todo:
            for target in self.targets(todo.pop()):
                if target in seen or target not in self._paths:
                    continue
                seen.add(target)
                if target not in self.tiers and self._is_server(target):
                    self.tiers[target] = Tier.SERVER
                elif target in self._outside:
                    continue
                elif self._reader.handles(target):
                    self.tiers[target] = Tier.HELPER
                todo.append(target)

    def _chosen(self) -> list[str]:
        return [path for path, tier in self.tiers.items() if tier is not Tier.PLAIN]

    def _is_server(self, path: str) -> bool:
        return any(is_server_package(one) for one in self._reader.imports(path))

    def _users(self, target: str) -> list[str]:
        """The files that import a file, or that are given something of it without."""
        directory, _, name = target.rpartition("/")
        if name == "conftest.py":  # the tests below it get its fixtures
            return [path for path in self._paths if is_below(path, directory) and _is_test(path)]
        word = _import_word(target)
        users = list(self._by_word.get(word, ()))
        if self._outside and word:
            raw = word.encode("utf-8", "replace")
            alone = re.compile(re.escape(raw) + rb"(?<!\w" + re.escape(raw) + rb")(?!\w)")
            users += [path for path, lines in self._outside.items() if raw in lines and alone.search(lines)]
        if name == "__init__.py":  # "from . import x" does not say the name
            users += [path for path in self._outside if is_below(path, directory)]
        return [path for path in users if target in self.targets(path)]

    def _words(self, path: str) -> set[str]:
        """The last parts of everything a file may import."""
        words: set[str] = set()
        for one in self._reader.imports(path):
            if one.module:
                words.update(one.module.split("."))
            else:
                words.add(_parent(path, one.level).rpartition("/")[2])
            words.update(one.names)
        return words

    def targets(self, path: str) -> frozenset[str]:
        """The project files that the imports of a file can mean, the packages on the way included."""
        known = self.links.get(path)
        if known is not None:
            return known
        resolve = self._modules.resolve_import
        found: set[str] = set()
        for one in self._reader.imports(path):
            dotted = one.module
            while dotted:
                found.update(resolve(path, one.level, dotted))
                dotted = dotted.rpartition(".")[0]
            if one.level:
                found.update(resolve(path, one.level, ""))
            prefix = one.module + "." if one.module else ""
            for name in one.names:
                if name != "*":
                    found.update(resolve(path, one.level, prefix + name))
        targets = self.links[path] = frozenset(found)
        return targets

    def _is_inside(self, path: str) -> bool:
        """Whether a file lies in the scope of one that imports Dash."""
        directory = path.rpartition("/")[0]
        known = self._inside.get(directory)
        if known is None:
            known = bool(directory) and self._is_inside(directory)
            self._inside[directory] = known
        return known


def _import_word(path: str) -> str:
    """The last part of the names under which a file can be imported."""
    directory, _, name = path.rpartition("/")
    return directory.rpartition("/")[2] if name == "__init__.py" else name.removesuffix(".py")


def _is_test(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name.startswith("test_") or name.endswith("_test.py") or name == "conftest.py"


def _parent(path: str, level: int) -> str:
    """The directory that ``level`` dots mean in a file."""
    for _ in range(level):
        path = path.rpartition("/")[0]
    return path
