"""The literal lists in setup.py: ``install_requires``, ``extras_require``, and names that hold them."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from dash_migrate.deploy.deps.model import Requirement, beside_in_list
from dash_migrate.deploy.deps.pep508 import normal, split
from dash_migrate.deploy.texts import Edit, Text, quoted
from dash_migrate.files.errors import NO_CODE
from dash_migrate.syntax.segments import TextMap


def read(path: str, data: str) -> Iterator[Requirement]:
    """The requirement strings in lists of the file."""
    try:
        tree = ast.parse(data)
    except NO_CODE:
        return
    places = TextMap(data)
    extras = {id(n) for k in ast.walk(tree) if isinstance(k, ast.keyword) for n in _extras(k)}
    for node in ast.walk(tree):
        if isinstance(node, (ast.List, ast.Tuple)):
            yield from _list(path, data, places, node, extras)


def _extras(keyword: ast.keyword) -> Iterator[ast.AST]:
    """What stands in the value of ``extras_require`` or ``tests_require``."""
    if keyword.arg in ("extras_require", "tests_require", "setup_requires"):
        yield from ast.walk(keyword.value)


def _list(path: str, data: str, places: TextMap, node: ast.List | ast.Tuple, extras: set[int]) -> Iterator[Requirement]:
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
        made.beside = beside_in_list(host, start, end, quote)
        made.on_top = id(node) in extras
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
