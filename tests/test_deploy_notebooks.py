"""Notebooks, templates, tests and documents."""

from __future__ import annotations

import json
from pathlib import Path

from deploy_help import found, moved, one

BOOK = {
    "cells": [
        {"cell_type": "markdown", "metadata": {}, "source": ["# run_server\n"]},
        {
            "cell_type": "code",
            "execution_count": 3,
            "metadata": {},
            "outputs": [{"text": ["app.run_server()"]}],
            "source": [
                "%matplotlib inline\n",
                "!pip install jupyter_dash\n",
                "from jupyter_dash import JupyterDash\n",
                "import dash_html_components as html\n",
                'app = JupyterDash("\u00fc")\n',
            ],
        },
        {
            "cell_type": "code",
            "metadata": {},
            "source": "app.run_server(mode='inline', height=400)  # \"go\"\nserver.run_server()",
        },
    ],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}


def test_cells_are_changed_and_nothing_else(tmp_path: Path) -> None:
    old = json.dumps(BOOK, indent=1, ensure_ascii=True) + "\n"
    made = one(tmp_path, "book.ipynb", old)
    new = (
        old.replace('"from jupyter_dash import JupyterDash\\n"', '"from dash import Dash\\n"')
        .replace("pip install jupyter_dash", "pip install dash")
        .replace('"import dash_html_components as html\\n"', '"from dash import html\\n"')
        .replace("app = JupyterDash(", "app = Dash(")
        .replace("app.run_server(mode='inline', height=400)", "app.run(jupyter_mode='inline', jupyter_height=400)")
    )
    assert made == new
    json.loads(made)


def test_places_name_cell_and_line(tmp_path: Path) -> None:
    findings = found(tmp_path, {"book.ipynb": json.dumps(BOOK, indent=1)})
    assert {f.code for f in findings} == {"DM730"}
    assert any("cell 3, line 1" in f.message for f in findings)
    assert all(f.obligation == "required" for f in findings)


def test_a_notebook_alone(tmp_path: Path) -> None:
    old = json.dumps(BOOK)
    made = moved(tmp_path, {"app.py": "x = 1\n", "book.ipynb": old})
    assert "app.run(jupyter_mode" in made["book.ipynb"]


def test_what_a_notebook_alone_installs(tmp_path: Path) -> None:
    cells = [
        "!pip install jupyter-dash dash==1.20 pandas\\nfrom jupyter_dash import JupyterDash as JD\\n",
        "import dash_html_components as html, dash_core_components as dcc\\napp = JD(__name__)",
        "JD.infer_jupyter_proxy_config()",
    ]
    book = '{"cells": [' + ", ".join('{"cell_type": "code", "source": "' + c + '"}' for c in cells) + "]}\n"
    files = {"app.py": "x = 1\n", "book.ipynb": book, "requirements.txt": "jupyter-dash\ndash<2\n"}
    made = moved(tmp_path, files)
    assert made["requirements.txt"] == "dash>=4.2,<5\n"
    assert [c["source"] for c in json.loads(made["book.ipynb"])["cells"]] == [
        "!pip install dash==4.4.1 pandas\nfrom dash import Dash as JD\n",
        "from dash import html, dcc\napp = JD(__name__)",
        "from dash import jupyter_dash; jupyter_dash.infer_jupyter_proxy_config()",
    ]


def test_a_broken_notebook_is_left(tmp_path: Path) -> None:
    text = '{"cells": ["import dash", run_server'
    assert one(tmp_path, "book.ipynb", text) == text


def test_templates_are_reported(tmp_path: Path) -> None:
    text = "from dash import Dash\napp = Dash({{ name }})\nserver = app.server\n"
    files = {"{{cookiecutter.name}}/app.py.jinja2": text, "templates/page.html": "<p>from dash import</p>"}
    findings = found(tmp_path, files)
    assert [(f.code, f.obligation) for f in findings] == [("DM731", "potential")]


def test_patched_names_are_reported(tmp_path: Path) -> None:
    text = """\
from unittest import mock
import flask
from app import app

def test_x():
    with mock.patch("flask.request"):
        app.server
"""
    findings = found(tmp_path, {"test_app.py": text})
    assert [(f.code, f.obligation, f.span.line) for f in findings] == [("DM740", "potential", 6)]


def test_documents_that_show_run_server(tmp_path: Path) -> None:
    findings = found(tmp_path, {"README.md": "```python\napp.run_server(debug=True)\n```\n"})
    assert [(f.code, f.obligation) for f in findings] == [("DM741", "optional")]
