"""The rules as data: ``rules/DM*.toml``, each read when it first speaks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

from dash_migrate.model import BACKENDS, Backend, Obligation, Status
from dash_migrate.rules_data import read_toml, rules_dir

#: the families, by what their codes begin with
FAMILIES = {
    "DM1": "Starting and constructing",
    "DM2": "Hooks and error handlers",
    "DM3": "Routes, blueprints, views",
    "DM4": "Request context",
    "DM5": "Server surface",
    "DM6": "Extensions",
    "DM7": "Dependencies, deployment, and what Dash removed",
    "DM8": "Custom backends and Dash subclasses",
    "DM9": "The tool itself",
}


@dataclass(frozen=True)
class BackendEntry:
    """What a rule says of one backend."""

    status: Status
    #: what happens today: a loud error, a silent difference, a security hole
    today: str = ""
    #: what ``fix`` makes of it
    fix: str = ""


@dataclass(frozen=True)
class ExampleFile:
    """One file of an example, and what ``fix`` makes of it."""

    path: str
    before: str
    #: by backend, where it is not as before
    after: dict[Backend, str]

    def on(self, backend: Backend) -> str:
        """The file once it is on a backend."""
        return self.after.get(backend, self.before)


@dataclass(frozen=True)
class Example:
    """A small project that the rule speaks of; a quiet one only looks as if."""

    files: tuple[ExampleFile, ...]
    title: str = ""
    quiet: bool = False
    #: the text of each place in its one file that the rule reports, where the example is of that
    found: tuple[str, ...] = ()
    #: what ``fix`` is asked for; with ``rewrite`` the rule speaks after it
    strategy: str = "auto"

    def is_changed(self, backend: Backend) -> bool:
        """Whether ``fix`` changes a file of it on the way to a backend."""
        return any(file.on(backend) != file.before for file in self.files)


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
    examples: tuple[Example, ...] = ()

    @property
    def family(self) -> str:
        """What its code begins with: ``DM2``."""
        return self.code[:3]


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
        examples=tuple(_example(block) for block in data.get("example", ())),
    )


def _example(block: dict[str, Any]) -> Example:
    blocks = [block] if "before" in block else []
    blocks += block.get("file", [])
    files = tuple(
        ExampleFile(one.get("path", "app.py"), one["before"], {b: one[b] for b in BACKENDS if b in one})
        for one in blocks
    )
    return Example(
        files,
        block.get("title", ""),
        block.get("quiet", False),
        tuple(block.get("found", ())),
        block.get("strategy", "auto"),
    )


def all_rules() -> list[Rule]:
    """Every rule, by code."""
    return [rule(code) for code in rule_paths()]
