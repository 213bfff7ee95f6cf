"""Spellings that testers came up with: what ``fix`` makes of them, twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from dash_migrate.check import check
from dash_migrate.fix import fix
from dash_migrate.writes.apply import apply

HEAD = "from dash import Dash\nfrom flask import Flask\n"


def bridged(files: dict[str, str]) -> dict[str, str]:
    """The files, put into the working directory, after ``fix``; a second run must change nothing."""
    for name, text in files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    outcome = fix(["."], ("fastapi",), strategy="bridge")
    assert not outcome.errors
    apply(outcome.changes)
    for change in outcome.changes:
        if change.path.endswith(".py"):
            compile(change.new, change.path, "exec")
    assert not fix(["."], ("fastapi",), strategy="bridge").changes
    return {name: Path(name).read_bytes().decode() for name in files}


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


#: code below ``HEAD``, and lines that must be in it afterwards
SPELLINGS: dict[str, tuple[str, tuple[str, ...]]] = {
    "server in a dict": (
        "web = Flask('w')\nsettings = {'name': 'x', 'server': web}\napp = Dash(**settings)\nserver = web\n",
        ('app = Dash(**bridge_options("fastapi", settings, named=False))',),
    ),
    "server put into a dict": (
        "web = Flask('w')\nopts = {}\nopts.update(server=web)\napp = Dash('x', **opts)\n",
        ("app = Dash('x', **bridge_options(\"fastapi\", opts))",),
    ),
    "server among keyword arguments": (
        "def make(**kwargs):\n    return Dash('x', **kwargs)\nserver = Flask('w')\napp = make(server=server)\n",
        ("    return Dash('x', **bridge_options(\"fastapi\", kwargs))",),
    ),
    "no server among keyword arguments": (
        "def make(**kwargs):\n    return Dash('x', **kwargs)\napp = make(title='t')\n",
        ("    return Dash('x', backend=flask_bridge(\"fastapi\"), **kwargs)",),
    ),
    "starred arguments": (
        "args = ('x', Flask('w'))\napp = Dash(*args)\n",
        ('app = Dash(**bridge_options("fastapi", dict(zip(("name", "server"), args))))',),
    ),
    "some of a subclass with a server": (
        "class Board(Dash):\n"
        "    def __init__(self, *a, **k):\n"
        "        super().__init__(*a, **k)\n"
        "web = Flask('w')\n"
        "one = Board('1', server=web)\n"
        "two = Board('2')\n",
        (
            "        super().__init__(*a, **k)",
            "one = Board('1', backend=flask_bridge(\"fastapi\", web))",
            "two = Board('2', backend=flask_bridge(\"fastapi\"))",
        ),
    ),
    "walrus": (
        "if (app := Dash('x')):\n    (server := app.server).secret_key = 'k'\n",
        ("    flask_of(server := app.server).secret_key = 'k'",),
    ),
    "semicolons": (
        "a = Dash('x')\ns = a.server; s.secret_key = 'k'\n",
        ("s = a.server; flask_s = flask_of(s); flask_s.secret_key = 'k'",),
    ),
    "suite on one line": (
        "app = Dash('x')\nif app: s = app.server; s.secret_key = 'k'\n",
        ("if app: s = app.server; flask_s = flask_of(s); flask_s.secret_key = 'k'",),
    ),
    "decorator below its sign": (
        "app = Dash('x')\n@(  # gate\n    app.server.before_request)\ndef gate(): ...\n",
        (
            "@(  # gate",
            "    flask_of(app).before_request)",
        ),
    ),
    "default": (
        "app = Dash('x')\nserver = app.server\ndef mount(f, srv=server):\n    srv.add_url_rule('/', 'f', f)\n",
        ("def mount(f, srv=flask_server):",),
    ),
    "default of a lambda": (
        "app = Dash('x')\nhook = lambda f, s=app.server: s.before_request(f)\n",
        ("hook = lambda f, s=flask_of(app): s.before_request(f)",),
    ),
    "list of lambdas": (
        "app = Dash('x')\nINITS = [lambda s: s.route('/')]\nfor init in INITS:\n    init(app.server)\n",
        ("    init(flask_of(app))",),
    ),
    "mixin": (
        "class Gate:\n"
        "    def protect(self):\n"
        "        self.server.before_request(print)\n"
        "class Board(Gate, Dash):\n"
        "    pass\n"
        "app = Board('x')\n",
        ("        flask_of(self).before_request(print)",),
    ),
    "dict of servers": (
        "app = Dash('x')\nservers = {'a': app.server, 'name': 'x'}\n@servers['a'].get('/x')\ndef x(): ...\n",
        ("@flask_of(servers['a']).get('/x')",),
    ),
    "dict of app and server": (
        "def make():\n"
        "    app = Dash('x')\n"
        "    return {'app': app, 'server': app.server}\n"
        "made = make()\n"
        "app = made['app']\n"
        "app.layout = 1\n"
        "made['server'].secret_key = 'k'\n",
        (
            "app.layout = 1",
            "flask_of(made['server']).secret_key = 'k'",
        ),
    ),
    "named tuple": (
        "from typing import NamedTuple\n"
        "class Parts(NamedTuple):\n"
        "    app: Dash\n"
        "    server: Flask\n"
        "def make():\n"
        "    d = Dash('x')\n"
        "    return Parts(d, server=d.server)\n"
        "parts = make()\n"
        "parts.app.layout = 1\n"
        "parts.server.secret_key = 'k'\n",
        (
            "    return Parts(d, server=d.server)",
            "parts.app.layout = 1",
            "flask_of(parts.server).secret_key = 'k'",
        ),
    ),
    "namedtuple unpacked": (
        "from collections import namedtuple\n"
        "Parts = namedtuple('Parts', 'app web')\n"
        "d = Dash('x')\n"
        "app, web = Parts(d, d.server)\n"
        "web.secret_key = 'k'\n",
        (
            "flask_web = flask_of(web)",
            "flask_web.secret_key = 'k'",
        ),
    ),
    "dataclass": (
        "from dataclasses import dataclass\n"
        "@dataclass\n"
        "class Site:\n"
        "    web: Flask\n"
        "    ui: Dash = None\n"
        "    def go(self):\n"
        "        self.web.secret_key = 'k'\n"
        "d = Dash('x')\n"
        "site = Site(d.server, ui=d)\n"
        "site.ui.layout = 1\n",
        (
            "        flask_of(self.web).secret_key = 'k'",
            "site = Site(d.server, ui=d)",
            "site.ui.layout = 1",
        ),
    ),
    "namespace": (
        "from types import SimpleNamespace\n"
        "app = Dash('x')\n"
        "ns = SimpleNamespace(app=app, server=app.server)\n"
        "ns.server.secret_key = 'k'\n",
        (
            "ns = SimpleNamespace(app=app, server=app.server)",
            "flask_of(ns.server).secret_key = 'k'",
        ),
    ),
    "hand-written WSGI app": (
        "class Site:\n"
        "    def __init__(self):\n"
        "        self.dash = Dash('x')\n"
        "    def __call__(self, environ, start_response):\n"
        "        return self.dash.server(environ, start_response)\n"
        "    def run(self): ...\n"
        "server = Site()\n"
        "server.run()\n",
        (
            "        return flask_of(self.dash)(environ, start_response)",
            "wsgi_server = Site()",
            "server = asgi_server(wsgi_server)",
            "wsgi_server.run()",
        ),
    ),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_spelling(spelling: str) -> None:
    before, wanted = SPELLINGS[spelling]
    after = bridged({"app.py": HEAD + before})["app.py"].splitlines()
    for line in wanted:
        assert line in after


def test_check_sees_lambdas_and_mixins() -> None:
    Path("app.py").write_text(
        HEAD
        + "class Gate:\n    def protect(self):\n        self.server.before_request(print)\n"
        + "class Board(Gate, Dash):\n    pass\napp = Board('x')\n"
        + "{'a': lambda s: s.route('/')}['a'](app.server)\n"
    )
    found = {(f.code, f.span.line) for f in check(["."], ("fastapi",)).findings}
    assert {("DM201", 5), ("DM301", 9)} <= found
