"""JSON, with comments where editors allow them: every string keeps its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from dash_migrate.deploy.argv import Argv, Item
from dash_migrate.deploy.commands import Setting
from dash_migrate.deploy.readers import Piece
from dash_migrate.deploy.texts import Text, escape_quoted, quoted

_SPACE = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/|\\\r?\n)*", re.DOTALL)
_LITERAL = re.compile(r"-?[\w.+-]+")


@dataclass
class Node:
    """A value: an object, a list, a string or another literal; places are in the text it was read from."""

    start: int
    end: int
    kind: str
    text: Text | None = None
    members: dict[str, Node] = field(default_factory=dict)
    elements: list[Node] = field(default_factory=list)

    def walk(self) -> Iterator[Node]:
        yield self
        for child in (*self.members.values(), *self.elements):
            yield from child.walk()

    @property
    def value(self) -> str:
        return self.text.value if self.text is not None else ""


class NotJson(ValueError):
    """The text is something else."""


def parse(text: Text) -> Node:
    """The value a text holds.

    Raises:
        NotJson: it holds none.
    """
    node, end = _value(text, _skip(text, 0), 0)
    if _skip(text, end) != len(text.value):
        raise NotJson
    return node


def _skip(text: Text, at: int) -> int:
    found = _SPACE.match(text.value, at)
    return found.end() if found else at


def _value(text: Text, at: int, depth: int) -> tuple[Node, int]:
    source = text.value
    if at >= len(source) or depth > 100:
        raise NotJson
    char = source[at]
    if char == '"':
        end = _string_end(source, at)
        return Node(at, end, "string", quoted(text, at + 1, end - 1)), end
    if char in "[{":
        return _container(text, at, depth)
    found = _LITERAL.match(source, at)
    if found is None:
        raise NotJson
    return Node(at, found.end(), "literal"), found.end()


def _string_end(source: str, at: int) -> int:
    end = at + 1
    while end < len(source) and source[end] != '"':
        if source[end] in "\r\n":
            raise NotJson
        end += 2 if source[end] == "\\" else 1
    if end >= len(source):
        raise NotJson
    return end + 1


def _container(text: Text, start: int, depth: int) -> tuple[Node, int]:
    source = text.value
    closing = "]" if source[start] == "[" else "}"
    node = Node(start, start, "list" if closing == "]" else "object")
    at = _skip(text, start + 1)
    while at < len(source) and source[at] != closing:
        if closing == "}":
            key, at = _value(text, at, depth + 1)
            at = _skip(text, at)
            if key.kind != "string" or not source.startswith(":", at):
                raise NotJson
            member, at = _value(text, _skip(text, at + 1), depth + 1)
            node.members[key.value] = member
        else:
            element, at = _value(text, at, depth + 1)
            node.elements.append(element)
        at = _skip(text, at)
        if source.startswith(",", at):
            at = _skip(text, at + 1)
        elif not source.startswith(closing, at):
            raise NotJson
    if at >= len(source):
        raise NotJson
    node.end = at + 1
    return node, at + 1


def list_items(text: Text) -> list[Item] | None:
    """The words of ``["a", "b"]``; None: the text is no such list."""
    try:
        node = parse(text)
    except NotJson:
        return None
    return items_of(text, node)


def items_of(text: Text, node: Node) -> list[Item] | None:
    """The words of a list of strings."""
    if node.kind != "list" or any(e.text is None for e in node.elements):
        return None
    elements = [(e.start, e.end, e.text) for e in node.elements if e.text is not None]
    separator = ", "
    if len(elements) > 1:
        between = text.value[elements[0][1] : elements[1][0]]
        separator = between if re.fullmatch(r"\s*,\s*", between) else ", "
    return Argv.of_list(text, elements, separator, lambda word: f'"{escape_quoted(word)}"').items


#: keys under which a platform finds the command that serves the app
_START = ("startCommand", "start", "cmd")


def read(data: str, setting: Setting) -> Iterator[Piece]:
    """launch.json, tasks.json, railway.json, app.json, package.json, devcontainer.json, ECS task definitions."""
    text = Text.raw(data)
    try:
        root = parse(text)
    except NotJson:
        return
    name = setting.path.rpartition("/")[2]
    local = name not in ("railway.json", "app.json") and not name.startswith("task")
    for node in root.walk():
        if node.kind != "object":
            continue
        here = replace(setting, shell=True, local=local, port=not local, env={**setting.env, **_env(node)})
        yield from _launch(text, node, here)
        words: list[Item] = []
        for key, child in node.members.items():
            if child.kind == "string" and child.text is not None and key not in ("module", "program"):
                if key in ("command", "entryPoint") and "args" in node.members:
                    continue
                yield Piece(here, child.text)
            elif child.kind == "list" and key in ("entryPoint", "entrypoint", "command"):
                words += items_of(text, child) or []
        if words:
            yield Piece(replace(here, shell=False), words=words)


def _launch(text: Text, node: Node, setting: Setting) -> Iterator[Piece]:
    """``"module": "gunicorn", "args": […]`` of an editor's launch configuration."""
    arguments = node.members.get("args")
    items = items_of(text, arguments) if arguments is not None else []
    for key in ("module", "command", "program"):
        named = node.members.get(key)
        if named is not None and named.text is not None and items is not None and arguments is not None:
            own = Argv.of_list(
                text, [(named.start, named.end, named.text)], ", ", lambda word: f'"{escape_quoted(word)}"'
            )
            yield Piece(replace(setting, shell=False, local=True), words=[*own.items, *items])


def _env(node: Node) -> dict[str, str]:
    found: Any = node.members.get("env") or node.members.get("environment")
    if found is None:
        return {}
    if found.kind == "object":
        return {k: v.value for k, v in found.members.items() if v.text is not None}
    pairs = {}
    for element in found.elements:
        name, value = element.members.get("name"), element.members.get("value")
        if name is not None and value is not None:
            pairs[name.value] = value.value
    return pairs
