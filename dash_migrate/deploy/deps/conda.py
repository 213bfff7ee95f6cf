"""conda's environment.yml and recipes (meta.yaml)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dash_migrate.deploy.deps.lines import requirement_at
from dash_migrate.deploy.deps.model import Requirement, indent_of, line_drop
from dash_migrate.deploy.deps.pep508 import normal
from dash_migrate.deploy.texts import Edit, Text, newline_of

_ENTRY = re.compile(
    r"^(?P<indent>[ \t]*)-[ \t]+(?P<quote>[\"']?)(?P<entry>[^\"'#\r\n{]+?)(?P=quote)[ \t]*(?:#.*)?\r?$", re.MULTILINE
)
_SPEC = re.compile(
    r"(?P<channel>[\w.\-/]+::)?(?P<name>[A-Za-z0-9][\w.\-]*)(?P<space>[ \t]*)"
    r"(?P<spec>(?:[<>=!~]=?[ \t]*\d[\w.*+]*[ \t]*,?[ \t]*|[ \t][\d][\w.*]*|=\*)*)(?P<build>[= ][A-Za-z][\w*]*|=\d\w*)?"
)


def read(path: str, data: str) -> Iterator[Requirement]:
    """The packages an environment or a recipe asks for, those of its pip list included."""
    section = path
    pip_indent: int | None = None
    for found in _ENTRY.finditer(data):
        indent = len(found["indent"].expandtabs())
        entry = found["entry"].strip()
        if entry == "pip:":
            pip_indent = indent
            continue
        if pip_indent is not None and indent > pip_indent:
            made = _pip_entry(path, data, found)
            if made is not None:
                yield made
            continue
        pip_indent = None
        made = _entry(path, data, found, section)
        if made is not None:
            yield made


def _pip_entry(path: str, data: str, found: re.Match[str]) -> Requirement | None:
    start, end = found.span("entry")
    made = requirement_at(path, data, start, end, f"{path} pip")
    if made is None:
        return None
    line_end = found.end() - (1 if found[0].endswith("\r") else 0)
    prefix = f"{newline_of(data)}{found['indent']}- "
    quote = found["quote"]
    made.drop = lambda: [line_drop(data, start, line_end)]
    made.beside = lambda new: [Edit(line_end, line_end, f"{prefix}{quote}{new}{quote}")]
    return made


def _entry(path: str, data: str, found: re.Match[str], section: str) -> Requirement | None:
    start, end = found.span("entry")
    parts = _SPEC.fullmatch(found["entry"].strip())
    if parts is None or ":" in found["entry"].replace("::", ""):
        return None
    spec = parts["spec"].strip()
    line_end = found.end() - (1 if found[0].endswith("\r") else 0)
    made = Requirement(path, normal(parts["name"]), spec, (), Text.raw(data, start, end), section, "conda")
    newline = newline_of(data)
    spec_start = start + parts.start("spec")
    spec_stop = start + (parts.end("build") if parts["build"] else parts.end("spec"))

    def rewrite(new: str, extras: tuple[str, ...]) -> list[Edit]:
        del extras  # conda has none: their packages are asked for one by one
        return [Edit(spec_start, spec_stop, new)] if new != made.spec else []

    indent = indent_of(data, start)
    made.rewrite = rewrite
    made.drop = lambda: [line_drop(data, start, line_end)]
    made.beside = lambda new: [Edit(line_end, line_end, f"{newline}{indent}- {new}")]
    return made
