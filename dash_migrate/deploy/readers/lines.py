"""Files that hold a command a line: Procfiles, scripts, Makefiles, unit files, documents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from dash_migrate.deploy.commands import Setting
from dash_migrate.deploy.readers import Piece
from dash_migrate.deploy.texts import Text

_PROCESS = re.compile(r"^[ \t]*([A-Za-z][\w-]*)[ \t]*:[ \t]*(.*)$", re.MULTILINE)


def procfile(data: str, setting: Setting) -> Iterator[Piece]:
    """``web: command``: a shell runs it, and the platform sets $PORT."""
    for found in _PROCESS.finditer(data):
        start, end = found.span(2)
        yield Piece(replace(setting, shell=True, port=True), Text.raw(data, start, _without_cr(data, start, end)))


def _without_cr(data: str, start: int, end: int) -> int:
    while end > start and data[end - 1] in "\r\n":
        end -= 1
    return end


def script(data: str, setting: Setting) -> Iterator[Piece]:
    """A shell script (Windows' too: its commands are written the same way)."""
    if setting.path.lower().endswith((".bat", ".cmd", ".ps1")):
        for start, end in _lines(data):
            line = data[start:end]
            if not re.match(r"\s*(rem\b|::|#)", line, re.IGNORECASE):
                yield Piece(replace(setting, shell=False, local=True), _windows(data, start, end), split_only=True)
        return
    yield Piece(replace(setting, shell=True), Text.raw(data))


def _windows(data: str, start: int, end: int) -> Text:
    """A line in which backslashes are part of paths."""
    text = Text.raw(data, start, end)
    return Text(text.value.replace("\\", "/"), text.starts, text.ends, text.at)


def _lines(data: str) -> Iterator[tuple[int, int]]:
    start = 0
    for line in data.splitlines(keepends=True):
        yield start, start + len(line.rstrip("\r\n"))
        start += len(line)


def makefile(data: str, setting: Setting) -> Iterator[Piece]:
    """Recipes; a line that ends in a backslash goes on in the next."""
    variables = re.findall(r"^(\w+)\s*[:?]?=\s*(\S+)\s*$", data, re.MULTILINE)
    env = {**setting.env, **dict(variables)}
    rows = list(_lines(data))
    at = 0
    while at < len(rows):
        start, end = rows[at]
        at += 1
        if not data[start:end].startswith(("\t", "    ", "  ")):
            continue
        while data[start:end].endswith("\\") and at < len(rows):
            end = rows[at][1]
            at += 1
        yield Piece(replace(setting, shell=True, local=True, env=env), Text.raw(data, start, end))


_KEYS = re.compile(r"^(?P<key>[A-Za-z][\w.\-]*)[ \t]*=[ \t]*(?P<value>.*(?:\\\r?\n.*)*)", re.MULTILINE)
_RUN_BY = ("ExecStart", "ExecStartPre", "ExecReload", "command", "cmd", "exec", "start", "args")


def ini(data: str, setting: Setting) -> Iterator[Piece]:
    """systemd units, supervisor and circus programs, tox environments."""
    folder = re.search(r"^(?:WorkingDirectory|directory|working_dir|changedir)[ \t]*=[ \t]*(\S+)", data, re.MULTILINE)
    env = dict(setting.env)
    for line in re.findall(r"^(?:Environment|environment)[ \t]*=[ \t]*(.*)$", data, re.MULTILINE):
        for name, value in re.findall(r"""["']?(\w+)=["']?([^"',\s]*)""", line):
            env[name] = value
    folders = setting.folders
    if folder is not None:
        name = folder[1].rstrip("/").rpartition("/")[2]
        folders = tuple(dict.fromkeys([*(f"{f}/{name}" if f else name for f in folders), *folders]))
    setting = replace(setting, env=env, folders=folders)
    for found in _KEYS.finditer(data):
        if found["key"] in _RUN_BY:
            start, end = found.span("value")
            yield Piece(
                replace(setting, shell=False), Text.raw(data, start, _without_cr(data, start, end)), split_only=True
            )
    for found in re.finditer(
        r"^commands(?:_pre|_post)?[ \t]*=(?P<value>.*(?:\r?\n[ \t]+.*|\r?\n(?=\r?\n[ \t]))*)", data, re.MULTILINE
    ):
        start, end = found.span("value")
        yield Piece(replace(setting, shell=False, local=True), Text.raw(data, start, end), split_only=True)


_PROMPT = re.compile(r"[ \t]*(?:[-*][ \t]+)?(?:\$|>|%|#|PS[^>]*>)?[ \t]*`?")


def document(data: str, setting: Setting) -> Iterator[Piece]:
    """Lines of a document that look like a command."""
    for start, end in _lines(data):
        line = data[start:end]
        found = _PROMPT.match(line)
        begin = start + (found.end() if found else 0)
        stop = data.find("`", begin, end)
        yield Piece(
            replace(setting, shell=True, local=True, shown=True), Text.raw(data, begin, stop if stop > begin else end)
        )
