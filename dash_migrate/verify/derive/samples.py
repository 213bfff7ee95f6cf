"""Values to ask with: those that the code compares with, and some that it will not expect."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from dash_migrate.facts.reads import Read
from dash_migrate.verify.derive.known import Known, Rule

#: values for parts of a path, by the name of Werkzeug's converter
_OF_CONVERTER: Mapping[str, tuple[str, ...]] = {
    "IntegerConverter": ("1", "2", "0", "99999", "x"),
    "FloatConverter": ("1.5", "0.0", "x"),
    "UUIDConverter": ("11111111-2222-3333-4444-555555555555", "x"),
}
_BY_NAME: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"mail", re.IGNORECASE), "sample@example.org"),
    (re.compile(r"date|day|since|until|^from$|^to$", re.IGNORECASE), "2024-01-31"),
    (re.compile(r"count|num|limit|page|size|year|amount|^n$|^i$|_id$|^id$|age$|qty", re.IGNORECASE), "3"),
    (re.compile(r"url|next|back", re.IGNORECASE), "/sample"),
    (re.compile(r"colou?r", re.IGNORECASE), "red"),
    (re.compile(r"lang|locale", re.IGNORECASE), "de"),
)
SAMPLE = "sample"
MOST_VALUES = 5
MOST_PATHS = 8
MOST_WORDS = 14
MOST_VARIATIONS = 10
_ARGUMENT = re.compile(r"<(?:[^:<>]*:)?([A-Za-z_]\w*)>")


def values_of(read: Read) -> list[str]:
    """What to send for something that is read by name: what it is compared with, a sample, something unfit."""
    found = list(read.values)
    found += [key for key, _ in read.entries]
    if read.type in ("int", "float"):
        found += ["3", "x"]
    else:
        name = read.key or ""
        found += [next((value for pattern, value in _BY_NAME if pattern.search(name)), SAMPLE)]
        if found[-1] == "3":
            found.append("x")
    return list(dict.fromkeys(value for value in found if _can_be_sent(value)))[:MOST_VALUES]


def _can_be_sent(value: str) -> bool:
    return value.isprintable() and len(value) < 400


def variations(values: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """All keys with their first values; each further value of each key; each key left out; nothing at all."""
    if not values:
        return []
    first = {key: some[0] for key, some in values.items() if some}
    found = [first]
    for key, some in values.items():
        found += [{**first, key: value} for value in some[1:]]
    found += [{k: v for k, v in first.items() if k != key} for key in first]
    unique: list[dict[str, str]] = []
    for one in found:
        if one not in unique and one:
            unique.append(one)
    return unique[:MOST_VARIATIONS]


def by_key(reads: Iterable[Read], *kinds: str) -> dict[str, list[str]]:
    """The values to send by name, of everything read from one of these places."""
    return {read.key: values_of(read) for read in reads if read.kind in kinds and read.key}


def paths_of(rule: Rule, known: Known) -> list[str]:
    """The paths to ask a rule with, percent-encoded, the most telling first."""
    names = _ARGUMENT.findall(rule.rule)
    if not names:
        return [rule.rule]
    choices = [list(_argument(name, rule, known)) for name in names]
    found = []
    firsts = [some[0] for some in choices]
    combinations: Iterator[Sequence[str]] = itertools.chain(
        [firsts],
        *([[*firsts[:at], value, *firsts[at + 1 :]] for value in some[1:]] for at, some in enumerate(choices)),
    )
    for combination in combinations:
        given = dict(zip(names, combination, strict=True))
        found.append(_ARGUMENT.sub(lambda match, given=given: quote(given[match[1]], safe="/:@"), rule.rule))  # type: ignore[misc]
    return list(dict.fromkeys(found))[:MOST_PATHS]


def more_paths_of(rule: Rule, known: Known) -> list[str]:
    """Further paths, for a rule that takes none of the usual ones: names from the project's tables."""
    names = _ARGUMENT.findall(rule.rule)
    words = [word for word in known.words if re.fullmatch(r"[\w.-]{1,40}", word)][:MOST_WORDS]
    firsts = {name: next(_argument(name, rule, known)) for name in names}
    found = []
    for name in names if len(names) < 4 else ():
        for word in words:
            given = {**firsts, name: word}
            found.append(_ARGUMENT.sub(lambda match, given=given: quote(given[match[1]], safe="/:@"), rule.rule))  # type: ignore[misc]
    return list(dict.fromkeys(found))


def _argument(name: str, rule: Rule, known: Known) -> Iterator[str]:
    read = rule.parameters.get(name)
    converter = rule.arguments.get(name, "UnicodeConverter")
    compared = list(read.values) if read is not None else []
    if converter in _OF_CONVERTER:
        numbers = [w for w in [*compared, *rule.words] if re.fullmatch(r"-?\d+(\.\d+)?", w)]
        yield from dict.fromkeys([*numbers[:3], *_OF_CONVERTER[converter]])
        return
    found = [value for value in compared if value]
    if converter == "PathConverter" or re.search(r"file|path|name|asset|doc", name, re.IGNORECASE):
        found += _file_names(known, rule)
    plain = [w for w in rule.words if re.fullmatch(r"[\w.-]+", w)]
    found += plain[:3]
    found += [SAMPLE, "1"]
    usable = [value for value in dict.fromkeys(found) if "/" not in value or converter == "PathConverter"]
    yield from usable[:6] or [SAMPLE]


def _file_names(known: Known, rule: Rule) -> list[str]:
    """Names of data files, relative to the folders that the view names."""
    folders = [word.strip("/") for word in rule.words]
    found = []
    for path in known.data:
        parts = path.split("/")
        for at in range(len(parts)):
            if at == 0 or parts[at - 1] in folders:
                found.append("/".join(parts[at:]))
        found.append(parts[-1])
    named = [one for one in found if any(path.endswith(f"{folder}/{one}") for folder in folders for path in known.data)]
    return list(dict.fromkeys([*named, *found]))[:4]


def typed(read: Read | None, value: str) -> Any:
    """A value for a JSON body: a number where one is expected."""
    if read is not None and read.type in ("int", "float") and re.fullmatch(r"-?\d+", value):
        return int(value)
    return int(value) if re.fullmatch(r"\d{1,9}", value) else value
