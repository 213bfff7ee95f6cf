"""Code for Dash 1 and 2: what Dash 3 and 4 took away is replaced."""

# ruff: noqa: E501 - files of projects stand here as they are written

from __future__ import annotations

from pathlib import Path

import pytest
from deploy_help import found, inside, moved, project

HEAD = "from dash import Dash\n"
TAIL = "app = Dash(__name__)\nserver = app.server\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("import dash_html_components as html\n", "from dash import html\n"),
        ("import dash_core_components as dcc  # core\n", "from dash import dcc  # core\n"),
        ("import dash_table\n", "from dash import dash_table\n"),
        ("import dash_table as dt\n", "from dash import dash_table as dt\n"),
        ("import dash_html_components\n", "from dash import html as dash_html_components\n"),
        ("import os, dash_table, sys\n", "import os, sys\nfrom dash import dash_table\n"),
        ("from dash_html_components import Div, H1\n", "from dash.html import Div, H1\n"),
        ("from dash_core_components import *\n", "from dash.dcc import *\n"),
        (
            "from dash_html_components import (\n    Div,  # a\n    P,\n)\n",
            "from dash.html import (\n    Div,  # a\n    P,\n)\n",
        ),
        ("from dash_table.Format import Format, Scheme\n", "from dash.dash_table.Format import Format, Scheme\n"),
        ("import dash_table.FormatTemplate as FT\n", "from dash.dash_table import FormatTemplate as FT\n"),
        (
            "try:\n    import dash_table\nexcept ImportError:\n    pass\n",
            "try:\n    from dash import dash_table\nexcept ImportError:\n    pass\n",
        ),
        ("from dash import dash_table, html\n", "from dash import dash_table, html\n"),
        ("from dash.dependencies import Input, Output, ALL\n", "from dash.dependencies import Input, Output, ALL\n"),
        (
            "def f():\n    import dash_html_components as h\n    return h.P()\n",
            "def f():\n    from dash import html as h\n    return h.P()\n",
        ),
    ],
)
def test_component_packages(tmp_path: Path, old: str, new: str) -> None:
    made = moved(tmp_path, {"layout.py": f"{HEAD}{old}x = 1\n"}, "flask")["layout.py"]
    assert made == f"{HEAD}{new}x = 1\n"


def test_files_that_only_hold_layouts_count(tmp_path: Path) -> None:
    files = {"pages/home.py": "import dash_html_components as html\r\n\r\nlayout = html.Div()\r\n"}
    assert moved(tmp_path, files)["pages/home.py"] == "from dash import html\r\n\r\nlayout = html.Div()\r\n"


def test_long_callbacks(tmp_path: Path) -> None:
    old = """\
import diskcache
from dash import Dash, Input, Output, html
from dash.long_callback import DiskcacheLongCallbackManager

manager = DiskcacheLongCallbackManager(diskcache.Cache("./cache"))
app = Dash(__name__, long_callback_manager=manager)
app.layout = html.Div(id="a")


@app.long_callback(
    Output("a", "children"),
    Input("a", "title"),
    prevent_initial_call=True,
)
def show(title):
    return title
"""
    made = moved(tmp_path, {"app.py": old}, "flask")["app.py"]
    assert "from dash import DiskcacheManager\n" in made
    assert 'manager = DiskcacheManager(diskcache.Cache("./cache"))\n' in made
    assert "app = Dash(__name__, background_callback_manager=manager)\n" in made
    assert "@app.callback(\n" in made
    assert "    prevent_initial_call=True,\n    background=True,\n)" in made


def test_jupyter_dash(tmp_path: Path) -> None:
    old = 'from jupyter_dash import JupyterDash\napp = JupyterDash("x")\napp.run_server(mode="inline")\n'
    made = moved(tmp_path, {"app.py": old}, "flask")["app.py"]
    assert made == 'from dash import Dash\napp = Dash("x")\napp.run(jupyter_mode="inline")\n'


def test_lost_properties(tmp_path: Path) -> None:
    old = f'{HEAD}from dash import dcc, html\n{TAIL}app.layout = html.Div([dcc.Input(id="a", loading_state={{}}, value=1)])\nother(loading_state=1)\n'
    made = moved(tmp_path, {"app.py": old}, "flask")["app.py"]
    assert 'dcc.Input(id="a", value=1)' in made
    assert "other(loading_state=1)" in made


def test_what_cannot_be_replaced_is_said(tmp_path: Path) -> None:
    files = {"app.py": f"{HEAD}from dash import dcc\n{TAIL}app.layout = dcc.LogoutButton(logout_url='/x')\n"}
    findings = found(tmp_path, files, "flask")
    assert [(f.code, f.strategy) for f in findings] == [("DM721", None)]


def test_a_module_of_the_project_is_not_dash(tmp_path: Path) -> None:
    files = {"view.py": "from dash import html\nfrom mine import dash_table\nimport tools.dash_table\n"}
    assert moved(tmp_path, files, "flask") == files


def test_nothing_in_strings_and_comments(tmp_path: Path) -> None:
    files = {"app.py": f'{HEAD}# import dash_table\nx = "import dash_html_components"\n{TAIL}'}
    assert moved(tmp_path, files, "flask") == files


def test_the_majors_that_a_person_must_look_at_are_left(tmp_path: Path) -> None:
    from dash_migrate.fix import fix

    project(tmp_path, {"requirements.txt": "dash==2.14.2\n"})
    with inside(tmp_path):
        outcome = fix([Path(".")], ("fastapi",))
    assert [f.code for f in outcome.report.findings if f.code.startswith("DM70")] == ["DM706"]
