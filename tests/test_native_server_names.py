"""Names of the native FastAPI server: an app must not park something of its own where the server keeps its own."""

from __future__ import annotations

from flask import Flask

from dash_migrate.rules_data import table
from dash_migrate.runtime.dash_on_fastapi.flask_like import FlaskLikeServer

#: rewritten in ``fixes/native/fastapi/setup.py``
REWRITTEN = {"get", "post", "put", "patch", "delete"}


def test_every_name_of_the_server_is_known() -> None:
    rows = table("native_fastapi")
    known = {*rows["server"]["kept"], *rows["server"]["parts"], *rows["server"]["internals"]}
    known |= {*rows["base"]["server"], *table("flask_surface")["server"], *REWRITTEN}
    names = {name for server in (FlaskLikeServer("x"), Flask("x")) for name in dir(server) if name[0] != "_"}
    assert names <= known, sorted(names - known)
