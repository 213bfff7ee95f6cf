"""What the counterparts of extensions lack: apps that use it are bridged, and say why."""

from __future__ import annotations

from pathlib import Path

import pytest

from dash_migrate.fix import fix
from dash_migrate.model import Backend

APP = """
from dash import Dash, html
{imports}
from flask import Blueprint, Flask

server = Flask(__name__)
bp = Blueprint("bp", __name__)
{body}
server.register_blueprint(bp)
app = Dash(__name__, server=server)
app.layout = html.Div("x")
"""

DECLINED = [
    (
        "from flask_sqlalchemy import SQLAlchemy",
        "class DB(SQLAlchemy):\n    pass\ndb = DB(server)",
        "a class of its own",
    ),
    ("from flask_sqlalchemy.record_queries import get_recorded_queries", "print(get_recorded_queries)", "counterpart"),
    ("from flask_cors import CORS", "class Own(CORS):\n    pass\nOwn(server)", "a class of its own"),
    ("from flask_httpauth import HTTPDigestAuth", "auth = HTTPDigestAuth()", "HTTPDigestAuth"),
    ("from flask_httpauth import HTTPBasicAuth", "auth = HTTPBasicAuth()\nauth.ensure_sync(print)", "ensure_sync"),
    (
        "from flask_limiter import Limiter",
        "limiter = Limiter(lambda: 'x', app=server, meta_limits=['2/day'])",
        "meta_limits",
    ),
    (
        "from flask_limiter import Limiter",
        "limiter = Limiter(lambda: 'x', app=server)\nlimiter.limit('1/day')(bp)",
        "for a blueprint",
    ),
    (
        "from flask_limiter import Limiter",
        "limiter = Limiter(lambda: 'x', app=server)\n@server.get('/x')\n@limiter.limit('1/day', on_breach=print)\n"
        "def x():\n    return 'x'",
        "on_breach",
    ),
    (
        "from flask_limiter import Limiter",
        "server.config['RATELIMIT_META'] = '1/day'\nlimiter = Limiter(lambda: 'x', app=server)",
        "RATELIMIT_META",
    ),
    (
        "from flask_session import Session",
        "server.config['SESSION_TYPE'] = 'mongodb'\nSession(server)",
        "SESSION_TYPE",
    ),
]


#: the table is one for both, so each is asked of one
CASES = [(*case, ("fastapi", "quart")[number % 2]) for number, case in enumerate(DECLINED)]


@pytest.mark.parametrize(("imports", "body", "why", "target"), CASES)
def test_what_a_counterpart_lacks_declines(
    imports: str, body: str, why: str, target: Backend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "app.py").write_text(APP.format(imports=imports, body=body))
    monkeypatch.chdir(tmp_path)
    outcome = fix([Path(".")], (target,), "auto")
    assert any("dash_flask_bridge" in change.path for change in outcome.changes)
    declined = [decline.why for plan in outcome.plans for decline in plan.declines]
    assert [reason for reason in declined if why in reason], declined
