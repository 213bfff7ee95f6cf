"""The changes that ``fix`` would make, as hunks that findings can point to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from dash_migrate.compat.model import DeployChange, FileChange, Hunk, Place
from dash_migrate.facts.names import names
from dash_migrate.model import Backend, Finding
from dash_migrate.writes.changes import Change

_HEAD = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@.*$", re.MULTILINE)


def file_changes(changes: Iterable[Change], target: Backend) -> tuple[FileChange, ...]:
    """The changes of one target; hunks are numbered through, so that their ids are unique in a page."""
    from dash_migrate.writes.diff import unified_diff

    found = []
    for number, change in enumerate(changes):
        if is_runtime(change.path):
            found.append(FileChange(change.path, True, (), is_runtime=True))
            continue
        text = unified_diff(change.path, change.old, change.new)
        heads = list(_HEAD.finditer(text))
        ends = [head.start() for head in heads[1:]] + [len(text)]
        hunks = []
        for index, (head, end) in enumerate(zip(heads, ends, strict=True)):
            start, length = int(head[1]), int(head[2] if head[2] is not None else 1)
            last = max(start, start + length - 1)
            hunks.append(Hunk(f"{target}-{number}-{index}", start, last, text[head.start() : end].rstrip("\n")))
        found.append(FileChange(change.path, change.is_new_file, tuple(hunks)))
    return tuple(found)


def is_runtime(path: str) -> bool:
    """Whether a file belongs to a package that ``fix`` puts beside an app."""
    return any(part in names().runtime_modules for part in path.split("/")[:-1])


class HunkIndex:
    """Finds the hunks that touch a finding's lines."""

    def __init__(self, changes: Sequence[FileChange]) -> None:
        self._by_path = {change.path: change.hunks for change in changes}

    def touching(self, finding: Finding) -> tuple[str, ...]:
        """The ids of the hunks around a finding (three lines of context included)."""
        return tuple(
            hunk.id
            for hunk in self._by_path.get(finding.path, ())
            if hunk.start <= finding.span.line <= hunk.end or hunk.start <= finding.span.end_line <= hunk.end
        )


def deploy_changes(changes: Iterable[FileChange]) -> list[DeployChange]:
    """The lines that change in files that are no code, each stretch of them by itself."""
    found: list[DeployChange] = []
    for change in changes:
        if change.is_runtime or change.path.endswith((".py", ".ipynb")):
            continue
        for hunk in change.hunks:
            found += _stretches(change.path, hunk)
    return found


def _stretches(path: str, hunk: Hunk) -> Iterator[DeployChange]:
    number, first = hunk.start, hunk.start
    before: list[str] = []
    after: list[str] = []
    for line in [*hunk.text.split("\n")[1:], " "]:
        kind, text = line[:1], line[1:].strip()
        if kind == "-":
            before.append(text)
        elif kind == "+":
            after.append(text)
        elif kind != "\\":
            if before or after:
                yield DeployChange(Place(path, first), tuple(before), tuple(after))
                before, after = [], []
            first = number + 1
        number += kind not in ("+", "\\")
