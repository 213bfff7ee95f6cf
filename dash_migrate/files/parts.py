"""The parts of a tree that have nothing to do with each other: each is looked at as if it were alone.

A directory with many projects in it costs as much as its projects one by one, in time and in memory.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from dash_migrate.files.errors import SourceError
from dash_migrate.files.prefilter import Selection
from dash_migrate.files.project import is_below
from dash_migrate.files.source import read_bytes
from dash_migrate.files.walk import FileSet


def split(files: FileSet, selection: Selection) -> Iterator[tuple[FileSet, Selection]]:
    """The parts of a file set, in the order of their files; mostly one.

    Files belong together if they lie in one project, if imports lead from one to the other, if one lies above
    the other (what stands in a root may speak of all below), or if what is to be started names the other's folder.
    """
    units = _Units(files, selection)
    groups = units.groups()
    if len(groups) < 2:
        yield files, selection
        return
    number_of = {unit: number for number, group in enumerate(groups) for unit in group}
    parts = [_Part(files, selection, number == 0) for number in range(len(groups))]
    for group, part in zip(groups, parts, strict=True):
        part.selection.is_project = any(map(selection.modules.is_project, group))

    def of(paths: Iterable[str]) -> Iterator[tuple[str, _Part]]:
        for path in paths:
            number = number_of.get(units.of(path))
            if number is not None:
                yield path, parts[number]

    for path, part in of(files.python):
        part.files.python.append(path)
    for path, part in of(files.notebooks):
        part.files.notebooks.append(path)
    for path, part in of(files.others):
        part.files.others[path] = files.others[path]
    for path, part in of(selection.files):
        part.selection.files[path] = selection.files[path]
    for path, part in of(selection.notebooks):
        part.selection.notebooks.append(path)
    for path, part in of(selection.imports):
        part.selection.imports[path] = selection.imports[path]
    for part in parts:
        part.selection.modules = selection.modules.of_some(part.files.python)
        yield part.files, part.selection


#: kinds of files that start nothing and declare nothing
_MUTE = frozenset(["json", "lock", "template", "xml"])
_MOST = 64 * 1024
_WORD = re.compile(rb"[\w.+-]+")


class _Part:
    """A part without files yet; what is said of the whole tree is said once, with the first part."""

    def __init__(self, files: FileSet, selection: Selection, is_first: bool) -> None:
        said: dict[str, Any] = {} if is_first else {"skipped": [], "errors": []}
        self.files = replace(files, python=[], notebooks=[], others={}, **said)
        read = selection.read if is_first else 0
        self.selection = replace(selection, files={}, notebooks=[], imports={}, read=read, **said)


class _Units:
    """Directories whose files belong together, joined into groups."""

    def __init__(self, files: FileSet, selection: Selection) -> None:
        self.files, self.selection = files, selection
        self.roots = ["" if root == "." else root for root in files.roots]
        self.known: dict[str, str] = {}
        self.joined: dict[str, str] = {}

    def of(self, path: str) -> str:
        """The directory a file belongs to."""
        directory = posixpath.dirname(path)
        unit = self.known.get(directory)
        if unit is None:
            unit = self.known[directory] = self.selection.modules.scope_of(path, self.roots)
        return unit

    def groups(self) -> list[list[str]]:
        """The units with a file that was selected, in groups that are independent of each other."""
        occupied = set(map(self.of, (*self.selection.files, *self.selection.notebooks)))
        if len(occupied) < 2:
            return [list(occupied)]
        with_code = set(map(self.of, self.files.python))
        every = dict.fromkeys((*occupied, *with_code, *map(self.of, (*self.files.notebooks, *self.files.others))))
        for path, targets in self.selection.links.items():
            for target in targets:
                self.join(self.of(path), self.of(target))
        for unit in every:
            for above in _above(unit):
                if above in every:
                    self.join(unit, above)
        self.join_by_words(occupied, with_code)
        found: dict[str, list[str]] = {}
        for unit in every:
            found.setdefault(self.root(unit), []).append(unit)
        return sorted(sorted(group) for group in found.values() if occupied.intersection(group))

    def join_by_words(self, occupied: set[str], with_code: set[str]) -> None:
        """Join units with those that their start commands name, and folders of nothing but these with all beside."""
        called: dict[bytes, list[str]] = {}
        for unit in occupied:
            called.setdefault(posixpath.basename(unit).encode("utf-8", "replace"), []).append(unit)
        for path, kind in self.files.others.items():
            if kind in _MUTE:
                continue
            unit = self.of(path)
            if unit not in with_code:
                folder = posixpath.dirname(unit)
                named = {one for one in occupied if is_below(one, folder)}
            else:
                named = {one for word in self.words(path) & called.keys() for one in called[word]}
            for one in named:
                self.join(unit, one)

    def words(self, path: str) -> set[bytes]:
        """The names in a file, as far as it is not too large to be about starting something."""
        try:
            data = read_bytes(path, self.files.locate(path))
        except SourceError:
            return set()
        return set(_WORD.findall(data)) if len(data) <= _MOST else set()

    def root(self, unit: str) -> str:
        while (above := self.joined.get(unit, unit)) != unit:
            self.joined[unit] = self.joined.get(above, above)
            unit = above
        return unit

    def join(self, one: str, other: str) -> None:
        first, second = self.root(one), self.root(other)
        if first != second:
            self.joined[max(first, second)] = min(first, second)


def _above(unit: str) -> Iterable[str]:
    """The directories above one, the working directory (``""``) last."""
    while unit not in ("", "/"):
        unit = posixpath.dirname(unit)
        yield unit
