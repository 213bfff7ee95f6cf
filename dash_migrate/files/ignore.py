"""One ``.gitignore`` file, with git's own rules of matching.

Written here rather than taken from pathspec because nearly every project has a ``.gitignore``: importing
pathspec takes longer than walking 10,000 files. Patterns without wildcards and those of the form ``*.ext``
are looked up; only what is left becomes a regular expression. The tests compare the answers with
``git check-ignore`` on random trees.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_SPECIAL = frozenset("*?[\\")
_POSIX_CLASSES = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": r" \t",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": r"\x21-\x7e",
    "lower": "a-z",
    "print": r"\x20-\x7e",
    "punct": r"\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e",
    "space": r" \t\n\r\x0b\x0c",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}


class _NeverMatches(Exception):
    """A pattern git accepts and that matches nothing (an open bracket, a trailing backslash)."""


@dataclass
class _Matcher:
    """The patterns for one subject, a bare name or a path, by the way they are looked up."""

    literals: dict[str, list[int]] = field(default_factory=dict)
    suffixes: list[tuple[str, int]] = field(default_factory=list)
    globs: list[tuple[str, int]] = field(default_factory=list)
    _suffixes: tuple[str, ...] = ()
    _any_glob: re.Pattern[str] | None = None

    def close(self) -> None:
        self._suffixes = tuple(suffix for suffix, _ in self.suffixes)
        if self.globs:
            self._any_glob = re.compile("|".join(f"(?:{glob})" for glob, _ in self.globs), re.DOTALL)

    def __bool__(self) -> bool:
        return bool(self.literals or self.suffixes or self.globs)

    def matching(self, subject: str) -> list[int]:
        """The numbers of the patterns that match, in no particular order."""
        found = self.literals.get(subject, [])
        if self._suffixes and subject.endswith(self._suffixes):
            found = found + [number for suffix, number in self.suffixes if subject.endswith(suffix)]
        if self._any_glob is not None and self._any_glob.fullmatch(subject):
            found = found + [number for glob, number in self.globs if re.compile(glob, re.DOTALL).fullmatch(subject)]
        return found


class IgnoreFile:
    """The patterns of one ignore file; paths are asked about relative to the directory the file governs."""

    __slots__ = ("_by_name", "_by_path", "_directories_only", "_negated", "has_paths")

    def __init__(self, text: str) -> None:
        self._by_name = _Matcher()
        self._by_path = _Matcher()
        self._negated: list[bool] = []
        self._directories_only: list[bool] = []
        for line in text.removeprefix("\ufeff").split("\n"):
            self._add(line.removesuffix("\r"))
        self._by_name.close()
        self._by_path.close()
        #: False: ``decide`` does not look at the path, the caller need not build it.
        self.has_paths = bool(self._by_path)

    def __bool__(self) -> bool:
        return bool(self._negated)

    def decide(self, name: str, path: str, is_directory: bool) -> bool | None:
        """True: ignored, False: taken back by a ``!`` pattern, None: this file says nothing about it."""
        found = self._by_name.matching(name)
        if self.has_paths:
            found = found + self._by_path.matching(path)
        if not found:
            return None
        if not is_directory:
            found = [number for number in found if not self._directories_only[number]]
            if not found:
                return None
        return not self._negated[max(found)]

    def _add(self, line: str) -> None:
        pattern = _strip_trailing_spaces(line)
        if not pattern or pattern.startswith("#"):
            return
        negated = pattern.startswith("!")
        if negated:
            pattern = pattern[1:]
        directories_only = pattern.endswith("/")
        if directories_only:
            pattern = pattern[:-1]
        number = len(self._negated)
        anchored = "/" in pattern
        matcher = self._by_path if anchored else self._by_name
        pattern = pattern.removeprefix("/")
        if not pattern:
            return
        if not _SPECIAL.intersection(pattern):
            matcher.literals.setdefault(pattern, []).append(number)
        elif not anchored and pattern[0] == "*" and not _SPECIAL.intersection(pattern[1:]):
            matcher.suffixes.append((pattern[1:], number))
        else:
            try:
                matcher.globs.append((_translate(pattern, anchored), number))
            except _NeverMatches:
                return
        self._negated.append(negated)
        self._directories_only.append(directories_only)


def _strip_trailing_spaces(line: str) -> str:
    """Drop trailing spaces, except one that a backslash keeps."""
    stripped = line.rstrip(" ")
    backslashes = len(stripped) - len(stripped.rstrip("\\"))
    if backslashes % 2 and len(stripped) < len(line):
        return stripped + " "
    return stripped


def _translate(pattern: str, is_path: bool) -> str:
    """A wildmatch pattern as a regular expression to be matched in full."""
    out: list[str] = []
    literal_so_far = True
    at, end = 0, len(pattern)
    while at < end:
        char = pattern[at]
        if char == "*":
            stop = at
            while stop < end and pattern[stop] == "*":
                stop += 1
            # git takes the literal beginning off first, so "**" right behind it counts as at the start.
            at_start = literal_so_far or pattern[at - 1] == "/"
            if is_path and stop - at > 1 and at_start and (stop == end or pattern[stop] == "/"):
                if stop == end:
                    out.append(".*")
                else:
                    out.append("(?:.*/)?")
                    stop += 1
            else:
                out.append("[^/]*")
            at = stop
        elif char == "?":
            out.append("[^/]")
            at += 1
        elif char == "[":
            text, at = _bracket(pattern, at)
            out.append(text)
        elif char == "\\":
            if at + 1 == end:
                raise _NeverMatches
            out.append(re.escape(pattern[at + 1]))
            at += 2
        else:
            out.append(re.escape(char))
            at += 1
        literal_so_far = literal_so_far and char not in _SPECIAL
    return "".join(out)


def _bracket(pattern: str, at: int) -> tuple[str, int]:
    """The bracket expression that opens at ``at``: its regular expression, and where it ends."""

    def char_at(place: int) -> str:
        if place >= len(pattern):
            raise _NeverMatches
        return pattern[place]

    at += 1
    negated = char_at(at) in "!^"
    if negated:
        at += 1
    members: list[str] = []
    previous = ""
    first = True
    while first or char_at(at) != "]":
        first = False
        char = char_at(at)
        if char == "\\":
            at += 1
            char = char_at(at)
            members.append(re.escape(char))
            previous = char
        elif char == "-" and previous and at + 1 < len(pattern) and pattern[at + 1] != "]":
            at += 1
            if char_at(at) == "\\":
                at += 1
            if previous <= char_at(at):
                members.append(f"{re.escape(previous)}-{re.escape(char_at(at))}")
            previous = ""
        elif char == "[" and pattern[at + 1 : at + 2] == ":":
            close = pattern.find("]", at + 2)
            if close < 0:
                raise _NeverMatches
            if close > at + 2 and pattern[close - 1] == ":":
                name = pattern[at + 2 : close - 1]
                if name not in _POSIX_CLASSES:
                    raise _NeverMatches
                members.append(_POSIX_CLASSES[name])
                at = close
                previous = ""
            else:
                members.append(r"\[")
                previous = "["
        else:
            members.append(re.escape(char))
            previous = char
        at += 1
    body = "".join(members)
    return (f"[^/{body}]" if negated else f"(?!/)[{body}]"), at + 1
