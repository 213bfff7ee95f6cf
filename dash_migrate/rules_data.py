"""Finds and reads the rule and table files, in a checkout and in an installed wheel."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any


@cache
def rules_dir() -> Path:
    """The folder with the rule files.

    Raises:
        FileNotFoundError: the installation is broken.
    """
    here = Path(__file__).resolve().parent
    for candidate in (here / "rules", here.parent / "rules"):
        if (candidate / "tables").is_dir():
            return candidate
    raise FileNotFoundError(f"no rules folder beside {here}")


@cache
def table(name: str) -> dict[str, Any]:
    """One of ``rules/tables/*.toml``, parsed."""
    return read_toml(rules_dir() / "tables" / f"{name}.toml")


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file, parsed.

    Raises:
        tomli.TOMLDecodeError: the file is not TOML.
    """
    import tomli

    return tomli.loads(path.read_bytes().decode("utf-8"))
