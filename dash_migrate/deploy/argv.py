"""A command's words, wherever they are written: in a shell line, or one by one in a list."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from dash_migrate.deploy.shell import Simple, quote
from dash_migrate.deploy.texts import Edit, Text


@dataclass(frozen=True)
class Item:
    """One word."""

    value: str
    argv: Argv
    index: int
    #: holds a variable or a substitution
    dynamic: bool = False
    #: the contents of a quoted word, as a text of its own
    inner: Text | None = None

    @property
    def span(self) -> tuple[int, int]:
        """Where in the file the word is written."""
        start, end = self.argv.places[self.index]
        return self.argv.host.part(start, end).span


@dataclass(eq=False)
class Argv:
    """Words that are written one after the other in a text.

    Attributes:
        host: the text they are written in.
        places: where in it each one is, quotes included.
        separator: what stands between two.
        render: how a word is written there.
        in_shell: whether spaces separate the words and variables are expanded.
    """

    host: Text
    places: list[tuple[int, int]]
    items: list[Item]
    separator: str
    render: Callable[[str], str]
    in_shell: bool
    #: redirections of a shell command, by value
    redirections: list[str] = field(default_factory=list)

    @classmethod
    def of_shell(cls, command: Simple, in_shell: bool = True) -> Argv:
        """The words of a simple command."""
        argv = cls(command.text, [(w.start, w.end) for w in command.words], [], " ", quote, in_shell)
        argv.items = [Item(w.value, argv, n, w.dynamic, w.inner) for n, w in enumerate(command.words)]
        argv.redirections = [w.value for w in command.redirections]
        return argv

    @classmethod
    def of_list(
        cls,
        host: Text,
        elements: Iterable[tuple[int, int, Text]],
        separator: str,
        render: Callable[[str], str],
    ) -> Argv:
        """The words of a list: where each is written, and its contents."""
        found = list(elements)
        argv = cls(host, [(start, end) for start, end, _ in found], [], separator, render, False)
        argv.items = [Item(inner.value, argv, n, "$" in inner.value, inner) for n, (_, _, inner) in enumerate(found)]
        return argv

    def replace(self, index: int, words: list[str]) -> list[Edit]:
        """Write other words in the place of one."""
        if not words:
            return self.delete(index, index + 1)
        start, end = self.places[index]
        return [self.host.edit(start, end, self._joined(words))]

    def insert_after(self, index: int, words: list[str]) -> list[Edit]:
        """Write more words behind one."""
        end = self.places[index][1]
        return [self.host.edit(end, end, self.separator + self._joined(words))]

    def delete(self, first: int, stop: int) -> list[Edit]:
        """Take words away, with what separates them from the ones before."""
        edits = []
        for index in range(first, stop):
            start, end = self.places[index]
            if not index:
                if len(self.places) > stop:
                    edits.append(self.host.edit(start, self.places[stop][0], ""))
                    return edits
                edits.append(self.host.edit(start, end, ""))
                continue
            if self.separator == " ":
                start = self._gap(start)
            else:
                start = self.places[index - 1][1]
            edits.append(self.host.edit(start, end, ""))
        return edits

    def _gap(self, at: int) -> int:
        """The beginning of the white space before a word, continued lines included."""
        source = self.host.value
        while at and (source[at - 1] in " \t\r\n" or (source[at - 1] == "\\" and source[at : at + 2].strip(" ") != "")):
            if source[at - 1] == "\n" and not source[:at].rstrip("\r\n").endswith("\\"):
                break
            at -= 1
        return at

    def _joined(self, words: list[str]) -> str:
        return self.separator.join(self.render(w) for w in words)
