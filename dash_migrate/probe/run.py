"""Runs probes: every row, every backend, several at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from dash_migrate.features import Cell
from dash_migrate.model import BACKENDS, Backend
from dash_migrate.probe.fixed import FixedLab, NotAsked
from dash_migrate.probe.lab import Lab, reason
from dash_migrate.probe.rows import load, no
from dash_migrate.probe.venvs import has_backends
from dash_migrate.verify.boot import BootError

Row = dict[Backend, Cell]


def run_one(lab: Lab, name: str, backend: Backend) -> Cell:
    """What a probe sees; an app that does not boot is a "no" with the reason.

    Raises:
        KeyError: there is no such probe.
    """
    if backend != "flask" and not has_backends(lab.version):
        return no("there are no backends in this version")
    probe = load()[name]
    try:
        return probe(lab, backend)
    except BootError as error:
        lab.kept[f"{name} on {backend}"] = str(error)
        return no(reason(error))


def run_fixed(lab: Lab, name: str, target: Backend) -> Cell | None:
    """What a probe sees of its Flask app after ``fix`` has moved it; None where Flask has no such question."""
    moved = FixedLab(lab.interpreter, lab.version, lab.timeout, lab.kept, target=target)
    try:
        cell = load()[name](moved, "flask")
        return cell if cell.status != "n/a" else None
    except NotAsked:
        return None
    except BootError as error:
        lab.kept[f"{name} fixed for {target}"] = str(error)
        return no(reason(error))


def run_all(
    lab: Lab,
    names: Iterable[str],
    backends: Iterable[Backend] = BACKENDS,
    jobs: int = 2,
    on_cell: Callable[[str, Backend, Cell], None] | None = None,
    fixed: bool = False,
) -> dict[str, Row]:
    """All cells of one Dash version.

    Args:
        jobs: how many apps run at the same time. Probes that measure time run alone afterwards.
        on_cell: told each cell as it comes.
        fixed: run what ``fix`` makes of the Flask apps instead, on the backends that need it.
    """
    chosen = [(name, backend) for name in names for backend in backends]
    timed = [one for one in chosen if "parallel" in one[0]]
    found: dict[str, Row] = {name: {} for name, _ in chosen}

    def run(one: tuple[str, Backend]) -> None:
        name, backend = one
        cell = run_fixed(lab, name, backend) if fixed else run_one(lab, name, backend)
        if cell is None:
            return
        found[name][backend] = cell
        if on_cell is not None:
            on_cell(name, backend, cell)

    with ThreadPoolExecutor(max(1, jobs)) as pool:
        list(pool.map(run, [one for one in chosen if one not in timed]))
    for one in timed:
        run(one)
    return found
