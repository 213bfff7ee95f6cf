"""TOML: fly.toml, railway.toml, nixpacks.toml, and the task runners of pyproject.toml."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dash_migrate.deploy.commands import Setting
from dash_migrate.deploy.readers import Piece
from dash_migrate.deploy.toml import strings


def read(data: str, setting: Setting) -> Iterator[Piece]:
    """Every string that may be a command."""
    name = setting.path.rpartition("/")[2]
    platform = name in ("fly.toml", "railway.toml", "nixpacks.toml", "project.toml")
    for one in strings(data):
        if " " not in one.text.value or "dependencies" in one.path or "description" in one.path[-1:]:
            continue
        yield Piece(replace(setting, shell=True, port=platform, local=not platform), one.text)
