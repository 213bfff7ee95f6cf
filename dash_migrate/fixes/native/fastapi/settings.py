"""Settings of Flask that the native server does not know."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from dash_migrate.facts.scopes import FileIndex
from dash_migrate.fixes.native.work import Work
from dash_migrate.rules_data import table


def decline_settings(work: Work) -> None:
    """Decline an app that gives one of these settings something else than what it is anyway."""
    rows = table("native_fastapi")["server"]
    when_off = frozenset(rows["declined_when_off"])
    names = when_off | frozenset(rows["declined_settings"])
    for path in work.files:
        file = work.facts.project.files[path]
        for name, value in _given(file, names):
            is_usual = isinstance(value, ast.Constant) and bool(value.value) == (name in when_off)
            if not is_usual:
                work.decline(file, value, f"`{name}` has no counterpart")


def _given(file: FileIndex, names: frozenset[str]) -> Iterator[tuple[str, ast.expr]]:
    """What settings are given: by subscript, as keywords, in dictionaries that are passed on, as variables."""
    for target, value, _ in file.item_stores:
        if isinstance(target.slice, ast.Constant) and target.slice.value in names:
            yield str(target.slice.value), value
    for call, _ in file.calls:
        for keyword in call.keywords:
            if keyword.arg in names:
                yield str(keyword.arg), keyword.value
        for argument in call.args:
            if isinstance(argument, ast.Dict):
                for key, value in zip(argument.keys, argument.values, strict=True):
                    if isinstance(key, ast.Constant) and key.value in names:
                        yield str(key.value), value
    for scope in file.scopes:
        for name in names & scope.bindings.keys():
            for binding in scope.bindings[name]:
                if binding.value is not None:
                    yield name, binding.value
