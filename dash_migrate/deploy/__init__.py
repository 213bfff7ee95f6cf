"""The project around the Python code: dependencies, start commands, hosts, notebooks, docs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dash_migrate.model import Backend, Finding
    from dash_migrate.project import Loaded

#: passes after which the files must have come to rest
PASSES = 3


def findings(loaded: Loaded, targets: tuple[Backend, ...]) -> list[Finding]:
    """What the files around the code lack for the targets; nothing where the project makes no Dash app."""
    if not loaded.facts.apps and not loaded.selection.notebooks:
        return []
    from dash_migrate.deploy.judge import findings as judged

    return judged(loaded, targets)


def import_roots(loaded: Loaded) -> list[tuple[str, str]]:
    """The files that start commands load, each with the folder its module name starts from."""
    from dash_migrate.deploy.starts import Starts
    from dash_migrate.deploy.workspace import Workspace

    found = []
    for start in Starts(Workspace(loaded, loaded.contents), lambda app: "fastapi").found:
        if start.target is not None and start.target.path:
            stem = start.target.path.removesuffix(".py").removesuffix("/__init__")
            tail = start.target.module.removesuffix(".py").replace(".", "/")
            if f"/{stem}".endswith(f"/{tail}"):
                found.append((start.target.path, stem[: -len(tail)].rstrip("/")))
    return found


def changes(loaded: Loaded, targets: tuple[Backend, ...], state: Loaded) -> dict[str, bytes]:
    """New contents for the files around the code, by path, repeated until nothing changes.

    They are left in ``state.contents`` too, so that ``findings`` of the state sees them.

    Args:
        loaded: the project as it was.
        targets: the backend it moves to; several: those it can run on, the first by default.
        state: the project after the rewrite of its code.
    """
    if not loaded.facts.apps and not loaded.selection.notebooks:
        return {}
    from dash_migrate.deploy.judge import changes as made

    found: dict[str, bytes] = {}
    for _ in range(PASSES):
        new = made(loaded, targets, state)
        if not new:
            break
        found.update(new)
        state.contents.update(new)
    return found


def lasting(before: list[Finding], state: Loaded, after: list[Finding]) -> list[Finding]:
    """What a person has to look at although ``fix`` leaves no trace of it.

    That is the majors of Dash that were crossed, and commands that serve Flask only where others can be chosen.
    """
    known = {(f.path, f.code) for f in after}
    return [
        *(f for f in before if f.code == "DM706" and (f.path, f.code) not in known),
        *state.memo.get("flask only", ()),
    ]
