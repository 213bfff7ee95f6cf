"""What the table says Dash asks of backends, against the installed Dash."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dash_migrate.check import check
from dash_migrate.findings.backend_surface import members
from dash_migrate.fix import fix
from dash_migrate.probe.surface import CLASSES, surface
from dash_migrate.rules_data import table
from dash_migrate.writes.apply import apply


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


HALF = """\
from dash import Dash, html
from dash.backends.base_server import BaseDashServer


class Half(BaseDashServer):
    # comments stay

    @staticmethod
    def create_app(name="__main__", config=None):
        return object()


app = Dash(__name__, backend=Half)
"""


def test_a_skeleton_has_all_that_dash_asks_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("app.py").write_text(HALF, encoding="utf-8")
    before = {f.code for f in check(["."], ("fastapi",)).findings}
    assert {"DM801", "DM804"} <= before
    assert fix(["."], ("fastapi",)).changes == []
    outcome = fix(["."], ("fastapi",), with_skeleton=True)
    apply(outcome.changes)
    assert fix(["."], ("fastapi",), with_skeleton=True).changes == []
    left = [f.code for f in outcome.report.findings if f.obligation == "required"]
    assert set(left) == {"DM904"}
    text = Path("app.py").read_text(encoding="utf-8")
    assert "# comments stay" in text
    made: dict[str, Any] = {}
    exec(compile(text.split("app = ")[0], "app.py", "exec"), made)
    assert made["Half"](None).request_adapter()  # nothing abstract is left
    with pytest.raises(NotImplementedError):
        made["Half"](None).jsonify({})
