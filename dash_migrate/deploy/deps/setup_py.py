"""The literal lists in setup.py: ``install_requires``, ``extras_require``, and names that hold them."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from dash_migrate.deploy.deps.model import Requirement
from dash_migrate.deploy.deps.pep508 import normal, split
from dash_migrate.deploy.texts import Edit, Text, newline_of, quoted
from dash_migrate.syntax.segments import TextMap


def read(path: str, data: str) -> Iterator[Requirement]:
    """The requirement strings in lists of the file."""
    try:
        tree = ast.parse(data)
    except (SyntaxError, ValueError, RecursionError):
        return
    places = TextMap(data)
    for node in ast.walk(tree):
        if isinstance(node, (ast.List, ast.Tuple)):
            yield from _list(path, data, places, node)


def _list(path: str, data: str, places: TextMap, node: ast.List | ast.Tuple) -> Iterator[Requirement]:
    elements = [e for e in node.elts if isinstance(e, ast.Constant) and isinstance(e.value, str)]
    if len(elements) != len(node.elts) or not elements:
        return
    host = Text.raw(data)
    section = f"{path} {node.lineno}"
    for number, element in enumerate(elements):
        start, end = places.place(element)
        raw = data[start:end]
        quote = raw[0]
        if quote not in "\"'" or raw.startswith(quote * 3) or raw.count(quote) != 2:
            continue
        parts = split(str(element.value))
        if parts is None:
            continue
        text = quoted(host, start + 1, end - 1, loose=True)
        made = Requirement(
            path, normal(parts.name), parts.spec, parts.extras, text, section, parts=parts, marker=parts.marker
        )
        made.fixed = "it is installed from a URL" if parts.url else ""
        made.drop = _drop(data, places, elements, number)
        made.beside = _beside(data, start, end, quote)
        yield made


def _drop(data: str, places: TextMap, elements: list[ast.Constant], number: int):  # type: ignore[no-untyped-def]
    import re

    def drop() -> list[Edit]:
        start, end = places.place(elements[number])
        comma = re.compile(r"[ \t]*,[ \t]*").match(data, end)
        after = comma.end() if comma else end
        line = data.rfind("\n", 0, start) + 1
        stop = data.find("\n", after)
        if not data[line:start].strip() and stop >= 0 and re.fullmatch(r"[ \t]*(#[^\n]*)?\r?", data[after:stop]):
            return [Edit(line, stop + 1, "")]
        if comma:
            return [Edit(start, after, "")]
        if number:
            return [Edit(places.place(elements[number - 1])[1], end, "")]
        return [Edit(start, end, "")]

    return drop


def _beside(data: str, start: int, end: int, quote: str):  # type: ignore[no-untyped-def]
    def beside(new: str) -> list[Edit]:
        line = data.rfind("\n", 0, start) + 1
        if data[line:start].strip():
            return [Edit(end, end, f", {quote}{new}{quote}")]
        return [Edit(end, end, f",{newline_of(data)}{data[line:start]}{quote}{new}{quote}")]

    return beside
