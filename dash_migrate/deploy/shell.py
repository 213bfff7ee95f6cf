"""Reads shell text word by word: enough to find a command in it and to change single words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from dash_migrate.deploy.texts import Text

_OPERATORS = ("&&", "||", ";;", "|&", ";", "|", "&", "(", ")", "\n")
_REDIRECTION = re.compile(r"(?:\d+|&)?(?:>>|>\||>&|<<<|<&|<>|>|<)")
#: characters that stand for themselves wherever they are in a word
_PLAIN = re.compile(r"[^\s;|&()<>\\'\"`$%]+")
#: what supervisor puts in: ``%(ENV_PORT)s``
_EXPANDED = re.compile(r"%\(\w+\)\d*[sd]")
_SAFE = re.compile(r"(?:[\w@%+=:,./\-]|%\(\w+\)[sd])+|\$\w+|\$\{\w+(?::?[-=?+][\w./:\-]*)?\}")


@dataclass(frozen=True)
class Word:
    """One word of a command: its value, and the slice of the text it is written in."""

    value: str
    start: int
    end: int
    #: holds a variable or a substitution
    dynamic: bool
    #: is quoted as a whole: the contents are themselves a text (``sh -c "…"``)
    inner: Text | None = None


@dataclass
class Simple:
    """A simple command: the words between two operators, redirections left out."""

    text: Text
    words: list[Word] = field(default_factory=list)
    redirections: list[Word] = field(default_factory=list)
    #: the operator before it
    after: str = ""


def simple_commands(text: Text) -> list[Simple]:
    """The simple commands of a shell text, in order; what is in ``$(…)`` or a here-document is not looked at."""
    return list(_Reader(text).read())


class _Reader:
    def __init__(self, text: Text) -> None:
        self.text = text
        self.source = text.value
        self.at = 0

    def read(self) -> Iterator[Simple]:
        source = self.source
        current = Simple(self.text)
        redirect = False
        while self.at < len(source):
            char = source[self.at]
            if source.startswith(("\\\n", "\\\r\n"), self.at):
                self.at += 2 if source[self.at + 1] == "\n" else 3
                continue
            if char in " \t\r":
                self.at += 1
                continue
            if char == "#":
                end = source.find("\n", self.at)
                self.at = len(source) if end < 0 else end
                continue
            redirection = _REDIRECTION.match(source, self.at)
            if redirection is not None and source.startswith("<<", self.at) and not source.startswith("<<<", self.at):
                redirection = None
                self._heredoc()
                continue
            if redirection is not None:
                self.at = redirection.end()
                redirect = True
                continue
            operator = next((o for o in _OPERATORS if source.startswith(o, self.at)), None)
            if operator is not None:
                self.at += len(operator)
                yield current
                current = Simple(self.text, after=operator)
                redirect = False
                continue
            word = self._word()
            (current.redirections if redirect else current.words).append(word)
            redirect = False
        yield current

    def _heredoc(self) -> None:
        found = re.compile(r"<<-?\s*['\"]?(\w+)['\"]?[^\n]*\n").match(self.source, self.at)
        if found is None:
            self.at += 2
            return
        stop = re.compile(rf"^\s*{re.escape(found[1])}\s*$", re.MULTILINE).search(self.source, found.end())
        self.at = stop.end() if stop is not None else len(self.source)

    def _word(self) -> Word:
        source = self.source
        start = self.at
        parts: list[str] = []
        dynamic = False
        inner: Text | None = None
        pieces = 0
        while self.at < len(source):
            plain = _PLAIN.match(source, self.at)
            if plain is not None:
                pieces += 1
                parts.append(plain[0])
                self.at = plain.end()
                continue
            char = source[self.at]
            if source.startswith(("\\\n", "\\\r\n"), self.at):
                break
            setting = _EXPANDED.match(source, self.at)
            if setting is not None:
                dynamic = True
                pieces += 1
                parts.append(setting[0])
                self.at = setting.end()
                continue
            if char in " \t\r\n;|&()" or (char in "<>" and parts):
                break
            pieces += 1
            if char == "\\" and self.at + 1 < len(source):
                parts.append(source[self.at + 1])
                self.at += 2
            elif char == "'":
                end = source.find("'", self.at + 1)
                end = len(source) if end < 0 else end
                parts.append(source[self.at + 1 : end])
                inner = self._single(self.at + 1, end)
                self.at = end + 1
            elif char == '"':
                value, inner = self._double()
                dynamic = dynamic or "$" in value or "`" in value
                parts.append(value)
            elif char == "$":
                dynamic = True
                parts.append(self._variable())
            elif char == "`":
                dynamic = True
                end = source.find("`", self.at + 1)
                end = len(source) - 1 if end < 0 else end
                parts.append(source[self.at : end + 1])
                self.at = end + 1
            else:
                parts.append(char)
                self.at += 1
        return Word("".join(parts), start, self.at, dynamic, inner if pieces == 1 else None)

    def _single(self, start: int, end: int) -> Text:
        origin = [(n, n + 1) for n in range(start, end)]
        return self.text.decoded(self.source[start:end], origin, lambda new: new.replace("'", "'\\''"))

    def _double(self) -> tuple[str, Text]:
        source = self.source
        value: list[str] = []
        origin: list[tuple[int, int]] = []
        self.at += 1
        while self.at < len(source) and source[self.at] != '"':
            if source[self.at] == "\\" and self.at + 1 < len(source) and source[self.at + 1] in '"\\$`\n':
                if source[self.at + 1] != "\n":
                    value.append(source[self.at + 1])
                    origin.append((self.at, self.at + 2))
                self.at += 2
                continue
            if source.startswith("$(", self.at):
                end = _closing(source, self.at + 1)
                for n in range(self.at, end):
                    value.append(source[n])
                    origin.append((n, n + 1))
                self.at = end
                continue
            value.append(source[self.at])
            origin.append((self.at, self.at + 1))
            self.at += 1
        self.at += 1
        text = self.text.decoded("".join(value), origin, lambda new: re.sub(r'(["\\`])', r"\\\1", new))
        return "".join(value), text

    def _variable(self) -> str:
        source = self.source
        start = self.at
        if source.startswith("$(", start):
            self.at = _closing(source, start + 1)
        elif source.startswith("${", start):
            end = source.find("}", start)
            self.at = len(source) if end < 0 else end + 1
        else:
            found = re.compile(r"\$(?:\w+|.)?", re.DOTALL).match(source, start)
            self.at = found.end() if found else start + 1
        return source[start : self.at]


def _closing(source: str, start: int) -> int:
    """The index behind the bracket that closes the one at ``start``."""
    depth = 0
    for at in range(start, len(source)):
        if source[at] == "(":
            depth += 1
        elif source[at] == ")":
            depth -= 1
            if not depth:
                return at + 1
    return len(source)


def quote(word: str) -> str:
    """A word as it is written in a shell command; variables in it stay variables."""
    if word and all(_SAFE.fullmatch(part) for part in re.split(r"(\$\{[^}]*\}|\$\w+)", word) if part):
        return word
    if "$" in word or "'" in word:
        return '"' + re.sub(r'(["\\`])', r"\\\1", word) + '"'
    return f"'{word}'" if any(c in word for c in '"!*()') else f'"{word}"'
