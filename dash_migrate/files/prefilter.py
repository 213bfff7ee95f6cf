"""Which files need a parser at all, decided on their bytes.

A project in which no file imports Dash is read once and asked one question per file (``b"dash" in data``).
Otherwise the imports of every file are looked at, and a file is selected for what it imports: Dash, Flask or
its kin, a project file that may hold an app or a server; or because a selected file imports it and could hand
it one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from dash_migrate.files.encoding import wide_text
from dash_migrate.files.errors import SourceError
from dash_migrate.files.generated import is_generated
from dash_migrate.files.imports import Import, import_lines, imports_of
from dash_migrate.files.looks import recording, stop
from dash_migrate.files.project import ModuleMap
from dash_migrate.files.source import Source, read_bytes, read_unrecorded
from dash_migrate.files.tiers import Spread, Tier
from dash_migrate.files.walk import FileSet, Skipped
from dash_migrate.files.words import (
    COUPLING_WORDS,
    HANDLING_WORDS,
    handles_apps,
    is_coupled,
    is_dash,
)
from dash_migrate.model import FileError

#: Up to so many bytes of files are kept in memory, so that they need not be read a second time.
_KEEP = 8 * 1024 * 1024

#: The facts of a file take as long as reading and digesting so many others of its size once more.
_WORTH = 100

GENERATED = "generated code"


@dataclass(frozen=True)
class Selected:
    """A file that is worth parsing; ``imports`` may hold more than the parser will find, never less."""

    path: str
    source: Source
    tier: Tier
    imports: Sequence[Import]

    @property
    def imports_dash(self) -> bool:
        return any(is_dash(one) for one in self.imports)


@dataclass
class Selection:
    """What came through the gate. ``files`` is empty where nothing imports Dash."""

    files: dict[str, Selected] = field(default_factory=dict)
    #: Notebooks that import Dash.
    notebooks: list[str] = field(default_factory=list)
    modules: ModuleMap = field(default_factory=lambda: ModuleMap(()))
    #: Files that look like they belong but were written by a program.
    skipped: list[Skipped] = field(default_factory=list)
    errors: list[FileError] = field(default_factory=list)
    #: How many Python files and notebooks were read.
    read: int = 0
    #: What the files around those import, as far as it was looked at.
    imports: dict[str, Sequence[Import]] = field(default_factory=dict)
    #: The project files that their imports can mean, as far as that was looked at.
    links: dict[str, frozenset[str]] = field(default_factory=dict)
    #: Whether something marks where these lie as a project of its own, or they are all there is.
    is_project: bool = True

    def of(self, *tiers: Tier) -> list[Selected]:
        return [one for one in self.files.values() if one.tier in tiers]

    @property
    def to_index(self) -> list[Selected]:
        """The files whose parse the facts need; any other only if an import or a call leads there."""
        return [one for one in self.files.values() if one.tier is not Tier.PLAIN]


def select(
    files: FileSet,
    coupling: Iterable[bytes] = COUPLING_WORDS,
    handling: Iterable[bytes] = HANDLING_WORDS,
) -> Selection:
    """Read the Python files of a set and keep those that can have to do with a Dash app."""
    return _Gate(files, tuple(coupling), tuple(handling)).run()


class _Gate:
    def __init__(self, files: FileSet, coupling: tuple[bytes, ...], handling: tuple[bytes, ...]) -> None:
        self.files = files
        self.coupling = coupling
        self.handling = handling
        self.result = Selection()
        self.kept: dict[str, bytes] = {}
        self.known: dict[str, Sequence[Import]] = {}
        self.importers: set[str] = set()
        #: bytes that were read and not kept, and bytes of what imports Dash
        self.dropped = self.worked_on = 0

    def run(self) -> Selection:
        result = self.result
        self.find_importers()
        self.find_notebooks()
        if not self.importers and not result.notebooks:
            return result
        if self.dropped > _WORTH * self.worked_on:
            stop()
        result.modules = ModuleMap.of(self.files)
        dash = {path: is_coupled(self.kept[path], self.coupling) for path in self.importers}
        failed = {error.path for error in result.errors}
        paths = [path for path in self.files.python if path not in failed]
        roots = ["" if root == "." else root for root in self.files.roots]
        spread = Spread(paths, result.modules, self, roots)
        for path, tier in sorted(spread.run(dash).items()):
            data = self.data_of(path)
            if data is None:
                continue
            if path not in self.files.explicit and is_generated(data):
                result.skipped.append(Skipped(path, GENERATED))
            else:
                result.files[path] = Selected(path, Source(path, data), tier, self.imports(path))
        result.imports = self.known
        self.tell_recording()
        result.links = spread.links
        return result

    def read(self, path: str, reading: Callable[[str, str], bytes] = read_bytes) -> bytes | None:
        try:
            return reading(path, self.files.locate(path))
        except SourceError as error:
            self.result.errors.append(error.as_file_error())
            return None

    def data_of(self, path: str) -> bytes | None:
        """The bytes of a file that was read before, and may be gone by now."""
        data = self.kept.get(path)
        return self.read(path) if data is None else data

    def imports(self, path: str) -> Sequence[Import]:
        known = self.known.get(path)
        if known is None:
            data = self.data_of(path)
            known = self.known[path] = imports_of(data) if data is not None else ()
        return known

    def import_lines(self, path: str) -> bytes:
        data = self.data_of(path)
        return import_lines(data) if data is not None else b""

    def handles(self, path: str) -> bool:
        data = self.data_of(path)
        return data is not None and handles_apps(data, path in self.importers, self.handling)

    def find_importers(self) -> None:
        """The files that import Dash: one pass, one search in a file that has nothing to do with it."""
        room = _KEEP
        for path in self.files.python:
            data = self.read(path, read_unrecorded)
            if data is None:
                continue
            self.result.read += 1
            if b"dash" in data:
                imports = self.known[path] = imports_of(data)
                if any(is_dash(one) for one in imports):
                    self.importers.add(path)
                    self.worked_on += len(data)
                    self.kept[path] = data
                    continue
            elif (text := wide_text(data)) is not None and any(is_dash(one) for one in imports_of(text)):
                self.result.errors.append(FileError(path, "is not UTF-8; Python reads no UTF-16", 1))
                continue
            if room > 0:
                room -= len(data)
                self.kept[path] = data
            else:
                self.dropped += len(data)

    def find_notebooks(self) -> None:
        for path in self.files.notebooks:
            data = self.read(path, read_unrecorded)
            if data is None:
                continue
            self.result.read += 1
            if _notebook_imports_dash(data):
                self.result.notebooks.append(path)
                self.worked_on += len(data)
            else:
                self.dropped += len(data)

    def tell_recording(self) -> None:
        """Tell what was read in passing, now that it is known to matter."""
        looks = recording()
        if looks is None:
            return
        imported = {*self.importers, *self.result.notebooks}
        for paths, imports_dash in ((self.files.python, _imports_dash), (self.files.notebooks, _notebook_imports_dash)):
            for path in paths:
                location = self.files.locate(path)
                data = self.kept.get(path)
                if data is None:
                    try:
                        data = read_unrecorded(path, location)
                    except SourceError:
                        looks.is_torn = True
                        continue
                    looks.is_torn |= (path in imported) != imports_dash(data)
                looks.file(location, data)


def _imports_dash(data: bytes) -> bool:
    return b"dash" in data and any(is_dash(one) for one in imports_of(data))


def _notebook_imports_dash(data: bytes) -> bool:
    return b"dash" in data and any(is_dash(one) for one in imports_of(_notebook_code(data)))


def _notebook_code(data: bytes) -> bytes:
    """A notebook's text with each source line on a line of its own: enough to find imports in it."""
    return data.replace(b"\\n", b"\n").replace(b'\\"', b'"').replace(b'"', b"\n")
