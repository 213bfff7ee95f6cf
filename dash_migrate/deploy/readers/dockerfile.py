"""Dockerfiles: the commands of each stage, with what the stage says about folder and variables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from dash_migrate.deploy.argv import Item
from dash_migrate.deploy.commands import Setting
from dash_migrate.deploy.readers import Piece
from dash_migrate.deploy.readers.json_files import list_items
from dash_migrate.deploy.texts import Text

_INSTRUCTION = re.compile(r"[ \t]*(?P<name>[A-Za-z]+)(?=[ \t\\]|$)")


@dataclass
class Instruction:
    """One instruction: its name, and where its arguments are."""

    name: str
    start: int
    end: int


def instructions(data: str) -> Iterator[Instruction]:
    """The instructions of a Dockerfile, continued lines joined, here-documents taken along."""
    at = 0
    while at < len(data):
        end = _line_end(data, at)
        line = data[at:end]
        if not line.strip() or line.lstrip().startswith("#"):
            at = end + 1
            continue
        found = _INSTRUCTION.match(data, at)
        while _continues(data, at, end):
            end = _line_end(data, end + 1)
        heredoc = re.search(r"<<-?\s*[\"']?(\w+)[\"']?\s*$", data[at:end].rstrip())
        if heredoc is not None:
            stop = re.compile(rf"^\s*{heredoc[1]}[ \t]*\r?$", re.MULTILINE).search(data, end)
            end = stop.end() if stop is not None else len(data)
        if found is not None:
            start = found.end()
            while start < end and data[start] in " \t":
                start += 1
            stop_at = end
            while stop_at > start and data[stop_at - 1] in "\r\n \t":
                stop_at -= 1
            yield Instruction(found["name"].upper(), start, stop_at)
        at = end + 1


def _without_comments(text: Text) -> Text:
    """The arguments of an instruction without the comment lines that may stand between continued ones."""
    source = text.value
    if "\n" not in source or "#" not in source or "<<" in source:
        return text
    origin: list[tuple[int, int]] = []
    at = 0
    for line in source.splitlines(keepends=True):
        if not at or not line.lstrip().startswith("#"):
            origin += [(n, n + 1) for n in range(at, at + len(line))]
        at += len(line)
    return text.decoded("".join(source[a:b] for a, b in origin), origin, lambda new: new)


def _line_end(data: str, at: int) -> int:
    end = data.find("\n", at)
    return len(data) if end < 0 else end


def _continues(data: str, at: int, end: int) -> bool:
    """Whether a line goes on: it ends in a backslash, or is a comment or empty inside an instruction."""
    if end >= len(data):
        return False
    begin = data.rfind("\n", at, end) + 1
    last = data[max(begin, at) : end].rstrip()
    return last.endswith("\\") or (begin > at and (last.lstrip().startswith("#") or not last))


@dataclass
class _Stage:
    folders: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict)
    entrypoint: list[Item] = field(default_factory=list)
    command: list[Item] = field(default_factory=list)


def read(data: str, setting: Setting) -> Iterator[Piece]:
    """The commands of a Dockerfile."""
    stage = _Stage(setting.folders, dict(setting.env))
    for one in instructions(data):
        if one.name == "FROM":
            yield from _words(stage, setting)
            stage = _Stage(setting.folders, dict(setting.env))
            continue
        text = _without_comments(Text.raw(data, one.start, one.end))
        rest = text.value
        here = replace(setting, folders=stage.folders, env=dict(stage.env), shell=True, port=True)
        if one.name == "WORKDIR":
            name = rest.strip().strip("\"'").rstrip("/").rpartition("/")[2]
            stage.folders = tuple(
                dict.fromkeys([*(f"{f}/{name}" if f else name for f in setting.folders), *setting.folders])
            )
        elif one.name in ("ENV", "ARG"):
            for name, value in re.findall(r"(\w+)=(\"[^\"]*\"|'[^']*'|\S+)", rest) or re.findall(
                r"^(\w+)\s+(.*)$", rest
            ):
                stage.env[name] = value.strip("\"'")
        elif one.name in ("CMD", "ENTRYPOINT"):
            items = list_items(text) if rest.startswith("[") else None
            if items is None:
                yield Piece(here, text)
            elif one.name == "CMD":
                stage.command = items
            else:
                stage.entrypoint = items
        elif one.name == "HEALTHCHECK":
            found = re.search(r"\bCMD\s+", rest)
            if found is not None and not rest[found.end() :].startswith("["):
                yield Piece(here, text.part(found.end(), len(rest)))
        elif one.name == "RUN":
            items = list_items(text) if rest.startswith("[") else None
            if items is not None:
                yield Piece(replace(here, shell=False), words=items)
            else:
                flags = re.match(r"(?:--\w+=\S+\s+)*", rest)
                yield Piece(replace(here, local=True), text.part(flags.end() if flags else 0, len(rest)))
    yield from _words(stage, setting)


def _words(stage: _Stage, setting: Setting) -> Iterator[Piece]:
    words = [*stage.entrypoint, *stage.command]
    if words:
        yield Piece(replace(setting, folders=stage.folders, env=dict(stage.env), shell=False, port=True), words=words)
