"""Version constraints: whether they guarantee a version, and what they become in their own style."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Dialect = Literal["pep440", "poetry", "conda"]

_CLAUSE = re.compile(r"(?P<op>===|==|~=|!=|<=|>=|<|>|\^|~|=)?(?P<space>\s*)(?P<version>[\w.*+!-]+)")


@dataclass(frozen=True)
class Wanted:
    """The versions a migrated app needs."""

    #: the lowest that works
    floor: str
    #: a release that has been tried: what exact pins become
    tested: str
    #: leave what admits the floor, even where it admits less
    only_pins: bool = False


def numbers(version: str) -> tuple[int, ...]:
    """The numbers of a release, up to whatever is none."""
    found = []
    for part in version.split("."):
        match = re.match(r"\d+", part)
        if match is None:
            break
        found.append(int(match[0]))
        if match.end() != len(part):
            break
    return tuple(found)


def below(one: str, other: str) -> bool:
    """Whether a version is lower than another."""
    a, b = numbers(one), numbers(other)
    width = max(len(a), len(b))
    return a + (0,) * (width - len(a)) < b + (0,) * (width - len(b))


def clauses(spec: str, dialect: Dialect = "pep440") -> list[tuple[str, str]]:
    """The (operator, version) pairs of a constraint; Poetry's and conda's bare versions are ``==`` and ``=``."""
    found = []
    spec = spec.strip().strip("()")
    for part in re.split(r"\s*[,|]+\s*|\s+(?=[<>=!~^])", spec):
        if not part or part == "*":
            continue
        match = _CLAUSE.fullmatch(part.strip())
        if match is None:
            return []
        op = match["op"] or ("=" if dialect == "conda" else "==")
        found.append((op, match["version"]))
    return found


def guarantees(spec: str, floor: str, dialect: Dialect = "pep440") -> bool:
    """Whether every version the constraint admits is at least ``floor``."""
    return any(
        op in ("==", "===", ">=", "~=", "^", "~", ">", "=") and not below(version.rstrip(".*") or "0", floor)
        for op, version in clauses(spec, dialect)
    )


def admits(spec: str, floor: str, dialect: Dialect = "pep440") -> bool:
    """Whether the constraint admits some version from ``floor`` on (bare lower bounds do)."""
    for op, version in clauses(spec, dialect):
        release = version.rstrip(".*")
        if op in ("<", "<="):
            if not below(floor, release) and not (op == "<=" and release == floor):
                return False
        elif op in ("==", "===", "="):
            if below(release, floor) and not _prefix(version, floor, op):
                return False
        elif op in ("^", "~=", "~") and not below(floor, _ceiling(op, release)):
            return False
    return True


def _prefix(version: str, floor: str, op: str) -> bool:
    wild = version.endswith("*") or op == "="
    return wild and numbers(floor)[: len(numbers(version.rstrip(".*")))] == numbers(version.rstrip(".*"))


def _ceiling(op: str, release: str) -> str:
    parts = numbers(release) or (0,)
    if op == "^":
        lead = next((n for n, p in enumerate(parts) if p), len(parts) - 1)
        return ".".join(map(str, [*parts[:lead], parts[lead] + 1]))
    if op == "~":
        keep = parts[:2]
        return ".".join(map(str, [*keep[:-1], keep[-1] + 1]))
    keep = parts[:-1] or parts
    return ".".join(map(str, [*keep[:-1], keep[-1] + 1]))


def raised(spec: str, wanted: Wanted, dialect: Dialect = "pep440") -> str:
    """The constraint, raised so that it guarantees the floor; as it is if it does.

    Operators, their order, spaces and the number of places stay as far as they can.
    """
    if spec.startswith("(") and spec.endswith(")"):
        return f"({raised(spec[1:-1], wanted, dialect)})"
    if guarantees(spec, wanted.floor, dialect):
        return spec
    if wanted.only_pins and admits(spec, wanted.floor, dialect):
        return spec
    known = clauses(spec, dialect)
    if not known:
        return f">={wanted.floor}"
    if any(op == "!=" for op, _ in known):
        spec, known = _without_exclusions(spec, known, wanted.floor)
        if not known:
            return f">={wanted.floor}"
    if len(known) == 1 and known[0][0] in ("<", "<=", "!="):
        return f">={wanted.floor}" + _upper(known[0], wanted)
    parts = []
    done = False
    for found in _CLAUSE.finditer(spec):
        op = found["op"] or ""
        new = _clause(op, found["version"], wanted, dialect)
        if op in ("<", "<="):
            new = _upper((op, found["version"]), wanted).lstrip(",") or None
        elif op not in ("!=",):
            done = True
        if new is None:
            continue
        parts.append(_spaced(new, found["space"]))
    if not done:
        parts.insert(0, f">={wanted.floor}")
    joint = re.search(r"\s*,\s*", spec)
    return (joint[0] if joint else ",").join(parts)


def _spaced(clause: str, space: str) -> str:
    found = re.match(r"[<>=!~^]+", clause)
    return clause[: found.end()] + space + clause[found.end() :] if found and space else clause


def _without_exclusions(spec: str, known: list[tuple[str, str]], floor: str) -> tuple[str, list[tuple[str, str]]]:
    kept = [(op, v) for op, v in known if op != "!=" or not below(v.rstrip(".*"), floor)]
    if len(kept) == len(known):
        return spec, known
    return ",".join(f"{op}{v}" for op, v in kept) or "*", kept


def _clause(op: str, version: str, wanted: Wanted, dialect: Dialect) -> str | None:
    if op == ">":
        return f">={wanted.floor}"
    if op in (">=",):
        return f">={_places(wanted.floor, version)}"
    if op in ("^", "~"):
        return f"{op}{_places(wanted.floor, version) if op == '^' else _same_places(wanted, version)}"
    if op == "~=":
        return f"~={_same_places(wanted, version)}"
    wild = version.endswith("*")
    count = len(numbers(version.rstrip(".*")))
    if dialect == "conda" and op == "=":
        return f"={wanted.tested}" if count > 2 else f"={'.'.join(wanted.tested.split('.')[:2])}"
    if wild:
        if count > 1:
            return f"{op}{'.'.join(wanted.tested.split('.')[:2])}.*"
        return f"^{wanted.floor}" if dialect == "poetry" and not op else f"~={_two(wanted.floor)}"
    return f"{op}{wanted.tested}"


def _two(version: str) -> str:
    return version if "." in version else f"{version}.0"


def _same_places(wanted: Wanted, old: str) -> str:
    """For ``~=2.14.1``, which admits patch releases only: a tested release; for ``~=2.14``: the floor."""
    return wanted.tested if len(numbers(old)) > 2 else _two(wanted.floor)


def _places(floor: str, old: str) -> str:
    """The floor with as many places as the old version had."""
    missing = len(numbers(old)) - len(numbers(floor))
    return floor + ".0" * missing if missing > 0 and re.fullmatch(r"[\d.]+", floor) else floor


def _upper(clause: tuple[str, str], wanted: Wanted) -> str:
    """An upper bound that leaves room for the floor: the old one if it does, else the next major."""
    op, version = clause
    if op == "!=":
        return ""
    if below(wanted.floor, version):
        return f",{op}{version}"
    major = (numbers(wanted.tested) or (0,))[0] + 1
    places = len(numbers(version))
    return f",<{major}" + (".0" * (places - 1))
