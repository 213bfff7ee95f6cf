"""The generated package: which of its modules an app needs, and its ``__init__``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from dash_migrate.fixes.imports import import_statement
from dash_migrate.rules_data import table

RUNTIME = Path(__file__).resolve().parent.parent.parent / "runtime"

_RELATIVE = re.compile(r"^\s*from \.(\w*) import (.+)$", re.MULTILINE)


def emit(package: str, rows: str, names: set[str], modules: Iterable[str] = ()) -> dict[str, bytes]:
    """The files of a generated package, by name.

    Args:
        package: the package's name.
        rows: the table with its exports.
        names: what the app imports from it.
        modules: modules of it that the app imports.
    """
    data = table(rows)
    shared: dict[str, Any] = data.get("shared", {"modules": []})
    exports: dict[str, list[str]] = data["exports"]
    names = {name.split(" as ")[0] for name in names}
    parts = {**sources(package), **{module: sources(shared["package"])[module] for module in shared["modules"]}}
    modules = {*modules, *(name for name in names if name in parts)}
    wanted = set(data["base"]["modules"]) | {m for m, given in exports.items() if names & set(given)} | set(modules)
    done: set[str] = set()
    while wanted - done:
        module = sorted(wanted - done)[0]
        done.add(module)
        wanted |= {m for m in _imports(parts[module]) if m in parts}
    files = {f"{module}.py": parts[module] for module in sorted(done)}
    files["run.py"] = sources("dash_flask_bridge")["run"]
    text = sources(package)["__init__"].decode()
    files["__init__.py"] = _init(text, {m: given for m, given in exports.items() if m in done}).encode()
    return files


@cache
def sources(package: str) -> dict[str, bytes]:
    """The modules of a package that is put into projects, by name."""
    return {path.stem: path.read_bytes() for path in sorted((RUNTIME / package).glob("*.py"))}


@cache
def _imports(source: bytes) -> frozenset[str]:
    """The modules of its own package that a module imports."""
    found: set[str] = set()
    for match in _RELATIVE.finditer(source.decode()):
        found |= {match[1]} if match[1] else {name.strip() for name in match[2].split(",")}
    return frozenset(found)


def _init(text: str, exports: dict[str, list[str]]) -> str:
    """The docstring of the package, then what its modules give."""
    docstring = text[: text.index('"""', 3) + 4]
    lines = [import_statement(f".{module}", sorted(exports[module]), "\n") for module in sorted(exports)]
    every = sorted(name for names in exports.values() for name in names)
    listed = "".join(f'    "{name}",\n' for name in every)
    return docstring + "\n" + "".join(lines) + "\n__all__ = [\n" + listed + "]\n"
