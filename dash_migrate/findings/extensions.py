"""Looks up packages in ``rules/tables/extensions.toml``."""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

from dash_migrate.rules_data import table


@cache
def _rows() -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in table("extensions")["extension"]}


def extension(dotted: str) -> dict[str, Any] | None:
    """The row for a dotted name: its own, or that of a package it is in."""
    rows = _rows()
    while dotted:
        if dotted in rows:
            return rows[dotted]
        dotted = dotted.rpartition(".")[0]
    return None


@cache
def wsgi_servers() -> frozenset[str]:
    """Functions and classes that serve a WSGI app."""
    return frozenset(table("extensions")["wsgi_servers"]["names"])


@cache
def wsgi_wrappers() -> frozenset[str]:
    """Classes that make a WSGI app around others."""
    return frozenset(table("extensions")["wsgi_wrappers"]["names"])


def is_stdlib(dotted: str) -> bool:
    """Whether the callable is Python's own: it may hold or pass on the server, but has no use for it."""
    return dotted.split(".")[0] in sys.stdlib_module_names and dotted not in wsgi_servers()


def is_neutral(dotted: str) -> bool:
    """Whether the callable may be given the real app: it knows backends, or does not touch the server."""
    if is_stdlib(dotted):
        return True
    row = extension(dotted)
    return row is not None and bool(row.get("neutral") or row.get("aware"))
