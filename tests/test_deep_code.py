"""Code so deeply nested that Python's parser gives up, with a MemoryError, and code that is nearly so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from deploy_help import APP, inside, project

from dash_migrate.check import check
from dash_migrate.fix import fix

DEEP = {"too deep": "-" * 10_000 + "1", "deep": "a" + ".b" * 2_000}


def _notebook(code: str) -> str:
    source = ["import dash\n", "app = dash.Dash()\n", "app.run_server()\n", code]
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


PLACES = {
    "lib.py": "def add(app):\n    app.server.route('/')\n{}\n",
    "page.py": "from app import server\n{}\nserver.route('/x')(print)\n",
    "setup.py": "import setuptools\nsetuptools.setup(install_requires=['dash'])\n{}\n",
    "start.py": "import subprocess\nsubprocess.run(['gunicorn', 'app:server'])\n{}\n",
    "serve.py": "import waitress\nfrom app import server\nwaitress.serve(server)\n{}\n",
    "gunicorn.conf.py": "workers = 4\n{}\n",
    "Procfile": "web: gunicorn 'app:{}'\n",
}


@pytest.mark.parametrize("deep", DEEP)
@pytest.mark.parametrize("name", [*PLACES, "app.py", "book.ipynb"])
def test_it_costs_at_most_its_file(tmp_path: Path, name: str, deep: str) -> None:
    code = DEEP[deep]
    text = _notebook(code) if name == "book.ipynb" else PLACES.get(name, APP + "\n{}\n").format(code)
    with inside(project(tmp_path, {name: text})):
        assert check(["."], ("fastapi", "quart")).read
        assert fix(["."], ("fastapi",)).report.read
    with inside(project(tmp_path / "alone", {name: text})):
        Path("app.py").write_text("x = 1\n", encoding="utf-8")
        Path("requirements.txt").write_text("dash\n", encoding="utf-8")
        assert check(["."], ("fastapi", "quart")).read
