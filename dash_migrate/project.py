"""From paths to facts: walks, reads what matters, parses it, and asks the facts room."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from dash_migrate.facts.index import index_file
from dash_migrate.facts.names import names
from dash_migrate.facts.project import Project
from dash_migrate.facts.scan import Facts, scan
from dash_migrate.facts.scopes import FileIndex
from dash_migrate.files.errors import NO_CODE, SourceError
from dash_migrate.files.folder import with_project
from dash_migrate.files.parts import split
from dash_migrate.files.prefilter import Selection, select
from dash_migrate.files.source import Source, read_source
from dash_migrate.files.walk import FileSet, walk
from dash_migrate.model import FileError
from dash_migrate.processes import can_fork, in_processes
from dash_migrate.syntax.depth import DEEPEST, too_deep
from dash_migrate.syntax.segments import TextMap

#: nesting that parsers and walks of ours survive (FIELD_GUIDE part 4)
RECURSION_LIMIT = 10_000


Result = TypeVar("Result")


@dataclass(eq=False)
class Loaded:
    """A project that has been read."""

    files: FileSet
    selection: Selection
    facts: Facts
    texts: dict[str, TextMap] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    errors: list[FileError] = field(default_factory=list)
    #: what files other than code would hold, where that is not what is on disk
    contents: dict[str, bytes] = field(default_factory=dict)
    #: modules that the rewrite puts beside its apps
    created: dict[str, bytes] = field(default_factory=dict)
    #: the release of Dash it is to run on; None: the oldest that works
    dash_version: str | None = None
    #: what was worked out of it once and is asked for again
    memo: dict[str, Any] = field(default_factory=dict)

    @property
    def read(self) -> int:
        return self.selection.read


def load(
    paths: Sequence[Path | str], base: Path | str | None = None, changed: Mapping[str, bytes] | None = None
) -> Loaded:
    """Read the project under ``paths``.

    Args:
        paths: directories and files.
        base: what display paths are relative to (default: the working directory).
        changed: contents to use instead of what is on disk, by display path.
    """
    files = walk(with_project(paths), base)
    return load_files(files, select(files), changed)


def load_files(
    files: FileSet,
    selection: Selection,
    changed: Mapping[str, bytes] | None = None,
    before: Loaded | None = None,
) -> Loaded:
    """The facts of the selected files.

    Args:
        changed: contents to use instead of what is on disk, by display path.
        before: the same project with other contents; what is the same in it is not parsed again.
    """
    if sys.getrecursionlimit() < RECURSION_LIMIT:
        sys.setrecursionlimit(RECURSION_LIMIT)
    loader = _Loader(files, selection, changed or {}, before)
    project = Project(selection.modules, loader.load, selection.imports)
    for selected in selection.to_index:
        project.file(selected.path)
    for path in sorted(
        files.explicit & selection.files.keys()
    ):  # who asks for a file wants to know if it cannot be read
        project.file(path)
    facts = scan(project)
    errors = [*files.errors, *selection.errors, *loader.errors.values()]
    return Loaded(files, selection, facts, loader.texts, loader.sources, errors)


def each_part(
    files: FileSet,
    selection: Selection,
    work: Callable[[Loaded], Result],
    lost: Callable[[FileSet, Selection], Result],
    room: int,
    modules: Sequence[str] = (),
) -> list[Result]:
    """The results for the parts of a tree that have nothing to do with each other.

    Args:
        work: what is done with a part; what is known of one is forgotten before the next is read.
        lost: the result for a part whose process died.
        room: bytes of source that one process may take in.
        modules: what the work will import, which need not be done in each process.
    """
    parts = list(split(files, selection))
    batches = _batches(parts, room)
    if len(batches) < 2 or not can_fork():
        return [work(load_files(*part)) for part in parts]
    for module in modules:
        import_module(module)
    return in_processes(batches, lambda part: work(load_files(*part)), lambda part: lost(*part))


def _batches(parts: list[tuple[FileSet, Selection]], room: int) -> list[list[tuple[FileSet, Selection]]]:
    batches: list[list[tuple[FileSet, Selection]]] = [[]]
    taken = 0
    for part in parts:
        size = sum(len(selected.source.data) for selected in part[1].to_index)
        if batches[-1] and taken + size > room:
            batches.append([])
            taken = 0
        batches[-1].append(part)
        taken += size
    return batches


class _Loader:
    def __init__(
        self, files: FileSet, selection: Selection, changed: Mapping[str, bytes], before: Loaded | None
    ) -> None:
        self.files = files
        self.before = before
        self.selection = selection
        self.changed = changed
        self.texts: dict[str, TextMap] = {}
        self.sources: dict[str, Source] = {}
        self.errors: dict[str, FileError] = {}

    def load(self, path: str) -> FileIndex | None:
        parts = path.removesuffix(".py").split("/")[-2:]
        if path in self.errors or any(part in names().runtime_modules for part in parts):
            return None  # what fix put there is not part of the project
        try:
            source = self._source(path)
            known = self._known(path, source)
            if known is not None:
                return known
            tree = parse(source)
            text = TextMap(source.text)
            deep = too_deep(tree, text)
            if deep is not None:
                raise SourceError(path, f"nested more than {DEEPEST:,} levels deep", deep)
        except SourceError as error:
            self.errors[path] = error.as_file_error()
            return None
        self.sources[path] = source
        self.texts[path] = text
        return index_file(Path(path), path, tree)

    def _known(self, path: str, source: Source) -> FileIndex | None:
        """The index of a file that was read before, if it is the same."""
        before = self.before
        if before is None or path not in before.sources or before.sources[path].data != source.data:
            return None
        self.sources[path] = before.sources[path]
        self.texts[path] = before.texts[path]
        return before.facts.project.files.get(path)

    def _source(self, path: str) -> Source:
        if path in self.changed:
            return Source(path, self.changed[path])
        selected = self.selection.files.get(path)
        return selected.source if selected is not None else read_source(path, self.files.locate(path))


def parse(source: Source) -> ast.Module:
    """The ``ast`` of a file.

    Raises:
        SourceError: the file is no Python source that this interpreter understands.
    """
    try:
        return ast.parse(source.text)
    except NO_CODE as error:
        known = source.check()
        if known is not None:
            raise SourceError(known.path, known.message, known.line, known.column) from None
        if isinstance(error, SyntaxError):
            raise SourceError(source.path, f"not parsed: {error.msg}", error.lineno, error.offset) from None
        why = "nested too deeply for this Python" if isinstance(error, (RecursionError, MemoryError)) else str(error)
        raise SourceError(source.path, f"not parsed: {why}") from None
