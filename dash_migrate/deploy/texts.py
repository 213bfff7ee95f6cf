"""Pieces of a file that are read decoded and changed in place.

A start command can sit in a shell string in a YAML scalar: each layer decodes the one around it. A ``Text``
remembers for each of its characters where in the file it comes from, so that an edit made on the innermost
layer touches exactly the characters it has to, and is written with the escapes of every layer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

Escape = Callable[[str], str]


@dataclass(frozen=True)
class Edit:
    """New text for a stretch of the file, in characters."""

    start: int
    end: int
    text: str


def same(text: str) -> str:
    """The escape of a layer that has none."""
    return text


@dataclass(frozen=True)
class Text:
    """A decoded piece of a file."""

    value: str
    #: where in the file each character begins and ends
    starts: Sequence[int]
    ends: Sequence[int]
    #: where an empty piece is
    at: int
    escape: Escape = same

    @classmethod
    def raw(cls, text: str, start: int = 0, end: int | None = None) -> Text:
        """A piece of a file as it stands there."""
        end = len(text) if end is None else end
        return cls(text[start:end], range(start, end), range(start + 1, end + 1), start)

    def part(self, start: int, end: int) -> Text:
        """A slice of the piece."""
        return Text(self.value[start:end], self.starts[start:end], self.ends[start:end], self.place(start), self.escape)

    def place(self, index: int) -> int:
        """Where in the file a character of the piece begins; for its length: where the piece ends."""
        if index < len(self.starts):
            return self.starts[index]
        return self.ends[-1] if self.ends else self.at

    @property
    def span(self) -> tuple[int, int]:
        """Where in the file the piece begins and ends."""
        return (self.starts[0], self.ends[-1]) if self.starts else (self.at, self.at)

    def edit(self, start: int, end: int, new: str) -> Edit:
        """Replace a slice of the piece."""
        if start == end:
            place = self.ends[start - 1] if 0 < start <= len(self.ends) else self.place(start)
            return Edit(place, place, self.escape(new))
        return Edit(self.starts[start], self.ends[end - 1], self.escape(new))

    def decoded(self, value: str, origin: Sequence[tuple[int, int]], escape: Escape) -> Text:
        """A piece that a layer inside this one decodes.

        Args:
            value: the decoded text.
            origin: for each of its characters the slice of this piece that it comes from.
            escape: how the inner layer writes new text.
        """
        outer = self.escape
        return Text(
            value,
            [self.starts[a] for a, _ in origin],
            [self.ends[b - 1] for _, b in origin],
            self.at if not self.starts else self.starts[0],
            lambda new: outer(escape(new)),
        )


def apply(text: str, edits: Iterable[Edit]) -> str:
    """The text with the edits made; of two that overlap, the first asked for wins."""
    taken: list[Edit] = []
    for edit in edits:
        if all(edit.end <= other.start or edit.start >= other.end or _beside(edit, other) for other in taken):
            taken.append(edit)
    order = sorted(range(len(taken)), key=lambda n: (taken[n].start, taken[n].end, n))
    parts: list[str] = []
    position = 0
    for number in order:
        edit = taken[number]
        parts += [text[position : edit.start], edit.text]
        position = max(position, edit.end)
    parts.append(text[position:])
    return "".join(parts)


def _beside(one: Edit, other: Edit) -> bool:
    """Whether an insertion lies at the border of another edit, or both are insertions."""
    if one.start == one.end:
        return one.start in (other.start, other.end)
    return other.start == other.end and other.start in (one.start, one.end)


def newline_of(text: str) -> str:
    """The newline a file uses."""
    at = text.find("\n")
    return "\r\n" if at > 0 and text[at - 1] == "\r" else "\n"


_JSON_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_MORE_ESCAPES = {**_JSON_ESCAPES, "0": "\0", "a": "\a", "v": "\v", "e": "\x1b", "'": "'", " ": " "}


def quoted(text: Text, start: int, end: int, loose: bool = False) -> Text:
    """The contents of a double-quoted string with backslash escapes (JSON, TOML, YAML, Python).

    Args:
        text: the piece that holds the string.
        start: index of its first character behind the opening quote.
        end: index of the closing quote.
        loose: know the escapes beyond JSON's, and escaped newlines.
    """
    value: list[str] = []
    origin: list[tuple[int, int]] = []
    source = text.value
    escapes = _MORE_ESCAPES if loose else _JSON_ESCAPES
    at = start
    while at < end:
        if source[at] != "\\" or at + 1 >= end:
            value.append(source[at])
            origin.append((at, at + 1))
            at += 1
            continue
        mark = source[at + 1]
        width = {"u": 4, "U": 8, "x": 2}.get(mark, 0)
        stop = at + 2 + width
        if width:
            try:
                value.append(chr(int(source[at + 2 : stop], 16)))
            except ValueError:
                value.append(source[at:stop])
        elif loose and mark in "\r\n":
            while stop < end and source[stop] in " \t\r\n":
                stop += 1
            at = stop
            continue
        else:
            value.append(escapes.get(mark, mark))
        for _ in value[-1]:
            origin.append((at, stop))
        at = stop
    return text.decoded("".join(value), origin, escape_quoted)


def escape_quoted(new: str) -> str:
    """Text as it is written inside double quotes."""
    return new.replace("\\", "\\\\").replace('"', '\\"')
