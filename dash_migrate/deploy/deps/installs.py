"""Requirements in commands: ``pip install dash gunicorn`` in a Dockerfile, a script, a CI job."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from dash_migrate.deploy.argv import Argv, Item
from dash_migrate.deploy.commands import base_name
from dash_migrate.deploy.deps.model import Requirement
from dash_migrate.deploy.deps.pep508 import normal, split
from dash_migrate.deploy.notebooks import code_cells
from dash_migrate.deploy.readers import INSTALLS, Piece, pieces
from dash_migrate.deploy.shell import simple_commands
from dash_migrate.deploy.texts import Edit, Text
from dash_migrate.deploy.workspace import DeployFile, Workspace
from dash_migrate.rules_data import table

KINDS = frozenset(["dockerfile", "yaml", "shell", "make", "compose", "procfile"])
_CELL_LINE = re.compile(r"^[ \t]*[!%][ \t]*(?P<command>(?:python\S* -m )?pip3? install .*)$", re.MULTILINE)
#: packages that the move has to do with
_WORTH = ("dash", "gunicorn", "waitress")
#: pip's options that take a value
_VALUED = frozenset(["-r", "--requirement", "-c", "--constraint", "-i", "--index-url", "--extra-index-url"])
_VALUED |= frozenset(["-t", "--target", "-f", "--find-links", "-e", "--editable", "--root", "--prefix", "--src"])
_VALUED |= frozenset(["--python", "--no-binary", "--only-binary", "--platform", "--python-version", "--trusted-host"])


def read(workspace: Workspace) -> Iterator[Requirement]:
    """The requirements that commands install."""
    for file in workspace.holding(INSTALLS, KINDS):
        if any(word in file.text for word in _WORTH):
            for piece in pieces(file.path, file.kind, file.text, workspace.setting(file.path)):
                yield from _piece(file, piece)
    yield from _in_notebooks(workspace)


def _in_notebooks(workspace: Workspace) -> Iterator[Requirement]:
    """``!pip install dash==1.20`` in a cell; what a notebook starts stays on Flask."""
    for path in workspace.loaded.selection.notebooks:
        file = workspace.file(path, "notebook")
        if file is None or b"pip install" not in file.data:
            continue
        for _, code in code_cells(file):
            for line in _CELL_LINE.finditer(code.value):
                piece = Piece(workspace.setting(path), code.part(*line.span("command")))
                for made in _piece(file, piece):
                    made.constraint = True
                    yield made


def _piece(file: DeployFile, piece: Piece) -> Iterator[Requirement]:
    if piece.text is None:
        yield from _command(file, piece.words, piece.words[0].argv.host if piece.words else None, False)
        return
    for simple in simple_commands(piece.text):
        argv = Argv.of_shell(simple)
        yield from _command(file, argv.items, piece.text, not piece.split_only)


def _command(file: DeployFile, words: list[Item], host: Text | None, shell: bool) -> Iterator[Requirement]:
    names = [base_name(w.value) for w in words]
    at = next((n for n, w in enumerate(names) if w == "install" and _is_pip(names[:n])), None)
    if at is None or host is None:
        return
    section = f"{file.path} {words[0].span[0]}"
    skip = False
    asked: list[tuple[Item, Requirement]] = []
    others = False
    for word in words[at + 1 :]:
        if skip or word.value.startswith("-"):
            others = others or skip
            skip = not skip and word.value in _VALUED
            continue
        others = others or word.dynamic or "/" in word.value or word.value == "."
        parts = split(word.value)
        if parts is None or word.dynamic or "/" in word.value or word.value in (".", "pip"):
            continue
        spec, text = parts.spec, word.inner or _slice(word)
        made = Requirement(
            file.path, normal(parts.name), spec, parts.extras, text, section, parts=parts, marker=parts.marker
        )
        if shell:
            made.spec = _redirected(host, word) or spec
            made.around = partial(_quoted, host, word, len(made.spec) if made.spec != spec else 0)
        made.drop = partial(word.argv.delete, word.index, word.index + 1)
        made.beside = partial(_beside, word)
        asked.append((word, made))
    if not others and asked and all(made.name in _leaving() for _, made in asked):
        _not_empty(asked)
    yield from (made for _, made in asked)


def _leaving() -> set[str]:
    """The packages that the move may take out."""
    return {row["name"] for kind in ("gone", "manager") for row in table("dependencies")[kind]}


def _not_empty(asked: list[tuple[Item, Requirement]]) -> None:
    """Leave something to a command that would install nothing: Dash, if the packages were its, else what it has."""
    gone = {row["name"] for row in table("dependencies")["gone"]}
    for _, made in asked:
        if made.name not in gone:
            made.drop = list
    if all(made.name in gone for _, made in asked):
        word, first = asked[0]
        first.drop = partial(word.argv.replace, word.index, ["dash"])


def _is_pip(before: list[str]) -> bool:
    return any(re.fullmatch(r"pip[\d.]*", name) for name in before)


def _slice(word: Item) -> Text:
    start, end = word.argv.places[word.index]
    return word.argv.host.part(start, end)


def _redirected(host: Text, word: Item) -> str:
    """``>=2.0`` behind a word without quotes, which the shell takes for a redirection."""
    end = word.argv.places[word.index][1]
    found = re.compile(r"[<>]=?[\w.,*<>=!]*").match(host.value, end)
    return found[0] if found and re.search(r"\d", found[0]) else ""


def _beside(word: Item, new: str) -> list[Edit]:
    return word.argv.insert_after(word.index, [new])


def _quoted(host: Text, word: Item, more: int, new: str) -> list[Edit]:
    start, end = word.argv.places[word.index]
    old = host.value[start:end]
    if old[:1] not in ("'", '"') and re.fullmatch(r"[\w.=-]+", new):
        return [host.edit(start, end + more, new)]
    quote = old[0] if old[:1] in ("'", '"') else '"'
    return [host.edit(start, end + more, f"{quote}{new}{quote}")]
