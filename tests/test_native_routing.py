"""Which route FastAPI's generated package chooses, without a server."""

from __future__ import annotations

from dash import Dash, html
from fastapi import APIRouter

from dash_migrate.runtime.dash_on_fastapi import FastAPIBackend
from dash_migrate.runtime.dash_on_fastapi.testing import client as client_of


def test_of_two_equal_rules_the_first_wins_wherever_it_is() -> None:
    app = Dash(__name__, backend=FastAPIBackend)
    app.layout = html.Div("x")
    late, router = APIRouter(), APIRouter()

    @app.server.get("/{page:path}/doc.txt")
    def mine(page: str) -> str:
        return f"mine {page}"

    @router.get("/{path:path}/doc.txt")
    def plugin(path: str) -> str:
        return f"plugin {path}"

    @router.get("/other.txt")
    def other() -> str:
        return "plugin"

    app.server.include_router(router)
    client = client_of(app.server)
    assert client.get("/a/b/doc.txt").json == "mine a/b"
    assert client.get("/other.txt").json == "plugin"

    @late.get("/other.txt")
    def later() -> str:
        return "later"

    app.server.include_router(late)
    assert client.get("/a/doc.txt").json == "mine a"
    assert client.get("/other.txt").json == "plugin"
