"""Which files belong to a project, found by walking directories the way their owner sees them."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dash_migrate.files.errors import SourceError, describe
from dash_migrate.files.gitrules import RuleStack
from dash_migrate.files.kinds import Kind, is_python_script, kind_of
from dash_migrate.files.source import read_bytes
from dash_migrate.model import FileError

if TYPE_CHECKING:
    from pathlib import Path

_SKIPPED_NAMES: dict[str, str] = {
    **dict.fromkeys((".git", ".hg", ".svn", ".jj", ".bzr"), "version control"),
    **dict.fromkeys(
        (
            "__pycache__",
            "__pypackages__",
            ".cache",
            ".eggs",
            ".hypothesis",
            ".ipynb_checkpoints",
            ".mypy_cache",
            ".nox",
            ".pytest_cache",
            ".pytype",
            ".ruff_cache",
            ".tox",
        ),
        "cache",
    ),
    **dict.fromkeys(("node_modules", "bower_components", "site-packages", "dist-packages"), "installed packages"),
    **dict.fromkeys(
        ("vendor", "_vendor", "vendored", "_vendored", "third_party", "third-party"),
        "vendored code",
    ),
}
_ENVIRONMENT_NAMES = ("venv", ".venv", "env", ".env", "virtualenv")
_BUILD_NAMES = ("build", "dist")

IGNORED = "ignored by git"
VIRTUAL_ENVIRONMENT = "virtual environment"
BUILD_OUTPUT = "build output"
DIRECTORY_LINK = "link to a directory"
DUPLICATE = "link to a file that is read already"
UNKNOWN_KIND = "not a kind of file this tool reads"


@dataclass(frozen=True)
class Skipped:
    """A directory or a Python file or notebook that was left out, and why."""

    path: str
    reason: str


@dataclass
class FileSet:
    """The files of one run.

    Every path is as people see it: relative to ``base`` (the working directory) with ``/`` between the parts;
    ``locate`` makes it one that can be opened whatever the working directory is by then.
    """

    base: str
    roots: list[str] = field(default_factory=list)
    python: list[str] = field(default_factory=list)
    notebooks: list[str] = field(default_factory=list)
    #: Deploy and dependency files, configuration and templates; nothing has been read yet.
    others: dict[str, Kind] = field(default_factory=dict)
    #: Paths named one by one by the user.
    explicit: set[str] = field(default_factory=set)
    #: Directories that hold a ``.git``; the working directory is ``""``.
    repositories: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    errors: list[FileError] = field(default_factory=list)

    def locate(self, path: str) -> str:
        # This is asked once per file, and os.path.join takes longer than opening some of them.
        return os.path.join(self.base, path) if path[:1] == "/" or path[1:2] == ":" else f"{self.base}/{path}"

    def of_kind(self, *kinds: Kind) -> list[str]:
        return [path for path, kind in self.others.items() if kind in kinds]

    def skipped_by_reason(self) -> dict[str, list[str]]:
        by_reason: dict[str, list[str]] = {}
        for one in self.skipped:
            by_reason.setdefault(one.reason, []).append(one.path)
        return by_reason


def walk(paths: Sequence[Path | str], base: Path | str | None = None) -> FileSet:
    """Collect the files below ``paths``; a file named itself is taken even where git ignores it."""
    base_path = os.path.abspath(base if base is not None else os.getcwd())
    return _Walk(FileSet(base_path)).run([os.fspath(path) for path in paths])


class _Walk:
    def __init__(self, result: FileSet) -> None:
        self.result = result
        self.links: list[tuple[str, Kind]] = []
        self.done: set[str] = set()

    def run(self, paths: list[str]) -> FileSet:
        result = self.result
        for path in paths:
            location = os.path.normpath(os.path.join(result.base, path))
            shown = shown_path(location, result.base)
            try:
                mode = os.stat(location).st_mode
            except (OSError, ValueError) as error:
                result.errors.append(FileError(shown, describe(error)))
                continue
            result.roots.append(shown)
            if stat.S_ISDIR(mode):
                self.directory(location, "" if shown == "." else shown + "/")
            elif stat.S_ISREG(mode):
                self.explicit_file(location, shown)
            else:
                result.errors.append(FileError(shown, "is neither a file nor a directory"))
        self.resolve_links()
        result.python = sorted(set(result.python))
        result.notebooks = sorted(set(result.notebooks))
        result.others = dict(sorted(result.others.items()))
        result.skipped = [one for one in result.skipped if one.path not in result.explicit]
        return result

    def explicit_file(self, location: str, shown: str) -> None:
        result = self.result
        name = os.path.basename(location)
        kind = kind_of(name, os.path.basename(os.path.dirname(location)))
        if kind is None and "." not in name:
            try:
                kind = "python" if is_python_script(read_bytes(shown, location)[:200]) else None
            except SourceError as error:
                result.errors.append(error.as_file_error())
                return
        if kind is None:
            result.skipped.append(Skipped(shown, UNKNOWN_KIND))
            return
        result.explicit.add(shown)
        self.keep(shown, kind)

    def keep(self, shown: str, kind: Kind) -> None:
        if kind == "python":
            self.result.python.append(shown)
        elif kind == "notebook":
            self.result.notebooks.append(shown)
        else:
            self.result.others[shown] = kind

    def directory(self, top: str, shown: str) -> None:
        """Walk one tree without recursion; ``shown`` is the prefix of the paths in it."""
        result = self.result
        pending: list[tuple[str, str, RuleStack]] = [(top, shown, RuleStack.above(top))]
        while pending:
            location, prefix, rules = pending.pop()
            if location in self.done:
                continue
            try:
                files, directories, links = _list(location)
            except OSError as error:
                result.errors.append(FileError(prefix.rstrip("/") or ".", describe(error)))
                continue
            if location != top and ("pyvenv.cfg" in files or "conda-meta" in directories):
                result.skipped.append(Skipped(prefix.rstrip("/"), VIRTUAL_ENVIRONMENT))
                continue
            self.done.add(location)
            is_repository = ".git" in directories or ".git" in files
            if is_repository:
                result.repositories.append(prefix.rstrip("/"))
            rules = rules.entering(location, ".gitignore" in files, is_repository)
            parent = os.path.basename(location)
            has_rules = bool(rules)
            python = result.python
            for name in files:
                kind = kind_of(name, parent)
                if kind is None:
                    continue
                if has_rules and rules.ignores(name, False):
                    if kind in ("python", "notebook"):
                        result.skipped.append(Skipped(prefix + name, IGNORED))
                elif kind == "python":
                    python.append(prefix + name)
                else:
                    self.keep(prefix + name, kind)
            for name in links:
                self.link(location, prefix, name, rules)
            for name in directories:
                reason = _SKIPPED_NAMES.get(name) or _why_skip(location, name, files)
                if reason is None and has_rules and rules.ignores(name, True):
                    reason = IGNORED
                if reason is None:
                    pending.append((os.path.join(location, name), f"{prefix}{name}/", rules.below(name)))
                elif name != ".git":
                    result.skipped.append(Skipped(prefix + name, reason))

    def link(self, location: str, prefix: str, name: str, rules: RuleStack) -> None:
        """A symbolic link: never followed to a directory, so that nothing is read twice or from elsewhere."""
        path = os.path.join(location, name)
        kind = kind_of(name, os.path.basename(location))
        if os.path.isdir(path):
            if not rules.ignores(name, False):
                self.result.skipped.append(Skipped(prefix + name, DIRECTORY_LINK))
        elif kind is not None and not name.startswith(".#") and not rules.ignores(name, False):
            self.links.append((prefix + name, kind))

    def resolve_links(self) -> None:
        """Keep each linked file once: not at all where its target is in the set under its own name."""
        result = self.result
        if not self.links:
            return
        locate = result.locate
        known = {os.path.realpath(locate(path)) for path in (*result.python, *result.notebooks, *result.others)}
        for shown, kind in sorted(self.links):
            try:
                if not stat.S_ISREG(os.stat(locate(shown)).st_mode):
                    continue
            except OSError as error:
                result.errors.append(FileError(shown, describe(error)))
                continue
            target = os.path.realpath(locate(shown))
            if target in known:
                result.skipped.append(Skipped(shown, DUPLICATE))
            else:
                known.add(target)
                self.keep(shown, kind)


def _list(location: str) -> tuple[list[str], list[str], list[str]]:
    """The names in a directory: files, directories, symbolic links; pipes and devices are left out."""
    files: list[str] = []
    directories: list[str] = []
    links: list[str] = []
    with os.scandir(location) as entries:
        for entry in entries:
            if entry.is_file(follow_symlinks=False):
                files.append(entry.name)
            elif entry.is_dir(follow_symlinks=False):
                directories.append(entry.name)
            elif entry.is_symlink():
                links.append(entry.name)
    return files, directories, links


def _why_skip(location: str, name: str, siblings: list[str]) -> str | None:
    """Why the directory is left out, where its name alone does not say."""
    if name.endswith(".egg-info") or name.endswith(".dist-info"):
        return BUILD_OUTPUT
    if name in _ENVIRONMENT_NAMES:
        inside = os.path.join(location, name)
        for marker in (os.path.join("bin", "activate"), "Scripts"):
            if os.path.exists(os.path.join(inside, marker)):
                return VIRTUAL_ENVIRONMENT
    if (
        name in _BUILD_NAMES
        and ("pyproject.toml" in siblings or "setup.py" in siblings)
        and not os.path.exists(os.path.join(location, name, "__init__.py"))
    ):
        return BUILD_OUTPUT
    return None


def shown_path(location: str, base: str) -> str:
    """The path as it is reported: relative to the working directory where that is possible."""
    try:
        relative = os.path.relpath(location, base)
    except ValueError:  # another drive
        relative = location
    return relative.replace(os.sep, "/") if os.sep != "/" else relative
