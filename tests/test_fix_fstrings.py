"""What is put into an f-string has other quotes than the string: before Python 3.12 they would end it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from deploy_help import inside

from dash_migrate.fix import fix

APP = """\
from dash import Dash, html
from flask import request

app = Dash(__name__)
app.layout = html.Div()


@app.server.route("/who")
def who():
    return {string}
"""


@pytest.mark.parametrize("quote", ["'", '"', "'" * 3, '"' * 3])
@pytest.mark.parametrize("target", ["fastapi", "quart"])
def test_quotes_in_f_strings(tmp_path: Path, quote: str, target: str) -> None:
    string = f"f{quote}{{request.path!r:>9}} {{request.user_agent.string}} {{request.headers['a']}}{quote}"
    (tmp_path / "app.py").write_text(APP.replace("{string}", string.replace("['a']", "[NAME]") + "  # kept"))
    with inside(tmp_path):
        outcome = fix(["."], (target,))  # type: ignore[arg-type]
    assert not outcome.errors
    (new,) = (change.new.decode() for change in outcome.changes if change.path == "app.py")
    (returned,) = (line for line in new.splitlines() if line.lstrip().startswith("return"))
    ast.parse(new, feature_version=(3, 10))
    inner = returned.partition(f"f{quote}")[2].rpartition(quote)[0]
    assert len(quote) > 1 or quote not in inner
    assert "request.user_agent.string" not in returned or target == "quart"
