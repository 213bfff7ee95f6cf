"""``python -m dash_migrate.probe --dash 4.4.1,4.5.0rc2``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from dash_migrate.features import Cell, features, version_key
from dash_migrate.model import BACKENDS, Backend
from dash_migrate.probe.lab import Lab
from dash_migrate.probe.rows import load
from dash_migrate.probe.run import run_all
from dash_migrate.probe.venvs import VenvError, installed, interpreter
from dash_migrate.probe.writing import rewritten
from dash_migrate.rules_data import rules_dir

#: from which Dash on fix moves apps to a backend
FLOORS: dict[Backend, str] = {"fastapi": "4.4", "quart": "4.2"}


def main(arguments: list[str] | None = None) -> int:
    """Probe, and rewrite the observed cells. Returns 0, or 1 if ``--check`` found other cells than the table's."""
    options = _parser().parse_args(arguments)
    names = options.rows or [one.id for one in features()]
    unknown = [name for name in names if name not in load()]
    if unknown:
        print(f"no probe for {', '.join(unknown)}", file=sys.stderr)
        return 2
    seen: dict[str, dict[str, dict[Backend, Cell]]] = {name: {} for name in names}
    fixed: dict[str, dict[str, dict[Backend, Cell]]] = {name: {} for name in names}
    for version, python in _interpreters(options):
        print(f"Dash {version}: {len(names)} rows on {python}", file=sys.stderr)
        lab = Lab(python, version)

        def told(name: str, backend: Backend, cell: Cell, version: str = version) -> None:
            print(f"{version:9} {name:28} {backend:8} {cell.status:7} {cell.seen}", flush=True)

        chosen = options.backends or BACKENDS
        if not options.only_fixed:
            for name, row in run_all(lab, names, chosen, options.jobs, told).items():
                seen[name][version] = row
        moved = [b for b in chosen if b in FLOORS and version_key(version) >= version_key(FLOORS[b])]
        for name, row in run_all(lab, names, moved, options.jobs, told, fixed=True).items():
            fixed[name][version] = row
        if options.verbose:
            for where, text in lab.kept.items():
                print(f"--- {where}\n{text}", file=sys.stderr)
    path = rules_dir() / "tables" / "features.toml"
    before = path.read_text(encoding="utf-8")
    after = rewritten(before, seen, fixed)
    if before == after:
        print("The table says the same.", file=sys.stderr)
        return 0
    if options.check:
        print("The table says something else; run without --check to rewrite it.", file=sys.stderr)
        return 1
    path.write_text(after, encoding="utf-8")
    print(f"{path} rewritten.", file=sys.stderr)
    return 0


def _interpreters(options: argparse.Namespace) -> list[tuple[str, str]]:
    if options.python:
        version = installed(options.python)
        if version is None:
            sys.exit(f"{options.python} has no Dash")
        return [(version, options.python)]
    found = []
    for version in options.dash.split(","):
        try:
            found.append((version, interpreter(options.venvs, version)))
        except VenvError as error:
            sys.exit(str(error))
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dash_migrate.probe", description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--dash", metavar="VERSIONS", help="versions of Dash, comma-separated; each gets an environment")
    what.add_argument("--python", metavar="EXE", help="an interpreter that has everything, instead")
    default = Path.home() / ".cache" / "dash-migrate" / "probe"
    parser.add_argument("--venvs", type=Path, default=default, metavar="DIR", help=f"environments (default {default})")
    parser.add_argument("--row", action="append", dest="rows", metavar="ID", help="only these rows")
    parser.add_argument("--backend", action="append", dest="backends", choices=BACKENDS, help="only these backends")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="apps at the same time (default 2)")
    parser.add_argument("--only-fixed", action="store_true", help="only what is seen after fix")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the table says something else")
    parser.add_argument("--verbose", action="store_true", help="show why apps did not boot")
    return parser


if __name__ == "__main__":
    sys.exit(main())
