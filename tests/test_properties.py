# ruff: noqa: E501
"""What holds for every program: nothing raises, what is written compiles and is at rest, comments and bystanders stay.

``DASH_MIGRATE_EXAMPLES=2000`` looks at more programs than CI has time for, other ones each time.
"""

from __future__ import annotations

import io
import os
import tempfile
import tokenize
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import hypothesmith
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dash_migrate.check import check
from dash_migrate.fix import fix

EXAMPLES = int(os.environ.get("DASH_MIGRATE_EXAMPLES", "0"))


def examples(number: int) -> settings:
    return settings(
        max_examples=EXAMPLES or number,
        derandomize=not EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )


#: beginnings that bind ``app``, ``server``, ``request``, ``session`` and ``redirect``
BEGINNINGS = (
    "import dash\nfrom dash import html\nfrom flask import redirect, request, session\napp = dash.Dash(__name__)\nserver = app.server\n",
    "import flask\nfrom flask import (\n    redirect,\n    request,\n    session,\n)\nfrom dash import Dash, html\napp = Dash(\n    __name__,\n    title='a',\n)\nserver = app.server\n",
    "from flask import *\nfrom dash import *\nserver = Flask(__name__)\napp = Dash(__name__, server=server)\n",
    "import dash as d, flask as f\nfrom dash import html\nrequest, session, redirect = f.request, f.session, f.redirect\nserver = f.Flask(__name__); app = d.Dash(server=server)\n",
    "import dash\nfrom dash import html\nfrom flask import request, session, redirect\ndef make():\n    app = dash.Dash(__name__)\n    app.server.secret_key = 'x'\n    return app\napp = make()\nserver = app.server\n",
    "from flask import request; from flask import session, redirect; import dash; from dash import html\ntry:\n    app = dash.Dash(__name__)\nexcept Exception: raise\nserver = app.server\n",
    "import dash\nfrom dash import html\nfrom flask import request, session, redirect\nclass App:\n    def __init__(self):\n        self.app = dash.Dash(__name__)\n        self.server = self.app.server\nmade = App()\napp, server = made.app, made.server\n",
)  # fmt: skip
#: statements; ``{n}`` is a number of their own
PIECES = (
    "app.layout = html.Div([html.P('a'), html.A(href='/r{n}')])\n",
    "@server.route('/r{n}')\ndef route{n}():\n    return request.args.get('a', 'b')\n",
    "@server.route('/r{n}/<int:x>', methods=['GET', 'POST'])\ndef route{n}(x):\n    if request.method == 'POST':\n        session['x'] = x\n        return redirect('/r{n}/%d' % x)\n    return {{'x': x}}, 201\n",
    "@app.server.before_request\ndef hook{n}():\n    if 'user' not in session and request.path != '/login':\n        return redirect('/login')\n",
    "@server.after_request\ndef hook{n}(response):\n    response.headers['X-{n}'] = request.path\n    return response\n",
    "@server.errorhandler(404)\ndef wrong{n}(error):\n    return 'gone', 404\n",
    "server.config['KEY{n}'] = 'a'\n",
    "server.config.update(\n    SECRET_KEY='k',\n    A{n}=1,\n)\n",
    "server.secret_key = 'k{n}'\n",
    "@app.callback(dash_out, dash_in)\ndef callback{n}(value):\n    who = session.get('user')\n    return f'{{who}} {{request.path!r:>10}}'\n",
    "def helper{n}(srv):\n    @srv.route('/h{n}')\n    def inner():\n        return 'h'\nhelper{n}(server)\n",
    "class Thing{n}:\n    '''Doc.'''\n\n    def user(self):\n        return session.get('user')\n",
    "if __name__ == '__main__':\n    app.run_server(debug=True, port=80{n}, threaded=True)\n",
    "def main{n}(): app.run_server(host='0.0.0.0')\n",
    "text{n} = '''\n# no comment\n  @server.route('/no')\n''' + str(server)\n",
    "long{n} = 1 + \\\n    2 + \\\n  len(server.name)\n",
    "with open('x') as f{n}, open('y') as g{n}:\n    server.config['F{n}'] = f{n}.read()\n",
    "match{n} = [route for route in server.url_map.iter_rules() if (x := route)]\n",
    "for one{n} in ('a', 'b'):\n    server.add_url_rule(f'/{{one{n}}}{n}', one{n} + '{n}', lambda: request.path)\n",
    "x{n} = 1; server.config['X{n}'] = x{n}; del x{n}\n",
    "try: app.enable_dev_tools(debug=True)\nexcept Exception as error{n}: print(error{n})\nfinally:\n    pass\n",
    "async def later{n}():\n    async with thing as x: await x(server)\n",
    "server.wsgi_app = Wrapper{n}(server.wsgi_app)\n",
    "ünï{n} = 'ß→😀', app.server, 'ß'\n",
    "if server.debug:\n\tserver.config['T{n}'] = 1\nelif request:\n\tpass\nelse: server.logger.info('x')\n",
    "print(f\"{{server.name!r}} {{request.path if app else ''}}\")\n",
)  # fmt: skip
#: pieces whose lines go on in the next: no comment may come between
WHOLE = ("'''", "\\\n")
BYSTANDER = (
    b"import flask\r\napp = flask.Flask( __name__ )   # mine\r@app.route( '/' )\ndef f( ) : return flask.request.path"
)


@st.composite
def programs(draw: st.DrawFn) -> bytes:
    """A Dash app out of pieces, with comments and blank lines where they may stand, as some editor saved it."""
    chosen = draw(st.lists(st.sampled_from(PIECES), max_size=7))
    parts = [draw(st.sampled_from(BEGINNINGS)), *(piece.format(n=number) for number, piece in enumerate(chosen))]
    lines: list[str] = []
    number = 0
    for part in parts:
        pieces = [part] if any(mark in part for mark in WHOLE) else part.splitlines(keepends=True)
        for line in pieces:
            how = draw(st.integers(0, 9))
            number += 1
            if how == 0:
                lines.append(" " * draw(st.integers(0, 6)) + f"# own line {number}\n")
            elif how == 1:
                lines.append(draw(st.sampled_from(("\n", "   \n", "\n\n\n", "\f\n", f"\n  # under {number}\n\n"))))
            if how == 2 and not line.startswith(("    '", "\t")):
                line = line[:-1] + draw(st.sampled_from(("  ", "\t", ""))) + f"# behind {number} ü\n"
            lines.append(line)
    text = "".join(lines)
    if draw(st.booleans()):
        text = text.removesuffix("\n")
    newline = draw(st.sampled_from(("\n", "\n", "\r\n", "\r")))
    mark = draw(st.sampled_from((b"", b"", b"\xef\xbb\xbf")))
    return mark + text.replace("\n", newline).encode()


def compiles(data: bytes) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(data, "program", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


def comments(data: bytes) -> Counter[str]:
    text = io.StringIO(data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n"))
    return Counter(t.string for t in tokenize.generate_tokens(text.readline) if t.type == tokenize.COMMENT)


@contextmanager
def project(**files: bytes) -> Iterator[Path]:
    """A folder with files, which is the working directory."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            (Path(folder) / f"{name}.py").write_bytes(data)
        os.chdir(folder)
        try:
            yield Path()
        finally:
            os.chdir(before)


@pytest.fixture(autouse=True)
def _loud(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASH_MIGRATE_DEBUG", "1")


@examples(40)
@given(
    program=programs().filter(compiles),
    target=st.sampled_from(("fastapi", "quart")),
    strategy=st.sampled_from(("auto", "rewrite", "bridge", "guard")),
)
def test_dash_apps(program: bytes, target: str, strategy: str) -> None:
    with project(program=program, bystander=BYSTANDER) as here:
        check([here], ("fastapi", "quart"))
        outcome = fix([here], (target,), strategy)  # type: ignore[arg-type]
        assert [e for e in outcome.errors if "round trip" not in e.message] == []
        for change in outcome.changes:
            Path(change.path).parent.mkdir(exist_ok=True)
            Path(change.path).write_bytes(change.new)
            assert compiles(change.new)
        after = Path("program.py").read_bytes()
        assert Path("bystander.py").read_bytes() == BYSTANDER
        assert not comments(program) - comments(after)
        if b"\r" not in program:
            assert b"\r" not in after
        elif b"\n" not in program:
            assert b"\n" not in after
        assert after.startswith(b"\xef\xbb\xbf") == program.startswith(b"\xef\xbb\xbf")
        again = fix([here], (target,), strategy)  # type: ignore[arg-type]
        assert [change.path for change in again.changes] == []


APP = b"import dash\nimport program\napp = dash.Dash(__name__)\napp.run_server()\n"


@examples(40)
@given(
    program=hypothesmith.from_grammar().map(str.encode)
    | hypothesmith.from_node().map(lambda text: text.encode("utf-8", "replace")),
    target=st.sampled_from(("fastapi", "quart")),
    strategy=st.sampled_from(("auto", "bridge", "guard")),
)
def test_any_python(program: bytes, target: str, strategy: str) -> None:
    """Beside an app, below one, and with its words in it: it is read, and not touched."""
    below = APP + b"\n" + program
    with project(program=program, app=APP, below=below, words=b"import dash, flask\n" + program) as here:
        check([here], ("fastapi", "quart"))
        outcome = fix([here], (target,), strategy)  # type: ignore[arg-type]
        changed = {change.path: change.new for change in outcome.changes}
        assert "program.py" not in changed
        assert "words.py" not in changed
        assert b".run()" in changed["app.py"]
        if compiles(below):
            assert compiles(changed["below.py"])
            assert program in changed["below.py"]
