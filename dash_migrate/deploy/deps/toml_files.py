"""Requirements in TOML: pyproject.toml in all its dialects, and Pipfile."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from dash_migrate.deploy.deps.model import Requirement, beside_in_list
from dash_migrate.deploy.deps.pep508 import normal, split
from dash_migrate.deploy.texts import Edit, Text, newline_of
from dash_migrate.deploy.toml import NotToml, TomlKey, TomlString, TomlTable, scan

Path = tuple[str, ...]

#: lists that install nothing themselves
_FORCED = ("constraint-dependencies", "override-dependencies")


def _is_list(keys: Path) -> bool:
    """Whether a list under these keys holds requirement strings."""
    match keys:
        case ("project", "dependencies") | ("project", "optional-dependencies", _) | ("dependency-groups", _):
            return True
        case ("tool", "pdm", "dev-dependencies", _) | ("tool", "uv", "dev-dependencies"):
            return True
        case ("tool", "uv", name) if name in _FORCED:
            return True
        case ("tool", "hatch", "envs", _, "dependencies" | "extra-dependencies"):
            return True
        case ("build-system", _):
            return False
    return False


def _is_table(keys: Path) -> bool:
    """Whether a table under these keys has packages for keys."""
    match keys:
        case ("tool", "poetry", "dependencies" | "dev-dependencies"):
            return True
        case ("tool", "poetry", "group", _, "dependencies"):
            return True
        case ("packages",) | ("dev-packages",):
            return True
    return False


def _is_on_top(keys: Path) -> bool:
    """Whether what stands under these keys is installed together with the project's own dependencies."""
    match keys:
        case ("project", "optional-dependencies", _) | ("dependency-groups", _) | ("dev-packages", *_):
            return True
        case ("tool", "pdm" | "uv", "dev-dependencies", *_) | ("tool", "hatch", "envs", *_):
            return True
        case ("tool", "poetry", "group" | "dev-dependencies", *_):
            return True
    return False


def read(path: str, data: str) -> Iterator[Requirement]:
    """The requirements of a pyproject.toml or Pipfile."""
    text = Text.raw(data)
    if not path.endswith("Pipfile"):
        yield from list_requirements(path, text, _is_list)
    yield from table_requirements(path, text)


def list_requirements(path: str, text: Text, wanted: Callable[[Path], bool]) -> Iterator[Requirement]:
    """Requirement strings in the lists that are wanted."""
    data = text.value
    try:
        found = scan(data)
    except NotToml:
        return
    lists = [one for one in found if isinstance(one, TomlTable) and one.kind == "list" and wanted(one.path)]
    for table in lists:
        members = [one for one in found if isinstance(one, TomlString) and one.path[:-1] == table.path]
        for number, one in enumerate(members):
            parts = split(one.text.value)
            if parts is None:
                continue
            # the scanner read the decoded text: its places are places in ``text``
            inner = _inner(text, one)
            made = Requirement(
                path=path,
                name=normal(parts.name),
                spec=parts.spec,
                extras=parts.extras,
                text=inner,
                section=f"{path} {'.'.join(table.path)}",
                parts=parts,
                marker=parts.marker,
                fixed="it is installed from a URL" if parts.url else "",
                constraint=table.path[-1] in _FORCED,
                on_top=_is_on_top(table.path),
            )
            made.drop = _list_drop(text, members, number, table)
            made.beside = beside_in_list(text, one.start, one.end, one.quote[0])
            yield made


def _inner(text: Text, one: TomlString) -> Text:
    width = len(one.quote)
    start, end = one.start + width, one.end - width
    if text.value[start:end] == one.text.value:
        part = text.part(start, end)
        quote = one.quote[0]
        escape = part.escape
        return Text(
            part.value,
            part.starts,
            part.ends,
            part.at,
            lambda new: escape(new.replace(quote, "'" if quote == '"' else '"')),
        )
    return one.text


def _list_drop(text: Text, members: list[TomlString], number: int, table: TomlTable) -> Callable[[], list[Edit]]:
    def drop() -> list[Edit]:
        data = text.value
        one = members[number]
        start, end = one.start, one.end
        comma = re.compile(r"[ \t]*,[ \t]*").match(data, end)
        line = data.rfind("\n", 0, start) + 1
        after = comma.end() if comma else end
        stop = data.find("\n", after)
        alone = not data[line:start].strip() and stop >= 0 and re.fullmatch(r"[ \t]*(#[^\n]*)?\r?", data[after:stop])
        if alone:
            return [text.edit(line, stop + 1, "")]
        if comma:
            return [text.edit(start, comma.end(), "")]
        if number:
            return [text.edit(members[number - 1].end, end, "")]
        return [text.edit(start, end, "")]

    return drop


def table_requirements(path: str, text: Text) -> Iterator[Requirement]:
    """Packages as keys: Poetry and Pipfile."""
    data = text.value
    try:
        found = scan(data)
    except NotToml:
        return
    keys = {one.path: one for one in found if isinstance(one, TomlKey)}
    strings = {one.path: one for one in found if isinstance(one, TomlString)}
    tables = {one.path: one for one in found if isinstance(one, TomlTable)}
    packages: dict[Path, None] = {}
    for key in keys:
        for cut in (len(key), len(key) - 1):
            if cut > 1 and _is_table(key[: cut - 1]):
                packages[key[:cut]] = None
                break
    for package in packages:
        made = _table_requirement(path, text, package, keys, strings, tables)
        if made is not None:
            yield made


def _table_requirement(
    path: str,
    text: Text,
    package: Path,
    keys: dict[Path, TomlKey],
    strings: dict[Path, TomlString],
    tables: dict[Path, TomlTable],
) -> Requirement | None:
    data = text.value
    key = keys.get(package)
    plain = strings.get(package)
    version = plain or strings.get((*package, "version"))
    extras_list = tables.get((*package, "extras"))
    extras = tuple(one.text.value for p, one in strings.items() if p[:-1] == (*package, "extras"))
    name = package[-1]
    if name == "python":
        return None
    section = f"{path} {'.'.join(package[:-1])}"
    # beside [project], Poetry's own table only says more about what that asks for
    on_top = _is_on_top(package[:-1]) or (package[:2] == ("tool", "poetry") and ("project", "dependencies") in tables)
    if version is None:
        fixed = "it has no version here"
        place = text.part(key.start, key.end) if key is not None else text.part(0, 0)
        return Requirement(path, normal(name), "", extras, place, section, "table", fixed=fixed, on_top=on_top)
    made = Requirement(path, normal(name), version.text.value, extras, version.text, section, "table", on_top=on_top)
    quote = version.quote[0]

    def rewrite(spec: str, wanted: tuple[str, ...]) -> list[Edit]:
        names = ", ".join(f"{quote}{e}{quote}" for e in wanted)
        if plain is not None:
            if not wanted:
                return [text.edit(plain.start, plain.end, f"{quote}{spec}{quote}")]
            new = f"{{version = {quote}{spec}{quote}, extras = [{names}]}}"
            return [text.edit(plain.start, plain.end, new)]
        edits = [text.edit(version.start, version.end, f"{quote}{spec}{quote}")] if spec != made.spec else []
        if set(wanted) != set(extras):
            if extras_list is not None:
                edits.append(text.edit(extras_list.start, extras_list.end, f"[{names}]"))
            elif package in tables:
                edits.append(text.edit(version.end, version.end, f", extras = [{names}]"))
            else:
                edits.append(text.edit(version.end, version.end, f"{newline_of(data)}extras = [{names}]"))
        return edits

    made.rewrite = rewrite

    def drop() -> list[Edit]:
        if key is None:
            return []
        line = data.rfind("\n", 0, key.start) + 1
        stop = data.find("\n", key.end)
        return [text.edit(line, len(data) if stop < 0 else stop + 1, "")]

    def beside(new: str) -> list[Edit]:
        parts = split(new)
        if key is None or parts is None:
            return []
        spec = parts.spec or "*"
        value = f"{quote}{spec}{quote}"
        if parts.extras:
            names = ", ".join(f"{quote}{e}{quote}" for e in parts.extras)
            value = f"{{version = {quote}{spec}{quote}, extras = [{names}]}}"
        stop = data.find("\n", key.end)
        stop = len(data) if stop < 0 else stop
        if data[stop - 1 : stop] == "\r":
            stop -= 1
        return [text.edit(stop, stop, f"{newline_of(data)}{parts.name} = {value}")]

    made.drop, made.beside = drop, beside
    return made
