"""Python that starts a process manager: ``subprocess.run(["gunicorn", …])``, ``c.run("gunicorn …")``."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from dash_migrate.deploy.argv import Argv
from dash_migrate.deploy.commands import MANAGERS, Setting, base_name
from dash_migrate.deploy.readers import Piece
from dash_migrate.deploy.texts import Text, quoted
from dash_migrate.files.errors import NO_CODE
from dash_migrate.syntax.segments import TextMap

_OPENING = re.compile(r"(?P<prefix>[fF]?)(?P<quote>[\"'])(?!(?P=quote))")
#: what a string begins with that is a command
_COMMAND = re.compile(
    r"\s*(?:exec +|[\w./-]+ run +|python3? -m )?(?:[\w./-]*/)?(gunicorn|waitress-serve|flask|uvicorn)\s+\S"
)


def read(data: str, setting: Setting) -> Iterator[Piece]:
    """The strings and lists that are commands; what documents the code is none."""
    nodes = _nodes(data)
    places = TextMap(data)
    setting = replace(setting, shell=True, local=True)
    inside: set[int] = set()
    named: set[int] = set()
    compared: set[int] = set()
    for node in nodes:
        if isinstance(node, ast.Call) and _called(node.func).startswith(("exec", "spawn", "posix_spawn")):
            named |= {id(a) for a in node.args}
        if isinstance(node, ast.Compare):  # ``backend in ("flask", "quart")`` runs nothing
            compared |= {id(c) for c in node.comparators}
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            inside.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            inside |= {id(n) for n in ast.walk(node) if n is not node}
        elif isinstance(node, (ast.List, ast.Tuple)):
            inside |= {id(n) for n in node.elts}
            argv = _argv(data, places, node) if id(node) not in compared else None
            if argv is not None:
                keep = "the program is named apart from its arguments" if id(node) in named else ""
                yield Piece(replace(setting, shell=False, keep=keep), words=argv.items)
    for node in nodes:
        if id(node) not in inside and isinstance(node, (ast.JoinedStr, ast.Constant)):
            text = _string(data, places, node)
            if text is not None and _COMMAND.match(text.value):
                yield Piece(setting, text)


@lru_cache(maxsize=16)
def _nodes(data: str) -> tuple[ast.AST, ...]:
    """The nodes of a file; none if it cannot be parsed."""
    try:
        return tuple(ast.walk(ast.parse(data)))
    except NO_CODE:
        return ()


def _called(func: ast.expr) -> str:
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""


def _argv(data: str, places: TextMap, node: ast.List | ast.Tuple) -> Argv | None:
    """The words of a list that begins with a program, or with a Python that runs one."""
    words = [e.value if isinstance(e, ast.Constant) and isinstance(e.value, str) else "" for e in node.elts]
    if not any(base_name(w).split(".")[0] in MANAGERS for w in words[:3]) or len(words) < 2:
        return None
    elements = []
    for element in node.elts:
        start, end = places.place(element)
        text = _string(data, places, element) if isinstance(element, ast.Constant) else None
        elements.append((start, end, text or Text.raw(data, start, end)))
    first = next((data[start] for start, _, _ in elements if data[start] in "\"'"), '"')
    between = data[elements[0][1] : elements[1][0]]
    separator = between if re.fullmatch(r"\s*,\s*", between) else ", "
    return Argv.of_list(Text.raw(data), elements, separator, lambda word: f"{first}{_escaped(word, first)}{first}")


def _string(data: str, places: TextMap, node: ast.expr) -> Text | None:
    """The contents of a string on one line, without prefix, or of an f-string with its braces."""
    if isinstance(node, ast.Constant) and not isinstance(node.value, str):
        return None
    start, end = places.place(node)
    opening = _OPENING.match(data, start)
    if opening is None or data[start:end].count(opening["quote"]) != 2 or "\n" in data[start:end]:
        return None
    if opening["prefix"] and "\\" in data[start:end]:
        return None
    inner = quoted(Text.raw(data), opening.end(), end - 1, loose=True)
    quote = opening["quote"]
    return Text(inner.value, inner.starts, inner.ends, inner.at, lambda new: _escaped(new, quote))


def _escaped(new: str, quote: str) -> str:
    return new.replace("\\", "\\\\").replace(quote, f"\\{quote}")
