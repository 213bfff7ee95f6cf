"""The rules as data: ``rules/DM*.toml``, each read when it first speaks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

from dash_migrate.model import BACKENDS, Backend, Obligation, Status
from dash_migrate.rules_data import read_toml, rules_dir


@dataclass(frozen=True)
class BackendEntry:
    """What a rule says of one backend."""

    status: Status
    #: what happens today: a loud error, a silent difference, a security hole
    today: str = ""
    #: what ``fix`` makes of it
    fix: str = ""


@dataclass(frozen=True)
class Rule:
    """One rule file."""

    code: str
    name: str
    summary: str
    why: str
    message: str
    obligation: Obligation
    backends: dict[Backend, BackendEntry]
    references: tuple[str, ...]
    path: Path
    examples: tuple[dict[str, Any], ...] = ()


@cache
def rule_paths() -> dict[str, Path]:
    """Every rule file by its code."""
    return {path.name.split("-", 1)[0]: path for path in sorted(rules_dir().glob("DM*.toml"))}


@cache
def rule(code: str) -> Rule:
    """The rule with this code.

    Raises:
        KeyError: there is none.
    """
    path = rule_paths()[code]
    data = read_toml(path)
    backends = {
        cast("Backend", name): BackendEntry(entry["status"], entry.get("today", ""), entry.get("fix", ""))
        for name, entry in data["backends"].items()
        if name in BACKENDS
    }
    return Rule(
        code=data["code"],
        name=data["name"],
        summary=data["summary"],
        why=data["why"].strip(),
        message=data["message"],
        obligation=data["obligation"],
        backends=backends,
        references=tuple(data.get("references", ())),
        path=path,
        examples=tuple(data.get("example", ())),
    )


def all_rules() -> list[Rule]:
    """Every rule, by code."""
    return [rule(code) for code in rule_paths()]
