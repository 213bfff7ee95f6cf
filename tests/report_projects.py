"""Small projects to report on, and the report of one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from dash_migrate.compat.build import build
from dash_migrate.compat.model import CompatReport
from dash_migrate.model import BACKENDS

HEAD = "from dash import Dash, Input, Output, dcc, html\n"
LAYOUT = 'app.layout = html.Div([dcc.Input(id="i"), html.Div(id="o")])\n'
CALLBACK = '\n@app.callback(Output("o", "children"), Input("i", "value"))\ndef show(value):\n    return value\n'
RUN = '\nif __name__ == "__main__":\n    app.run(debug=True)\n'

PROJECTS: Mapping[str, Mapping[str, str]] = {
    "nothing": {"app.py": "print(1)\n"},
    "clean": {"app.py": HEAD + "app = Dash(__name__)\n" + LAYOUT + CALLBACK + RUN, "requirements.txt": "dash>=4.2\n"},
    "undeclared": {"app.py": HEAD + "app = Dash(__name__)\n" + LAYOUT + CALLBACK + RUN},
    "old": {
        "app.py": HEAD
        + "app = Dash(__name__)\nserver = app.server\n"
        + LAYOUT
        + CALLBACK
        + '\nif __name__ == "__main__":\n    app.run_server(debug=True, host="0.0.0.0", port=8080)\n',
        "requirements.txt": "dash==2.14.0\ngunicorn\n",
        "Procfile": "web: gunicorn app:server --workers 2\n",
        "Dockerfile": "FROM python:3.11\nCOPY . /app\nWORKDIR /app\nRUN pip install -r requirements.txt\n"
        'CMD ["gunicorn", "-b", "0.0.0.0:8000", "app:server"]\n',
    },
    "gate": {
        "app.py": "from flask import redirect, request, session\n"
        + HEAD
        + 'app = Dash(__name__)\nserver = app.server\nserver.secret_key = "x"\n'
        + '\n@server.before_request\ndef gate():\n    if "user" not in session and request.path != "/login":\n'
        + '        return redirect("/login")\n'
        + '\n@server.route("/login", methods=["GET", "POST"])\ndef login():\n    session["user"] = "me"\n'
        + '    return "ok"\n'
        + LAYOUT
        + CALLBACK
        + RUN,
        "requirements.txt": "dash>=4.2\n",
    },
    "extension": {
        "app.py": "from flask import Flask\nfrom flask_admin import Admin\n"
        + HEAD
        + "server = Flask(__name__)\nadmin = Admin(server)\napp = Dash(__name__, server=server)\n"
        + '\n@server.route("/api/items")\ndef items():\n    return {"n": 1}\n'
        + LAYOUT
        + CALLBACK
        + RUN,
        "requirements.txt": "dash>=4.2\nflask-admin\n",
    },
    "custom": {
        "app.py": "from dash.backends.base_server import BaseDashServer\n"
        + HEAD
        + "class Mine(BaseDashServer):\n    pass\n\napp = Dash(__name__, backend=Mine)\n"
        + LAYOUT
        + CALLBACK,
        "requirements.txt": "dash>=4.4\n",
    },
    "already": {
        "app.py": HEAD
        + 'app = Dash(__name__, backend="fastapi")\nserver = app.server\n'
        + '\n@server.get("/healthz")\ndef healthz():\n    return {"ok": True}\n'
        + LAYOUT
        + CALLBACK
        + RUN,
        "requirements.txt": "dash[fastapi]>=4.4\nuvicorn\n",
        "Procfile": "web: uvicorn app:server --port 8000\n",
    },
    "async": {
        "app.py": "import asyncio\nimport time\n"
        + HEAD
        + "app = Dash(__name__)\n"
        + LAYOUT
        + '\n@app.callback(Output("o", "children"), Input("i", "value"))\nasync def fine(value):\n'
        + "    await asyncio.sleep(1)\n    return value\n"
        + '\n@app.callback(Output("p", "children"), Input("i", "value"))\nasync def late(value):\n'
        + "    time.sleep(2)\n    return value\n"
        + '\n@app.callback(Output("q", "children"), Input("i", "value"))\ndef slow(value):\n    time.sleep(5)\n'
        + "    return value\n"
        + '\n@app.callback(Output("r", "children"), Input("i", "value"))\ndef runs(value):\n'
        + "    return asyncio.run(fetch(value))\n\nasync def fetch(value):\n    return value\n",
        "requirements.txt": "dash[async]>=4.2\n",
    },
    "sockets": {
        "app.py": "from dash import ctx\n"
        + HEAD
        + 'app = Dash(__name__, backend="quart", websocket_callbacks=True)\n'
        + LAYOUT
        + '\n@app.callback(Output("o", "children"), Input("i", "value"), websocket=True)\nasync def show(value):\n'
        + "    return str(ctx.websocket)\n"
        + '\n@app.callback(Output("p", "children"), Input("i", "value"), persistent=True)\nasync def forever(value):\n'
        + "    return value\n",
        "requirements.txt": "dash[quart]>=4.3\n",
    },
    "mcp": {
        "app.py": HEAD + "app = Dash(__name__, enable_mcp=True)\n" + LAYOUT + CALLBACK,
        "requirements.txt": "dash==4.4.1\n",
    },
    "hooked": {
        "app.py": "from dash import hooks\n"
        + HEAD
        + "app = Dash(__name__)\n"
        + LAYOUT
        + CALLBACK
        + '\n@hooks.route("status")\ndef status():\n    return "<b>up</b>"\n',
        "requirements.txt": "dash>=4.4\n",
    },
    "left": {
        "app.py": HEAD
        + "app = Dash(__name__)\nserver = app.server\n"
        + "\n@server.before_first_request\ndef warm_up():\n    print(1)\n"
        + "\nprint(getattr(server, input()))\n"
        + LAYOUT
        + CALLBACK,
        "broken.py": "from app import server\n\n\nserver.route('/x'\n",
        "notes.ipynb": '{"cells": [{"cell_type": "code", "source": ["from dash import Dash\\n", "app = Dash()"],'
        ' "metadata": {}, "outputs": [], "execution_count": null}], "metadata": {}, "nbformat": 4,'
        ' "nbformat_minor": 5}\n',
        "requirements.txt": "dash>=4.2\n",
    },
}


def write_project(folder: Path, files: Mapping[str, str]) -> None:
    """Write a project's files."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def report_on_project(folder: Path, files: Mapping[str, str], dash_version: str | None = "4.4.1") -> CompatReport:
    """The report of a project, seen from its own folder."""
    write_project(folder, files)
    before = Path.cwd()
    os.chdir(folder)
    try:
        return build(["."], BACKENDS, dash_version)
    finally:
        os.chdir(before)
