"""The ignore rules in force in a directory: its own file before those above, the exclude file last."""

from __future__ import annotations

import os

from dash_migrate.files.errors import SourceError
from dash_migrate.files.ignore import IgnoreFile
from dash_migrate.files.source import read_bytes


class RuleStack:
    """What git ignores in one directory; asked about the names in it.

    ``_levels`` holds, nearest first, each ignore file together with the path from the directory it governs to
    this one (``""`` or ending in ``/``).
    """

    __slots__ = ("_levels",)

    def __init__(self, levels: tuple[tuple[IgnoreFile, str], ...] = ()) -> None:
        self._levels = levels

    def __bool__(self) -> bool:
        return bool(self._levels)

    @classmethod
    def above(cls, top: str) -> RuleStack:
        """The rules that reach into ``top`` from the directories above it, up to the root of its repository.

        Without a repository around it nothing above counts. What is asked for is not itself judged: a walk
        that starts in an ignored directory reads it.
        """
        between: list[str] = []
        directory = top
        while not os.path.lexists(os.path.join(directory, ".git")):
            parent = os.path.dirname(directory)
            if parent == directory:
                return cls()
            between.append(os.path.basename(directory))
            directory = parent
        rules = cls()
        while between:
            rules = rules._reading(directory)
            name = between.pop()
            directory = os.path.join(directory, name)
            rules = rules._below(name)
        return rules

    def entering(self, directory: str, has_ignore_file: bool, is_repository: bool) -> RuleStack:
        """The rules in ``directory``, given what its own listing shows.

        The levels must already be relative to it. A repository starts afresh: git does not apply the rules
        around a nested one to it.
        """
        if not has_ignore_file and not is_repository:
            return self
        return self._reading(directory)

    def below(self, name: str) -> RuleStack:
        return self._below(name) if self._levels else self

    def ignores(self, name: str, is_directory: bool) -> bool:
        for rules, prefix in self._levels:
            verdict = rules.decide(name, prefix + name if rules.has_paths else name, is_directory)
            if verdict is not None:
                return verdict
        return False

    def _below(self, name: str) -> RuleStack:
        return RuleStack(tuple((rules, f"{prefix}{name}/") for rules, prefix in self._levels))

    def _reading(self, directory: str) -> RuleStack:
        levels = self._levels
        git = os.path.join(directory, ".git")
        if os.path.lexists(git):
            exclude = _read(os.path.join(_common_directory(git), "info", "exclude"))
            levels = ((exclude, ""),) if exclude else ()
        own = _read(os.path.join(directory, ".gitignore"))
        return RuleStack(((own, ""), *levels) if own else levels)


def _common_directory(git: str) -> str:
    """Where a repository keeps ``info/``: behind the ``.git`` file of a worktree or submodule, too."""
    try:
        pointer = read_bytes(git).decode("utf-8", "replace")
    except SourceError:  # the usual case: it is a directory
        return git
    target = os.path.join(os.path.dirname(git), pointer.removeprefix("gitdir:").strip())
    try:
        return os.path.join(target, read_bytes(os.path.join(target, "commondir")).decode("utf-8", "replace").strip())
    except SourceError:
        return target


def _read(path: str) -> IgnoreFile | None:
    """The rules of one file; None if there is none, if it cannot be read, or if it holds nothing."""
    try:
        rules = IgnoreFile(read_bytes(path).decode("utf-8", "surrogateescape"))
    except SourceError:
        return None
    return rules if rules else None
