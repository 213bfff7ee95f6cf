"""What apps do with Flask is the same on Quart: each row of ``native_quart.toml``, and the apps of ``native_quart``.

These are all rewritten: no file of them imports flask any more.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from test_migrated import migrate

from dash_migrate import verify
from dash_migrate.rules_data import table

HEAD = """
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from uuid import UUID

from dash import Dash, html
from flask import Flask, {names}

server = Flask(__name__)
server.secret_key = "rows"
app = Dash(__name__, server=server, routes_pathname_prefix="/dash/")
app.layout = html.Div("rows")
"""

#: how to call methods of answers
CALLS = {
    "call_on_close": "call_on_close(list)",
    "delete_cookie": "delete_cookie('a')",
    "get_etag": "get_etag()",
    "set_cookie": "set_cookie('a', 'b', max_age=9)",
    "set_data": "set_data('é')",
    "set_etag": "set_etag('e', weak=True)",
}
#: how to show attributes of requests that do not show themselves
SHOWN = {
    "authorization": "request.authorization and request.authorization.username",
    "headers": "sorted(request.headers.items())",
    "stream": "request.stream.read()",
    "user_agent": "request.user_agent.string",
    "values": "request.values.to_dict(flat=False)",
    "form": "request.form.to_dict(flat=False)",
    "files": "[(f.filename, f.read()) for f in request.files.values()]",
}


def app() -> tuple[str, list[str], list[str]]:
    """An app with a view for each row; the paths to ask for once, and those to ask with several bodies."""
    rows = table("native_quart")
    lines, once, several = (
        [HEAD.format(names=", ".join(n for n in rows["names"] if n not in ("Flask", "escape", "Markup")))],
        [],
        [],
    )
    lines.append("from markupsafe import Markup\n")

    def view(kind: str, name: str, body: str, paths: list[str]) -> None:
        paths.append(f"/{kind}/{name}")
        lines.append(
            f"\n\n@server.route('/{kind}/{name}', methods=['GET', 'POST'])\ndef {kind}_{name}():\n"
            + "".join(f"    {line}\n" for line in body.split("; "))
        )

    for name, row in rows["names"].items():
        if "probe" in row:
            view("name", name, row["probe"], once)
    request, answer = rows["request"], rows["answer"]
    for name in [*request["kept"], *request["awaited"], *(f"{n}()" for n in request["awaited_calls"])]:
        view("request", name.rstrip("()"), f"return str({SHOWN.get(name, 'request.' + name)})", several)
    for name in [*answer["kept"], *answer["awaited"], *(f"{n}()" for n in answer["awaited_calls"])]:
        spelled = CALLS.get(name, name.replace("make_conditional()", "make_conditional(request)"))
        made = "r = jsonify(a=1)" if "json" in name else "r = make_response('x', 201, {'X-A': 'b'})"
        view("answer", name.rstrip("()"), f"{made}; r.headers['X-Seen'] = type(r.{spelled}).__name__; return r", once)
    return "".join(lines), once, several


def play_rewritten(source: Path, requests: Path, moved: Path) -> verify.Report:
    """Rewrite an app, and ask both what the file says."""
    migrate(source, moved, "quart", "rewrite")
    own = [path for path in moved.rglob("*.py") if path.parent.name != "dash_on_quart"]
    assert not [path for path in own if re.search(r"^\s*(from|import) flask\b", path.read_text(), re.M)]
    report = verify.replay_both(source, moved, requests, after="hypercorn")
    assert report.ok, str(report)
    return report


@pytest.mark.boot
@pytest.mark.parametrize("name", ["bodies", "decorators", "spellings", "unseen"])
def test_app_answers_as_on_flask(name: str, tmp_path: Path) -> None:
    place = Path(__file__).parent / "native_quart" / name
    play_rewritten(place / "flask", place / "requests.toml", tmp_path / "moved")


@pytest.mark.boot
def test_each_row_answers_as_on_flask(tmp_path: Path) -> None:
    code, once, several = app()
    source = tmp_path / "flask"
    (source / "templates").mkdir(parents=True)
    (source / "app.py").write_text(code)
    (source / "templates" / "page.html").write_text(
        "{% macro shout(text) %}{{ text|upper }}!{% endmacro %}<p>{{ name }} {{ request.path }} {{ g.n }}</p>\n"
    )
    (tmp_path / "requests.toml").write_text(
        'target = "app:server"\n'
        f"[[request]]\npath = {[p + '?a=1&a=2' for p in once]}\n"
        f"[[request]]\npath = {[p + '?a=1&a=2&b=%C3%A9' for p in several]}\n"
        'headers = { Authorization = "Basic YTpi", Accept-Language = "de, en;q=0.5", If-None-Match = "x" }\n'
        f'[[request]]\npath = {several}\nmethod = "POST"\nform = {{ a = ["1", "é"] }}\n'
        f'[[request]]\npath = {several}\nmethod = "POST"\njson = {{ a = ["1", "é"] }}\n'
    )
    report = play_rewritten(source, tmp_path / "requests.toml", tmp_path / "moved")
    statuses = [a.status for answers in report.before.answers.values() for a in answers]
    assert len(statuses) > 250
    assert not [s for s in statuses if s >= 500]
