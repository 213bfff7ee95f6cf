"""The probes by the ids of their rows in ``features.toml``."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from dash_migrate.features import Cell
from dash_migrate.model import Backend
from dash_migrate.probe.lab import Lab

Probe = Callable[[Lab, Backend], Cell]

PROBES: dict[str, Probe] = {}
MODULES = ("callbacks", "gates", "places", "requests", "servers", "start", "surfaces", "websockets")


def probe(name: str) -> Callable[[Probe], Probe]:
    """Register the probe of a row."""

    def register(function: Probe) -> Probe:
        assert name not in PROBES, name
        PROBES[name] = function
        return function

    return register


def load() -> dict[str, Probe]:
    """All probes, imported."""
    for name in MODULES:
        import_module(f"{__name__}.{name}")
    return PROBES


def yes(seen: str) -> Cell:
    return Cell("yes", seen)


def partly(seen: str) -> Cell:
    return Cell("partly", seen)


def no(seen: str) -> Cell:
    return Cell("no", seen)


def moot(seen: str) -> Cell:
    """The question does not arise on this backend."""
    return Cell("n/a", seen)
