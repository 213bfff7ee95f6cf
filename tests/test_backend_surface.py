"""What the table says Dash asks of backends, against the installed Dash."""

from __future__ import annotations

from typing import Any

import pytest

from dash_migrate.findings.backend_surface import members
from dash_migrate.probe.surface import CLASSES, surface
from dash_migrate.rules_data import table


@pytest.fixture(scope="module")
def seen() -> dict[str, Any]:
    return surface()


@pytest.mark.parametrize("cls", CLASSES)
def test_the_table_has_what_dash_has(cls: str, seen: dict[str, Any]) -> None:
    versions = table("backend_surface")["versions"]
    version = seen["dash"] if seen["dash"] in versions else versions[-1]
    said = {
        name: (row.kind, row.signature, row.required, row.is_async, row.calls)
        for name, variants in members(cls).items()
        for row in variants
        if not row.only or version in row.only
    }
    found = {
        name: (
            row["kind"],
            row["signature"],
            row.get("required", False),
            row.get("is_async", False),
            tuple(row.get("calls", ())),
        )
        for name, row in seen["classes"][cls].items()
    }
    assert said == found


#: constructors that Dash refuses, with what it raises (DM801, DM806, DM807)
REFUSED = {
    "backend='tornado'": "KeyError",
    "backend=True": "ValueError",
    "backend=FlaskDashServer(Flask('x'))": "ValueError",
    "backend=Half": "TypeError",
    "backend=Own, server=Flask('x')": "TypeError",
    "backend=FlaskDashServer, server=Flask('x')": "TypeError",
    "backend='quart', server=Flask('x')": "ValueError",
}


@pytest.mark.parametrize("arguments", REFUSED)
def test_dash_refuses_what_is_reported(arguments: str) -> None:
    from dash import Dash
    from dash.backends._flask import FlaskDashServer
    from dash.backends.base_server import BaseDashServer
    from flask import Flask

    class Own(FlaskDashServer):
        pass

    class Half(BaseDashServer):  # type: ignore[type-arg]
        @staticmethod
        def create_app(name: str = "__main__", config: Any = None) -> Any:
            return Flask(name)

    with pytest.raises((KeyError, TypeError, ValueError)) as raised:
        eval(f"Dash('x', {arguments})", {"Dash": Dash, "Flask": Flask, "FlaskDashServer": FlaskDashServer, **locals()})
    assert raised.type.__name__ == REFUSED[arguments]
