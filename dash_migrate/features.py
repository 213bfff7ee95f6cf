"""The feature table: what each backend does with each feature of Dash, version by version, as observed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, cast

from dash_migrate.model import BACKENDS, Backend, VersionError
from dash_migrate.rules_data import table

CellStatus = Literal["yes", "partly", "no", "n/a"]
"""``yes``: as on Flask, or as it is meant; ``partly``: with a difference one must know; ``n/a``: no such question."""


@dataclass(frozen=True)
class Cell:
    """What a probe saw of a feature on one backend and one Dash version."""

    status: CellStatus
    seen: str


@dataclass(frozen=True)
class Claim:
    """What the documents this project started from say of a feature, from a Dash version on."""

    status: str
    since: str


@dataclass(frozen=True)
class Feature:
    """One row.

    ``decides`` says in a sentence why it matters to a migration, ``notes`` what to do per backend; ``essential``:
    an app that uses it is not the same without; ``fixed`` holds what was seen on a backend after ``fix`` had moved an
    app there that uses the feature on Flask.
    """

    id: str
    title: str
    group: str
    decides: str
    notes: Mapping[str, str]
    claims: Mapping[Backend, Claim]
    observed: Mapping[str, Mapping[Backend, Cell]]
    essential: bool = False
    fixed: Mapping[str, Mapping[Backend, Cell]] = field(default_factory=dict)

    def version(self, asked: str | None = None) -> str:
        """The probed version that answers for an asked one: itself, else the newest of it, else the one before."""
        return nearest(asked, list(self.observed))

    def cell(self, backend: Backend, asked: str | None = None) -> Cell:
        """What was observed on a backend; the newest probed version if none is asked for."""
        return self.observed[self.version(asked)][backend]

    def after_fix(self, backend: Backend, asked: str | None = None) -> Cell | None:
        """What was observed on a backend after ``fix``, None where that was not probed."""
        known = [version for version, cells in self.fixed.items() if backend in cells]
        return self.fixed[nearest(asked, known)][backend] if known else None

    def kept(self, backend: Backend, asked: str | None = None) -> bool:
        """Whether ``fix`` was seen to keep what Flask does, or to bring more."""
        cell = self.after_fix(backend, asked)
        return cell is not None and cell.status in ("yes", self.cell("flask", asked).status)

    def refuted(self, backend: Backend, asked: str | None = None) -> bool:
        """Whether what is claimed is not what was observed."""
        claim = self.claims.get(backend)
        version = self.version(asked)
        if claim is None or version_key(version) < version_key(claim.since):
            return False
        return not agrees(claim.status, self.observed[version][backend].status)

    def changes(self, backend: Backend) -> Iterator[tuple[str, Cell]]:
        """The versions from which on another status was observed, the oldest first."""
        last = None
        for version in sorted(self.observed, key=version_key):
            cell = self.observed[version][backend]
            if cell.status != last:
                last = cell.status
                yield version, cell


def agrees(claimed: str, observed: str) -> bool:
    """Whether a claim (yes, no, partial, n/a) fits what was observed."""
    return {"yes": observed == "yes", "no": observed == "no", "partial": observed == "partly"}.get(
        claimed, observed in ("n/a", "no")
    )


def version_key(version: str) -> tuple[tuple[int, ...], int, int]:
    """Orders version numbers; a release candidate comes before its release."""
    match = re.match(r"(\d+(?:\.\d+)*)(?:(?:a|b|rc|\.dev)(\d+))?", version)
    if match is None:
        return (), 0, 0
    numbers = tuple(int(part) for part in match[1].split("."))
    return (*numbers, *([0] * (3 - len(numbers)))), 1 if match[2] is None else 0, int(match[2] or 0)


def nearest(asked: str | None, known: list[str]) -> str:
    """Of the known versions the one that speaks for an asked one; the newest release if none is asked for.

    Raises:
        VersionError: what is asked for is no version number.
    """
    ordered = sorted(known, key=version_key)
    if asked is None:
        return _released(ordered)
    if not re.fullmatch(r"\d+(\.\d+)*((a|b|rc|\.dev)\d+)?", asked):
        raise VersionError(f"{asked!r} is not a version of Dash")
    if asked in known:
        return asked
    same = [one for one in ordered if one.startswith(asked + ".")]
    if same:
        return _released(same)
    before = [one for one in ordered if version_key(one) <= version_key(asked)]
    return before[-1] if before else ordered[0]


def _released(ordered: list[str]) -> str:
    """The last that is no candidate, or the last."""
    return next((one for one in reversed(ordered) if version_key(one)[1]), ordered[-1])


@cache
def features() -> tuple[Feature, ...]:
    """Every row of ``rules/tables/features.toml``, in the order of the file."""
    return tuple(_feature(one) for one in table("features")["feature"])


@cache
def feature(name: str) -> Feature:
    """The row with this id.

    Raises:
        KeyError: there is none.
    """
    for one in features():
        if one.id == name:
            return one
    raise KeyError(name)


@cache
def versions() -> tuple[str, ...]:
    """The probed versions of Dash, oldest first."""
    found = {version for one in features() for version in one.observed}
    return tuple(sorted(found, key=version_key))


def _feature(data: Mapping[str, Any]) -> Feature:
    claims: dict[Backend, Claim] = {}
    for backend in BACKENDS:
        said = data.get("claimed", {}).get(backend)
        if said is not None:
            since = data["claimed"].get(f"{backend}_since", data["claimed"]["since"])
            claims[backend] = Claim(said, since)
    return Feature(
        id=data["id"],
        title=data["title"],
        group=data["group"],
        decides=data.get("decides", ""),
        notes=dict(data.get("note", {})),
        claims=claims,
        observed=_cells(data.get("observed", {})),
        essential=data.get("essential", False),
        fixed=_cells(data.get("fixed", {})),
    )


def _cells(data: Mapping[str, Any]) -> dict[str, dict[Backend, Cell]]:
    return {
        version: {
            backend: Cell(cast("CellStatus", cells[backend]["is"]), cells[backend]["seen"])
            for backend in BACKENDS
            if backend in cells
        }
        for version, cells in data.items()
    }
