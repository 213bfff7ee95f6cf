"""One requirement, wherever it is written: what it says, and how to change, drop or accompany it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from dash_migrate.deploy.deps.pep508 import Parts, normal
from dash_migrate.deploy.deps.versions import Dialect
from dash_migrate.deploy.texts import Edit, Text, newline_of

#: string: a requirement string (PEP 508); table: name and version apart (Poetry, Pipfile); conda: its own
Form = Literal["string", "table", "conda"]


@dataclass(eq=False)
class Requirement:
    """A requirement in a file.

    Attributes:
        path: the file.
        name: the package, normalised.
        spec: its version constraint.
        extras: its extras.
        text: what of the file says it (the string; for a table the version).
        section: what else is written in the same list or file goes under the same name.
        form: how it is written.
        parts: for a requirement string, its parts.
        drop: the edits that take it out.
        beside: the edits that put another requirement next to it.
        fixed: why it cannot be changed here ("": it can).
    """

    path: str
    name: str
    spec: str
    extras: tuple[str, ...]
    text: Text
    section: str
    form: Form = "string"
    parts: Parts | None = None
    marker: str = ""
    drop: Callable[[], list[Edit]] = list
    beside: Callable[[str], list[Edit]] = lambda _new: []
    #: for a table: rewrites version and extras
    rewrite: Callable[[str, tuple[str, ...]], list[Edit]] | None = None
    constraint: bool = False
    #: in a list that is installed on top of the file's main one (an extra, a group, an environment)
    on_top: bool = False
    fixed: str = ""
    #: another tool writes it
    locked: bool = False
    #: an edit of text outside of the string (a shell word that needs quotes)
    around: Callable[[str], list[Edit]] | None = None

    @property
    def dialect(self) -> Dialect:
        return {"string": "pep440", "table": "poetry", "conda": "conda"}[self.form]  # type: ignore[return-value]

    @property
    def shown(self) -> str:
        """The requirement on one line."""
        if self.form == "string":
            return " ".join(self.text.value.split())
        return f"{self.name} {self.spec}".strip()

    def changed(self, spec: str, extras: tuple[str, ...]) -> list[Edit]:
        """The edits that give it another constraint and more extras."""
        added = tuple(e for e in extras if normal(e) not in {normal(x) for x in self.extras})
        if spec == self.spec and not added:
            return []
        if self.rewrite is not None:
            return self.rewrite(spec, (*self.extras, *added))
        assert self.parts is not None
        if self.around is not None:
            return self.around(_string(self.parts, self.text.value, spec, added))
        edits: list[Edit] = []
        if added:
            edits.append(_extras_edit(self.parts, self.text, added))
        if spec != self.spec:
            start, end = self.parts.spec_at
            edits.append(self.text.edit(start, end, spec) if end > start else self._append_spec(spec))
        return edits

    def _append_spec(self, spec: str) -> Edit:
        assert self.parts is not None
        at = self.parts.extras_at[1] + 1 if self.parts.extras_at else self.parts.name_at[1]
        return self.text.edit(at, at, spec)


def _extras_edit(parts: Parts, text: Text, added: tuple[str, ...]) -> Edit:
    if parts.extras_at is None:
        at = parts.name_at[1]
        return text.edit(at, at, f"[{','.join(added)}]")
    start, end = parts.extras_at
    old = text.value[start:end]
    joint = ", " if ", " in old else ","
    return text.edit(end, end, (joint if old.strip() else "") + joint.join(added))


def _string(parts: Parts, old: str, spec: str, added: tuple[str, ...]) -> str:
    extras = (*parts.extras, *added)
    head = old[: parts.name_at[1]] + (f"[{','.join(extras)}]" if extras else "")
    return head + spec + old[max(parts.spec_at[1], parts.name_at[1]) :]


@dataclass(eq=False)
class Declared:
    """Everything a project's files ask for."""

    requirements: list[Requirement] = field(default_factory=list)
    #: files that were looked at
    paths: list[str] = field(default_factory=list)
    #: files of which one reads the other
    links: list[tuple[str, str]] = field(default_factory=list)
    #: those that are read as requirements, not as constraints
    includes: list[tuple[str, str]] = field(default_factory=list)

    def named(self, name: str) -> list[Requirement]:
        return [r for r in self.requirements if r.name == name]

    def read_by(self, path: str) -> set[str]:
        """The files whose requirements a file has too (``-r``), those they read included."""
        found: set[str] = set()
        todo = [path]
        while todo:
            at = todo.pop()
            for one, other in self.includes:
                if one == at and other not in found:
                    found.add(other)
                    todo.append(other)
        return found - {path}

    def in_section(self, section: str) -> list[Requirement]:
        return [r for r in self.requirements if r.section == section]


def line_drop(data: str, start: int, end: int) -> Edit:
    """Take out the whole lines from ``start`` to ``end``."""
    begin = data.rfind("\n", 0, start) + 1
    stop = data.find("\n", end)
    stop = len(data) if stop < 0 else stop + 1
    if stop == len(data) and begin and not data.endswith("\n"):
        begin -= 2 if data[:begin].endswith("\r\n") else 1  # the file's last line had no newline
    return Edit(begin, stop, "")


def beside_in_list(text: Text, start: int, end: int, quote: str) -> Callable[[str], list[Edit]]:
    """Another string in a list (TOML, Python) next to the one from ``start`` to ``end``; comments stay."""

    def beside(new: str) -> list[Edit]:
        data = text.value
        line = data.rfind("\n", 0, start) + 1
        indent = data[line:start]
        if indent.strip():
            return [text.edit(end, end, f", {quote}{new}{quote}")]
        comma = re.compile(r"[ \t]*,[ \t]*(?:#[^\n]*?)?(?=\r?\n)").match(data, end)
        if comma is not None:
            return [text.edit(comma.end(), comma.end(), f"{newline_of(data)}{indent}{quote}{new}{quote},")]
        return [text.edit(line, line, f"{indent}{quote}{new}{quote},{newline_of(data)}")]

    return beside


def indent_of(data: str, at: int) -> str:
    """The white space at the beginning of the line that holds an offset."""
    begin = data.rfind("\n", 0, at) + 1
    found = re.compile(r"[ \t]*").match(data, begin)
    return found[0] if found else ""
