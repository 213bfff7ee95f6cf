"""YAML: compose files, platform manifests, Kubernetes, CI. Scalars keep their places, whatever their style."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any

from dash_migrate.deploy.argv import Argv, Item
from dash_migrate.deploy.commands import Setting
from dash_migrate.deploy.readers import Piece
from dash_migrate.deploy.texts import Text, escape_quoted, quoted

#: key → how its value is run: shell, split (into words, no shell); platform: with $PORT
_KEYS: dict[str, str] = {
    "command": "split",
    "entrypoint": "split",
    "args": "split",
    "test": "shell",
    "run": "ci",
    "script": "ci",
    "before_script": "ci",
    "after_script": "ci",
    "cmds": "ci",
    "startCommand": "platform",
    "start_command": "platform",
    "run_command": "platform",
    "start": "platform",
    "startup-command": "platform",
    "web": "platform",
}
_VARIABLES = ("environment", "env", "envVars", "variables", "env_variables")


class NotYaml(ValueError):
    """The text is something else."""


@lru_cache(maxsize=64)
def compose(data: str) -> list[Any]:
    """The documents of a YAML file, as nodes with their places; each file is parsed once.

    Raises:
        NotYaml: it cannot be parsed.
    """
    import yaml

    if "{{" in data or "{%" in data:
        data = _without_templates(data)
    # libyaml is ten times faster; places are the same, but for a byte order mark that it does not count
    loader = yaml.SafeLoader if "\ufeff" in data else getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return [node for node in yaml.compose_all(data, Loader=loader) if node is not None]
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise NotYaml(str(error)) from None


def _without_templates(data: str) -> str:
    """The file with the expressions of a template made harmless, in the same places."""
    lines = []
    for line in data.splitlines(keepends=True):
        if re.match(r"\s*(?:-\s*)?\{\{[^}]*\}\}\s*$|\s*\{%.*%\}\s*$", line):
            line = re.sub(r"[^\r\n]", " ", line)
        lines.append(re.sub(r"\{\{.*?\}\}", lambda m: re.sub(r"[^\w.]", "_", m[0]), line))
    return "".join(lines)


def read(data: str, setting: Setting) -> Iterator[Piece]:
    """The commands of a YAML file; none if it cannot be parsed."""
    try:
        documents = compose(data)
    except NotYaml:
        return
    name = setting.path.rpartition("/")[2]
    if "/.github/" in f"/{setting.path}" or name in (
        ".gitlab-ci.yml",
        "azure-pipelines.yml",
        "bitbucket-pipelines.yml",
    ):
        setting = replace(setting, local=True)
    for document in documents:
        yield from _walk(data, document, setting, name, 0, Counter())


#: how often what an anchor names is looked at: aliases of aliases of aliases are more than anybody can read
_OFTEN = 50


def _walk(data: str, node: Any, setting: Setting, file: str, depth: int, looks: Counter[int]) -> Iterator[Piece]:
    looks[id(node)] += 1
    if depth > 60 or looks[id(node)] > _OFTEN:
        return
    if node.id == "sequence":
        for child in node.value:
            yield from _walk(data, child, setting, file, depth + 1, looks)
        return
    if node.id != "mapping":
        return
    members = {key.value: value for key, value in node.value if key.id == "scalar"}
    setting = replace(setting, env={**setting.env, **_env(members)}, folders=_folders(members, setting))
    words: list[Item] = []
    for key in ("entrypoint", "command", "args"):
        child = members.get(key)
        items = _list(data, child) if child is not None and child.id == "sequence" else None
        if items:
            words += items
    if words:
        yield Piece(replace(setting, shell=False), words=words)
    for key, child in members.items():
        how = _KEYS.get(key, "")
        if key == "entrypoint" and file.startswith("app"):
            how = "platform"
        if child.id == "scalar" and isinstance(child.value, str):
            if how or " " in child.value:
                yield _piece(data, child, setting, how or "ci")
        elif child.id == "sequence" and how in ("ci", "platform", "shell"):
            for element in child.value:
                if element.id == "scalar":
                    yield _piece(data, element, setting, how)
        yield from _walk(data, child, setting, file, depth + 1, looks)


def _piece(data: str, node: Any, setting: Setting, how: str) -> Piece:
    text = scalar(data, node)
    if how == "split":
        return Piece(replace(setting, shell=False), text, split_only=True)
    platform = how == "platform"
    return Piece(replace(setting, shell=True, port=setting.port or platform, local=setting.local or how == "ci"), text)


def _env(members: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key in _VARIABLES:
        node = members.get(key)
        if node is None:
            continue
        if node.id == "mapping":
            found.update((k.value, v.value) for k, v in node.value if v.id == "scalar" and k.id == "scalar")
        elif node.id == "sequence":
            for element in node.value:
                if element.id == "scalar" and "=" in element.value:
                    name, _, value = element.value.partition("=")
                    found[name] = value
                elif element.id == "mapping":
                    pair = {k.value: v.value for k, v in element.value if v.id == "scalar"}
                    name = pair.get("name") or pair.get("key")
                    if name and "value" in pair:
                        found[name] = pair["value"]
    return found


def _folders(members: dict[str, Any], setting: Setting) -> tuple[str, ...]:
    from dash_migrate.files.layout import join

    found: list[str] = []
    for key in ("working_dir", "working-directory", "workingDir", "rootDir", "root", "context", "build"):
        node = members.get(key)
        if node is None or node.id != "scalar" or not isinstance(node.value, str):
            continue
        name = node.value.rstrip("/")
        if name.startswith("/"):
            name = name.rpartition("/")[2]
        for folder in setting.folders:
            found += [join(folder, name), name] if name else []
    return tuple(dict.fromkeys([*found, *setting.folders]))


def _list(data: str, node: Any) -> list[Item] | None:
    """The words of a sequence of scalars, in whichever style."""
    if any(child.id != "scalar" for child in node.value) or not node.value:
        return None
    host = Text.raw(data)
    elements = []
    for child in node.value:
        text = scalar(data, child)
        elements.append((child.start_mark.index, _scalar_end(data, child), text))
    first = node.value[0]
    style = first.style
    flow = bool(node.flow_style)
    if flow:
        separator = ", "
        if len(elements) > 1:
            between = data[elements[0][1] : elements[1][0]]
            separator = between if re.fullmatch(r"\s*,\s*", between) else ", "
    else:
        separator = "\n" + " " * (first.start_mark.column - 2) + "- "
        if "\r\n" in data:
            separator = "\r" + separator

    def render(word: str) -> str:
        if style == '"':
            return f'"{escape_quoted(word)}"'
        if style == "'":
            return "'" + word.replace("'", "''") + "'"
        plain = re.fullmatch(r"(?:\d+\.){3}\d+|[A-Za-z_./$-][\w./:$={}-]*", word)
        if plain and not (flow and re.search(r"[{}]", word)):
            return word if not re.fullmatch(r"(?i)y|n|yes|no|on|off|true|false|null", word) else f'"{word}"'
        return f'"{escape_quoted(word)}"'

    return Argv.of_list(host, elements, separator, render).items


def _scalar_end(data: str, node: Any) -> int:
    end: int = node.end_mark.index
    if node.style in (None, ""):
        while end > node.start_mark.index and data[end - 1] in " \t\r\n":
            end -= 1
    return end


def scalar(data: str, node: Any) -> Text:
    """The contents of a scalar, each character with its place in the file."""
    start, end = node.start_mark.index, _scalar_end(data, node)
    host = Text.raw(data)
    if node.style == '"':
        return _folded(quoted(host, start + 1, end - 1, loose=True))
    if node.style == "'":
        value: list[str] = []
        origin: list[tuple[int, int]] = []
        at = start + 1
        while at < end - 1:
            width = 2 if data.startswith("''", at) else 1
            value.append(data[at])
            origin.append((at, at + width))
            at += width
        return _folded(host.decoded("".join(value), origin, lambda new: new.replace("'", "''")))
    if node.style in ("|", ">"):
        return _block(data, start, end, node.style == ">")
    return _folded(Text.raw(data, start, end))


def _folded(text: Text) -> Text:
    """A flow scalar: a line break with what surrounds it is one space."""
    if "\n" not in text.value:
        return text
    value: list[str] = []
    origin: list[tuple[int, int]] = []
    at = 0
    for found in re.finditer(r"[ \t]*\r?\n\s*", text.value):
        for n in range(at, found.start()):
            value.append(text.value[n])
            origin.append((n, n + 1))
        value.append(" ")
        origin.append((found.start(), found.end()))
        at = found.end()
    for n in range(at, len(text.value)):
        value.append(text.value[n])
        origin.append((n, n + 1))
    return text.decoded("".join(value), origin, lambda new: new)


def _block(data: str, start: int, end: int, folded: bool) -> Text:
    """A block scalar: its indentation is not part of it; in a folded one most line breaks are spaces."""
    host = Text.raw(data)
    body = data.find("\n", start, end) + 1
    if not body:
        return Text.raw(data, end, end)
    lines = data[body:end].splitlines(keepends=True)
    indent = min((len(row) - len(row.lstrip(" ")) for row in lines if row.strip()), default=0)
    value: list[str] = []
    origin: list[tuple[int, int]] = []
    at = body
    for number, line in enumerate(lines):
        stripped = line.rstrip("\r\n")
        for n in range(at + min(indent, len(stripped)), at + len(stripped)):
            value.append(data[n])
            origin.append((n, n + 1))
        if number < len(lines) - 1:
            following = lines[number + 1]
            joins = folded and stripped.strip() and following.strip() and not following[indent : indent + 1].isspace()
            value.append(" " if joins else "\n")
            origin.append((at + len(stripped), at + len(line)))
        at += len(line)
    return host.decoded("".join(value), origin, lambda new: new)
