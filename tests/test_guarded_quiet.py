"""Code that already runs on several backends is left alone, and nothing is said of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from deploy_help import inside, project

from dash_migrate.check import check
from dash_migrate.fix import fix
from dash_migrate.model import BACKENDS, Backend

FILES = {
    "app.py": """\
import os

from clerk_like import configure
from dash import Dash, html
from wiring import health, key, middleware, proxy

BACKEND = os.environ.get("DASH_BACKEND", "flask")
IS_FLASK = BACKEND == "flask"

app = Dash(__name__, backend=BACKEND)
server = app.server
app.layout = html.Div("hello")
configure(app)
proxy(app, BACKEND)
health(app, BACKEND)
key(app, BACKEND)

if IS_FLASK:
    from flask import request as flask_request

    @server.before_request
    def track():
        print(flask_request.path)

elif BACKEND == "quart":
    from quart import request as quart_request

    @server.before_request
    async def track():
        print(quart_request.path)

else:
    middleware(app)
""",
    "wiring.py": """\
from dash import get_app


def token():
    from flask import request

    return request.cookies.get("token", "")


def middleware(app):
    from starlette.middleware.gzip import GZipMiddleware

    app.server.add_middleware(GZipMiddleware)


def proxy(app, backend):
    if backend == "fastapi":
        app.server.add_middleware(lambda inner: inner)
        return True
    if backend == "quart":
        if not hasattr(app.server, "asgi_app"):
            return False
        app.server.asgi_app = wrapped(app.server.asgi_app)
        return True
    app.server.wsgi_app = wrapped(app.server.wsgi_app)
    return True


def wrapped(inner):
    return inner


def health(app, backend):
    if backend == "fastapi":
        return
    server = app.server
    if backend == "quart":

        @server.get("/health")
        async def healthy():
            return {"ok": True}

    else:

        @server.get("/health")
        def healthy():
            return {"ok": True}


def key(app, backend):
    server = app.server
    if backend == "fastapi":
        from fastapi import Request

        @server.get("/key")
        def asked(request: Request):
            return {"key": request.cookies.get("token", "")}

    elif backend == "quart":
        from quart import request

        @server.get("/key")
        async def asked():
            return {"key": request.cookies.get("token", "")}

    else:
        server.get("/key")(lambda: {"key": token()})
""",
    "tests/test_pages.py": """\
import dash


def test_pages():
    assert dash.Dash(__name__).server is not None
""",
    "requirements.txt": "dash>=4.4\ngunicorn\n# fastapi and quart: install what you run\n",
    "Procfile": "web: gunicorn app:server\n",
    "CHANGELOG.md": "# 1.0\n\n- `app.run_server()` is gone\n",
}


@pytest.mark.parametrize("targets", [*((t,) for t in BACKENDS), BACKENDS])
def test_nothing_is_said_of_it_or_done_to_it(targets: tuple[Backend, ...], tmp_path: Path) -> None:
    with inside(project(tmp_path, FILES)):
        assert [(f.code, f.path, f.span.line) for f in check(["."], targets).findings] == []
        assert [change.path for change in fix(["."], targets).changes] == []


WRONG = """
BACKEND_IS_FASTAPI = BACKEND == "fastapi"

if BACKEND_IS_FASTAPI:
    server.secret_key = "lost"

    def limits():
        from flask import session

        return session.get("limit")

    app.layout = html.Div(limits)


@server.errorhandler(404)
def missing(error):
    return token()
"""


def test_what_is_wrong_in_it_is_said(tmp_path: Path) -> None:
    files = {**FILES, "app.py": FILES["app.py"].replace("import health", "import health, token") + WRONG}
    with inside(project(tmp_path, files)):
        found = {f.code for f in check(["."], ("fastapi",)).findings}
    assert {"DM502", "DM402", "DM205", "DM401"} <= found


MIXED = """\
from dash import Dash, html
from fastapi import FastAPI

api = FastAPI()


@api.get("/health")
def health():
    return {"ok": True}


app = Dash(__name__, server=api)
app.layout = html.Div("hello")
server = app.server


@server.before_request
def gate():
    return "no"


server.add_middleware(lambda inner: inner)
"""


def test_flask_on_a_fastapi_server_is_said(tmp_path: Path) -> None:
    with inside(project(tmp_path, {"app.py": MIXED, "requirements.txt": "dash[fastapi]>=4.4\n"})):
        found = check(["."], ("fastapi",)).findings
        assert [(f.code, f.span.line, f.obligation) for f in found] == [("DM201", 17, "required")]
        assert check(["."], ("quart",)).findings == []
