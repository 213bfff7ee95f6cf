"""Callbacks are found however they are declared, and what they wait for is found however it is reached."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from dash_migrate.facts.callbacks import Callback, callbacks_of
from dash_migrate.project import load
from dash_migrate.rules_data import table


def callbacks(tmp_path: Path, **files: str) -> dict[str, Callback]:
    for name, text in files.items():
        path = tmp_path / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    loaded = load([tmp_path], tmp_path)
    assert not loaded.errors
    return {c.name: c for c in callbacks_of(loaded.facts.project, loaded.selection.files)}


HEAD = """
from dash import Dash, Input, Output, State, callback, clientside_callback, dcc, html
import dash
app = Dash(__name__)
"""


def body(tmp_path: Path, *lines: str, imports: str = "") -> Callback:
    """One callback with this body."""
    text = "\n".join(["    " + line for line in lines])
    source = f'{imports}\n{HEAD}\n@callback(Output("o", "x"), Input("i", "y"))\ndef cb(v):\n{text}\n'
    return callbacks(tmp_path, app=source)["cb"]


def test_every_way_to_declare_one(tmp_path: Path) -> None:
    found = callbacks(
        tmp_path,
        app=HEAD
        + """
import dash as d
cb = d.callback

@app.callback(Output("a", "children"), Input("i", "value"), State("s", "data"))
def one(v, s): ...

@callback([Output("b", "children"), Output("b2", "children")], [Input("i", "value")], prevent_initial_call=True)
async def two(v): ...

@d.callback(output=dict(x=Output("c", "children")), inputs={"n": Input("i", "n_clicks")}, background=True)
def three(n): ...

def four(v): ...
app.callback(Output("d", "children"), Input("i", "value"))(four)

app.clientside_callback("function(v) { return v; }", Output("e", "children"), Input("i", "value"))
clientside_callback("function(v) { return v; }", Output("f", "children"), Input("i", "value"))

@dash.callback(Output("g", "children"), Input("i", "value"), websocket=True, persistent=True)
async def five(v): ...

@app.long_callback(Output("h", "children"), Input("i", "value"))
def six(v): ...
""",
        pages__home="""
from dash import callback, Input, Output
import dash
dash.register_page(__name__, path="/")
@callback(Output("p", "children"), Input("i", "value"))
def on_page(v): ...
""",
    )
    assert set(found) == {"one", "two", "three", "four", "five", "six", "on_page", "e.children", "f.children"}
    assert [str(d) for d in found["one"].dependencies] == ["a.children", "i.value", "s.data"]
    assert [d.kind for d in found["one"].dependencies] == ["Output", "Input", "State"]
    assert len(found["one"].apps) == 1
    assert found["two"].apps == ()
    assert found["two"].is_async
    assert [str(d) for d in found["two"].outputs] == ["b.children", "b2.children"]
    assert found["two"].flag("prevent_initial_call") is True
    assert found["three"].is_background
    assert found["three"].outputs
    assert found["three"].inputs
    assert found["four"].style == "call"
    assert found["e.children"].is_clientside
    assert found["five"].is_websocket
    assert found["five"].is_persistent
    assert found["six"].is_background
    assert not found["one"].is_background
    assert not found["one"].is_websocket


def test_an_app_in_another_module_and_in_a_function(tmp_path: Path) -> None:
    found = callbacks(
        tmp_path,
        main="from dash import Dash\nfrom views import register\napp = Dash(__name__)\nregister(app)\n",
        views="""
from dash import Input, Output
def register(dashboard):
    @dashboard.callback(Output("a", "children"), Input("b", "value"))
    def inner(v):
        return v
""",
    )
    assert found["inner"].apps
    assert found["inner"].file.display == "views.py"


def test_what_only_looks_like_a_callback(tmp_path: Path) -> None:
    found = callbacks(
        tmp_path,
        app=HEAD
        + """
import click
class Bus:
    def callback(self, name):
        return lambda f: f
bus = Bus()
@bus.callback("x")
def no(v): ...
@click.callback
def neither(v): ...
def callback_of(x): ...
""",
    )
    assert found == {}


def test_options_that_only_the_run_can_tell(tmp_path: Path) -> None:
    found = callbacks(
        tmp_path,
        app=HEAD
        + """
import os
LONG = True
@callback(Output("a", "x"), Input("i", "y"), background=os.environ.get("X") == "1")
def maybe(v): ...
@callback(Output("b", "x"), Input("i", "y"), background=LONG)
def sure(v): ...
""",
    )
    assert found["maybe"].flag("background") is None
    assert found["maybe"].is_background
    assert found["sure"].flag("background") is True


def test_ids_are_spelled_as_dash_spells_them(tmp_path: Path) -> None:
    source = (
        HEAD
        + """
from dash import MATCH
@callback(Output({"type": "out", "index": MATCH}, "children"), Input(component_id="i", component_property="value"))
def cb(v): ...
"""
    )
    found = callbacks(tmp_path, app=source)["cb"]
    assert str(found.outputs[0]) == '{"index":["MATCH"],"type":"out"}.children'
    assert str(found.inputs[0]) == "i.value"


@pytest.mark.parametrize(
    ("imports", "lines", "kind", "what"),
    [
        ("import time", ["time.sleep(1)"], "sleep", "time.sleep"),
        ("from time import sleep as nap", ["nap(1)"], "sleep", "time.sleep"),
        ("import requests", ["return requests.get('http://x').text"], "network", "requests.get"),
        ("import requests as rq", ["s = rq.Session()", "s.post('http://x')"], "network", "requests.Session().post"),
        ("import requests", ["with requests.Session() as s:", "    s.get('u')"], "network", "requests.Session().get"),
        ("import httpx", ["httpx.Client().get('u')"], "network", "httpx.Client().get"),
        ("from urllib.request import urlopen", ["urlopen('u')"], "network", "urllib.request.urlopen"),
        (
            "import sqlite3 as sq",
            ["sq.connect('x').cursor().execute('q')"],
            "database",
            "sqlite3.connect().cursor().execute",
        ),
        (
            "import sqlite3\ndef f(connection: sqlite3.Connection):\n    connection.execute('q')",
            ["f(v)"],
            "database",
            "sqlite3.Connection().execute",
        ),
        (
            "import sqlalchemy as sa\nengine = sa.create_engine('x')",
            ["with engine.begin() as c:", "    return c.execute('q').fetchall()"],
            "database",
            "sqlalchemy.create_engine().begin().execute",
        ),
        (
            "from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\nclass User(db.Model): ...",
            ["return User.query.filter_by(x=1).first()"],
            "database",
            "flask_sqlalchemy.SQLAlchemy().Model().query.filter_by().first",
        ),
        ("import pandas as pd", ["pd.read_sql('t', v)"], "database", "pandas.read_sql"),
        ("import pandas as pd", ["pd.read_csv('t')"], "file", "pandas.read_csv"),
        ("import subprocess as sp", ["sp.run(['x'])"], "process", "subprocess.run"),
        ("import boto3", ["boto3.client('s3').get_object()"], "network", "boto3.client().get_object"),
        ("import asyncio", ["asyncio.run(v())"], "loop", "asyncio.run"),
        ("", ["open('x').read()"], "file", "builtins.open"),
        ("", ["v.connection().execute('SELECT 1')"], "database", "….execute"),
        (
            "import requests\nclass Api:\n    def __init__(self): self.http = requests.Session()\n"
            "    def load(self): return self.http.get('u')\napi = Api()",
            ["return api.load()"],
            "network",
            "requests.Session().get",
        ),
        (
            "import requests\ndef client():\n    return requests.Session()",
            ["client().get('u')"],
            "network",
            "requests.Session().get",
        ),
        ("import time", ["return list(map(lambda x: time.sleep(x), v))"], "sleep", "time.sleep"),
    ],
)  # fmt: skip
def test_a_blocking_call_is_found(imports: str, lines: list[str], kind: str, what: str, tmp_path: Path) -> None:
    found = body(tmp_path, *lines, imports=imports)
    assert (kind, what) in {(b.kind, b.what) for b in found.blocking}
    assert found.blocks_event_loop == any(b.cost == "long" for b in found.blocking)


@pytest.mark.parametrize(
    ("imports", "lines"),
    [
        ("import time", ["return time.time()"]),
        ("import requests", ["return requests.codes.ok"]),
        ("import boto3", ["return boto3.client('s3')"]),
        ("import requests", ["requests.Session()"]),
        ("", ["return v.get('x')"]),
        ("", ["return v.execute('x')"]),
        ("import asyncio, time", ["return asyncio.to_thread(lambda: time.sleep(1))"]),
        ("import threading, time", ["threading.Thread(target=time.sleep, args=(1,)).start()"]),
        ("import time\nfrom concurrent.futures import ThreadPoolExecutor\nE = ThreadPoolExecutor()",
         ["E.submit(lambda: time.sleep(3))"]),
        ("import requests as r\nclass requests:\n    @staticmethod\n    def get(x): return x", ["requests.get('x')"]),
    ],
)  # fmt: skip
def test_what_does_not_block(imports: str, lines: list[str], tmp_path: Path) -> None:
    assert body(tmp_path, *lines, imports=imports).blocking == ()


def test_an_awaited_call_does_not_block(tmp_path: Path) -> None:
    source = (
        HEAD + "import httpx\n@callback(Output('a', 'x'), Input('b', 'y'))\nasync def cb(v):\n    await httpx.get(v)\n"
    )
    assert callbacks(tmp_path, app=source)["cb"].blocking == ()


def test_helpers_in_other_modules_are_followed_and_named(tmp_path: Path) -> None:
    found = callbacks(
        tmp_path,
        app=HEAD
        + "from data import load\n@callback(Output('a', 'x'), Input('b', 'y'))\ndef cb(v):\n    return load(v)\n",
        data="from store import fetch\ndef load(v):\n    return fetch(v)\n",
        store="import requests\ndef fetch(v):\n    return requests.get(v) or fetch(v)\n",
    )
    (call,) = found["cb"].blocking
    assert call.through == ("load", "fetch")
    assert (call.file.display, call.line) == ("store.py", 3)
    assert call.certain


def test_a_background_callback_does_not_block_the_loop(tmp_path: Path) -> None:
    source = (
        HEAD
        + "import time\n@callback(Output('a', 'x'), Input('b', 'y'), background=True)\ndef cb(v):\n    time.sleep(9)\n"
    )
    found = callbacks(tmp_path, app=source)["cb"]
    assert found.blocking
    assert not found.blocks_event_loop


def test_recursion_through_the_project_ends(tmp_path: Path) -> None:
    source = (
        HEAD
        + """
def a(x): return b(x)
def b(x): return c(a, x)
def c(f, x):
    y = f(x)
    y = y.more
    return y.execute(x)
@callback(Output('a', 'x'), Input('b', 'y'))
def cb(v):
    return a(b(c(a, v)))
"""
    )
    assert callbacks(tmp_path, app=source)["cb"].blocking == ()


def test_the_table_is_sound() -> None:
    rows = table("blocking")["row"]
    assert {row["kind"] for row in rows} == {"sleep", "network", "database", "process", "loop", "file", "processor"}
    for row in rows:
        assert row["cost"] in ("long", "short", "breaks")
        assert row["of"]
        assert row["calls"]
        assert row["instead"]
        assert all("**" not in one.removesuffix("**") for one in row["of"])
