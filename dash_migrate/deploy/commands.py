"""Finds the command that starts a web server among the words of a line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dash_migrate.deploy.argv import Argv, Item
from dash_migrate.deploy.shell import simple_commands
from dash_migrate.deploy.texts import Edit, Text
from dash_migrate.rules_data import table

#: program → what the table calls its flags; None: its flags are not read
MANAGERS: dict[str, str | None] = {
    "gunicorn": "gunicorn",
    "gunicorn3": "gunicorn",
    "waitress-serve": "waitress",
    "waitress": "waitress",
    "flask": "flask",
    "uvicorn": "uvicorn",
    "hypercorn": "hypercorn",
    "granian": "granian",
    "daphne": "daphne",
    "uwsgi": "uwsgi",
    "mod_wsgi-express": "mod_wsgi",
}
_SHELLS = frozenset(["sh", "bash", "ash", "dash", "zsh", "ksh"])
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
_PYTHON = re.compile(r"python[\d.]*w?(\.exe)?|py(\.exe)?")
_TARGET = re.compile(r"[A-Za-z_][\w.\-/]*:[A-Za-z_][\w.]*(\(.*\))?")


@dataclass(frozen=True)
class Setting:
    """Where a command stands, as far as it matters for what it does."""

    path: str
    #: a shell reads it: variables are expanded
    shell: bool
    #: the platform says by $PORT where to listen
    port: bool = False
    #: a machine of a developer or of CI, where nothing sets $PORT
    local: bool = False
    #: folders it may be run in, best first
    folders: tuple[str, ...] = ("",)
    #: variables that are set for it in the same file
    env: Mapping[str, str] = field(default_factory=dict)
    #: a document that only shows it
    shown: bool = False
    #: why gunicorn has to stay
    keep: str = ""


@dataclass(eq=False)
class Command:
    """A process manager and its arguments."""

    manager: str
    head: list[Item]
    arguments: list[Item]
    setting: Setting
    env: dict[str, str]
    #: a command written around it (``ENTRYPOINT``), or ``cd`` before it
    folders: tuple[str, ...]

    @property
    def name(self) -> Item:
        """The word that names the program."""
        return self.head[-1]

    @property
    def text(self) -> str:
        """The command on one line."""
        return " ".join(i.value for i in [*self.head, *self.arguments])

    @property
    def in_shell(self) -> bool:
        return self.setting.shell and self.name.argv.in_shell

    def span(self) -> tuple[int, int]:
        spans = [item.span for item in [*self.head, *self.arguments]]
        own = [s for s in spans if s[0] >= spans[0][0]] or spans
        return own[0][0], max(s[1] for s in own)


def commands_in_shell(text: Text, setting: Setting, *, split_only: bool = False) -> Iterator[Command]:
    """The commands in a shell text (or, with ``split_only``, a string that is only split into words)."""
    folders = setting.folders
    env = dict(setting.env)
    for simple in simple_commands(text):
        argv = Argv.of_shell(simple, in_shell=not split_only)
        words = argv.items
        if words and words[0].value == "cd" and len(words) > 1 and not words[1].dynamic:
            folders = tuple(dict.fromkeys([*_inside(folders, words[1].value), *folders]))
            continue
        if words and words[0].value in ("export", "set") and len(words) > 1:
            for word in words[1:]:
                found = _ASSIGNMENT.match(word.value)
                if found:
                    env[found[1]] = found[2]
            continue
        inner = replace(setting, folders=folders, env=env, shell=setting.shell and not split_only)
        yield from commands_in_words(words, inner)


def _inside(folders: tuple[str, ...], name: str) -> Iterator[str]:
    from dash_migrate.files.layout import join

    for folder in folders:
        if not name.startswith("/"):
            yield join(folder, name)
    if name.startswith("/"):
        # an absolute path in an image: its last folder may be one of the project's
        yield name.rstrip("/").rpartition("/")[2]


def commands_in_words(words: list[Item], setting: Setting) -> Iterator[Command]:
    """The command that the words are, and those in a ``sh -c`` among them."""
    at, env = _skip_wrappers(words, dict(setting.env))
    if at >= len(words):
        return
    name = base_name(words[at].value)
    if name in _SHELLS:
        for index in range(at + 1, len(words)):
            if re.fullmatch(r"-\w*c", words[index].value) and index + 1 < len(words):
                text = words[index + 1].inner
                if text is not None:
                    yield from commands_in_shell(text, replace(setting, shell=True, env=env))
                return
            if not words[index].value.startswith("-"):
                return
        return
    found = _manager_at(words, at)
    if found is None and name not in table("process_managers")["other"]["words"]:
        found = _manager_behind(words, at)
    if found is None:
        return
    manager, start, stop = found
    yield Command(manager, words[start:stop], words[stop:], setting, env, setting.folders)


def _manager_at(words: list[Item], at: int) -> tuple[str, int, int] | None:
    """The manager the words begin with: its name, and the words that name it."""
    name = base_name(words[at].value)
    if name in MANAGERS and name != "waitress":
        return name, at, at + 1
    if _PYTHON.fullmatch(name):
        index = at + 1
        while index < len(words) and words[index].value.startswith("-"):
            flag = words[index].value
            if flag == "-m" and index + 1 < len(words):
                module = words[index + 1].value.split(".")[0]
                if module in MANAGERS:
                    return module, at, index + 2
                return None
            index += 2 if flag in ("-X", "-W") else 1
    return None


def _manager_behind(words: list[Item], at: int) -> tuple[str, int, int] | None:
    """A manager behind words that are not known, if something that looks like an app follows it."""
    for index in range(at + 1, len(words)):
        name = base_name(words[index].value)
        if name in ("gunicorn", "waitress-serve", "uvicorn", "hypercorn"):
            behind = words[index + 1 :]
            # `entrypoint.sh gunicorn wsgi`: gunicorn knows what `wsgi` is
            bare = name == "gunicorn" and words[index].inner is not None and any("-" not in w.value for w in behind)
            if bare or any(_TARGET.fullmatch(w.value) for w in behind):
                return name, index, index + 1
    return None


def base_name(word: str) -> str:
    """The program a word names, without its folder."""
    name = re.split(r"[\\/]", word)[-1].lstrip("@-") if not word.startswith("-") else word
    return name.removesuffix(".exe")


def _skip_wrappers(words: list[Item], env: dict[str, str]) -> tuple[int, dict[str, str]]:
    wrappers: dict[str, Any] = table("process_managers")["wrapper"]
    at = 0
    while at < len(words):
        word = words[at].value
        assigned = _ASSIGNMENT.match(word)
        if assigned and not word.startswith("-"):
            env[assigned[1]] = assigned[2]
            at += 1
            continue
        name = base_name(word)
        if name in ("-", "--"):
            at += 1
            continue
        known = wrappers.get(name)
        if known is None:
            return at, env
        rest = _behind(words, at + 1, known)
        if rest is None:
            return at, env
        at = rest
    return at, env


def _behind(words: list[Item], at: int, wrapper: dict[str, Any]) -> int | None:
    options = wrapper.get("options", ())
    run = wrapper.get("run")
    skip = wrapper.get("skip", 0)
    while at < len(words):
        word = words[at].value
        if word == "--":
            at += 1
            break
        if word.startswith("-"):
            at += 2 if word in options else 1
        elif run is not None:
            if word != run:
                return None
            run = None
            at += 1
        elif skip:
            skip -= 1
            at += 1
        else:
            break
    return None if run is not None else at


@dataclass(frozen=True)
class Flag:
    """A flag as it is given."""

    #: as written, dashes included
    name: str
    #: the table's row; None: not known
    row: dict[str, Any] | None
    value: str | None
    #: the items it is written in
    items: tuple[Item, ...]
    #: how name and value are joined: "apart", "equals", "glued"
    style: str = "apart"


def parse_flags(command: Command, kind: str) -> tuple[list[Flag], list[Item]]:
    """The flags of a command and its other words."""
    rows: dict[str, dict[str, Any]] = {}
    for row in table("process_managers").get(kind, ()):
        for name in row["flags"]:
            rows[name] = row
    flags: list[Flag] = []
    others: list[Item] = []
    items = command.arguments
    at = 0
    while at < len(items):
        item = items[at]
        word = item.value
        at += 1
        if not word.startswith("-") or word == "-":
            others.append(item)
            continue
        name, equals, value = word.partition("=")
        if word.startswith("--"):
            row = rows.get(name) or _abbreviated(rows, name)
            if equals:
                flags.append(Flag(name, row, value, (item,), "equals"))
            elif row is not None and row.get("value") and at < len(items):
                flags.append(Flag(name, row, items[at].value, (item, items[at])))
                at += 1
            else:
                flags.append(Flag(name, row, None, (item,)))
            continue
        row = rows.get(word[:2])
        if row is not None and row.get("value"):
            if len(word) > 2:
                flags.append(Flag(word[:2], row, word[2:].removeprefix("="), (item,), "glued"))
            elif at < len(items):
                flags.append(Flag(word, row, items[at].value, (item, items[at])))
                at += 1
            else:
                flags.append(Flag(word, row, None, (item,)))
        else:
            flags.append(Flag(word, row if len(word) == 2 else None, None, (item,)))
    return flags, others


def _abbreviated(rows: Mapping[str, dict[str, Any]], name: str) -> dict[str, Any] | None:
    """The row of a flag that is written shortened, as argparse allows."""
    found = {id(row): row for full, row in rows.items() if full.startswith(name) and full.startswith("--")}
    return next(iter(found.values())) if len(found) == 1 else None


Editor = Callable[[], list[Edit]]
