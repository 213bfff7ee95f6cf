"""The strings of a TOML file with their places; a scanner, not a validator."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dash_migrate.deploy.texts import Text, quoted

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_SPACES = re.compile(r"[ \t]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_OTHER = re.compile(r"[^,\]}\s#]+")

Path = tuple[str, ...]


@dataclass(frozen=True)
class TomlString:
    """A string value.

    Attributes:
        path: the keys that lead to it; the number of an element of a list is written as a key.
        text: its contents.
        start: where it begins, quotes included.
        end: where it ends.
        quote: how it is quoted.
    """

    path: Path
    text: Text
    start: int
    end: int
    quote: str


@dataclass(frozen=True)
class TomlTable:
    """A list or an inline table: where it begins and ends, and under which keys."""

    path: Path
    kind: str
    start: int
    end: int


@dataclass(frozen=True)
class TomlKey:
    """A key with its value's place: ``key = value``."""

    path: Path
    start: int
    value_start: int
    end: int


class NotToml(ValueError):
    """The scanner does not understand the file."""


def scan(data: str) -> list[TomlString | TomlTable | TomlKey]:
    """Everything in a file that has a place.

    Raises:
        NotToml: it cannot be read.
    """
    return list(_Scanner(data).run())


def strings(data: str) -> list[TomlString]:
    """The strings of a file; none if it cannot be read."""
    try:
        return [found for found in scan(data) if isinstance(found, TomlString)]
    except NotToml:
        return []


class _Scanner:
    def __init__(self, data: str) -> None:
        self.data = data
        self.text = Text.raw(data)
        self.at = 1 if data.startswith("\ufeff") else 0
        self.numbers: dict[Path, int] = {}

    def run(self) -> Iterator[TomlString | TomlTable | TomlKey]:
        table: Path = ()
        while True:
            self._skip(_BLANK)
            if self.at >= len(self.data):
                return
            if self.data[self.at] == "[":
                table = self._header()
                continue
            start = self.at
            key = self._key()
            self._expect("=")
            self._skip(_SPACES)
            value_start = self.at
            yield from self._value((*table, *key), 0)
            yield TomlKey((*table, *key), start, value_start, self.at)

    def _skip(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self.data, self.at)
        if found is not None:
            self.at = found.end()

    def _expect(self, mark: str) -> None:
        self._skip(_SPACES)
        if not self.data.startswith(mark, self.at):
            raise NotToml(f"{mark} expected at {self.at}")
        self.at += len(mark)

    def _header(self) -> Path:
        several = self.data.startswith("[[", self.at)
        self.at += 2 if several else 1
        self._skip(_SPACES)
        path = self._key()
        self._expect("]]" if several else "]")
        if several:
            number = self.numbers[path] = self.numbers.get(path, -1) + 1
            return (*path, str(number))
        return path

    def _key(self) -> Path:
        parts = []
        while True:
            self._skip(_SPACES)
            if self.data[self.at : self.at + 1] in ('"', "'"):
                _, text, _ = self._string()
                parts.append(text.value)
            else:
                found = _BARE.match(self.data, self.at)
                if found is None:
                    raise NotToml(f"key expected at {self.at}")
                parts.append(found[0])
                self.at = found.end()
            self._skip(_SPACES)
            if not self.data.startswith(".", self.at):
                return tuple(parts)
            self.at += 1

    def _string(self) -> tuple[int, Text, str]:
        data = self.data
        start = self.at
        mark = data[start]
        quote = mark * 3 if data.startswith(mark * 3, start) else mark
        at = start + len(quote)
        while at < len(data) and not data.startswith(quote, at):
            if len(quote) == 1 and data[at] == "\n":
                raise NotToml(f"string not closed at {start}")
            at += 2 if mark == '"' and data[at] == "\\" else 1
        if at >= len(data):
            raise NotToml(f"string not closed at {start}")
        while len(quote) == 3 and data.startswith(mark, at + 3):
            at += 1
        begin = start + len(quote)
        if len(quote) == 3 and data.startswith("\n", begin):
            begin += 1
        elif len(quote) == 3 and data.startswith("\r\n", begin):
            begin += 2
        text = quoted(self.text, begin, at, loose=True) if mark == '"' else self.text.part(begin, at)
        self.at = at + len(quote)
        return start, text, quote

    def _value(self, path: Path, depth: int) -> Iterator[TomlString | TomlTable | TomlKey]:
        if depth > 60:
            raise NotToml("nested too deeply")
        mark = self.data[self.at : self.at + 1]
        start = self.at
        if mark in ('"', "'"):
            _, text, quote = self._string()
            yield TomlString(path, text, start, self.at, quote)
        elif mark == "[":
            self.at += 1
            number = 0
            self._skip(_BLANK)
            while not self.data.startswith("]", self.at):
                yield from self._value((*path, str(number)), depth + 1)
                number += 1
                self._separator("]")
            self.at += 1
            yield TomlTable(path, "list", start, self.at)
        elif mark == "{":
            self.at += 1
            self._skip(_BLANK)
            while not self.data.startswith("}", self.at):
                key_start = self.at
                key = self._key()
                self._expect("=")
                self._skip(_SPACES)
                value_start = self.at
                yield from self._value((*path, *key), depth + 1)
                yield TomlKey((*path, *key), key_start, value_start, self.at)
                self._separator("}")
            self.at += 1
            yield TomlTable(path, "inline", start, self.at)
        else:
            found = _OTHER.match(self.data, self.at)
            if found is None:
                raise NotToml(f"value expected at {self.at}")
            self.at = found.end()

    def _separator(self, closing: str) -> None:
        self._skip(_BLANK)
        if self.data.startswith(",", self.at):
            self.at += 1
            self._skip(_BLANK)
        elif not self.data.startswith(closing, self.at):
            raise NotToml(f"{closing} expected at {self.at}")
