"""Booting and playing for real, against servers a few lines long."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from dash_migrate.verify import BootError, Server, ServerKind, Start, free_port, parse, play, replay_both

pytestmark = pytest.mark.boot

APP = """
import os, time
from flask import Flask, Response, request, redirect, session
from werkzeug.middleware.proxy_fix import ProxyFix

class Site:
    server = Flask(__name__)

server = Site.server
server.secret_key = "k"

def create():
    return server

@server.before_request
def gate():
    if request.path.startswith("/private") and "user" not in session:
        return redirect("/login")

@server.route("/echo/<path:rest>", methods=["GET", "POST", "PUT", "DELETE", "PROPFIND"])
def echo(rest):
    raw = request.environ.get("REQUEST_URI") or request.environ.get("RAW_URI")
    lines = [request.method, raw]
    lines += [f"{k}: {v}" for k, v in sorted(request.headers)]
    return "\\n".join(lines) + "\\n\\n" + request.get_data(as_text=True)

@server.route("/login", methods=["POST"])
def login():
    session["user"] = request.form["user"]
    return redirect("/private")

@server.route("/private")
def private():
    session["n"] = session.get("n", 0) + 1
    return f"hello {session['user']} {session['n']}", {"X-Mode": os.environ.get("MODE", "")}

@server.route("/slow")
def slow():
    time.sleep(0.3)
    return "slept"

@server.route("/token")
def token():
    return '<input name="csrf" value="t-42=">'

@server.route("/broken")
def broken():
    def parts():
        yield "half"
        raise RuntimeError("mid-stream")
    return Response(parts(), headers={"Content-Length": "100"})
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    directory = tmp_path / "app"
    directory.mkdir()
    (directory / "app.py").write_text(APP)
    return directory


def alive(pid: int) -> bool:
    """Whether the process runs (a zombie does not)."""
    try:
        return (
            f"{pid} " in Path(f"/proc/{pid}/stat").read_text() and ") Z " not in Path(f"/proc/{pid}/stat").read_text()
        )
    except OSError:
        return False


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("werkzeug", "app:server"),
        ("werkzeug", "app:Site.server"),
        ("werkzeug", "app:create()"),
        ("gunicorn", "app:server"),
    ],
)
def test_wsgi_servers(app: Path, kind: ServerKind, target: str) -> None:
    plan = parse('target = "x:y"\n[[request]]\npath = "/echo/a%2Fb%20c//d?q=1&q=2&e="', Path("r.toml"))
    with Server(app, target, kind) as server:
        (answer,) = play(plan.steps, server.address, host="dash.example")["GET /echo/a%2Fb%20c//d?q=1&q=2&e="]
        assert answer.status == 200
        assert b"Host: dash.example" in answer.body
        assert b"/echo/a%2Fb%20c//d?q=1&q=2&e=" in answer.body
        assert b"Accept-Encoding: identity" in answer.body
        assert server.pid is not None


@pytest.mark.parametrize("kind", ["uvicorn", "hypercorn"])
def test_asgi_servers(tmp_path: Path, kind: ServerKind) -> None:
    (tmp_path / "site.cfg").write_text("yes")
    (tmp_path / "web.py").write_text(
        "import os\n"
        "class Box: pass\n"
        "async def app(scope, receive, send):\n"
        "    if scope['type'] == 'websocket':\n"
        "        await receive()\n"
        "        good = scope['path'] == '/ws' and (b'cookie', b'k=1') in scope['headers']\n"
        "        return await send({'type': 'websocket.accept'} if good else {'type': 'websocket.close'})\n"
        "    if scope['type'] == 'http':\n"
        "        await send({'type': 'http.response.start', 'status': 200, 'headers': []})\n"
        "        await send({'type': 'http.response.body', 'body': open('site.cfg','rb').read()})\n"
        "Box.app = app\n"
        "def make(): return app\n"
    )
    plan = parse(
        """
        target = "web:app"
        [[request]]
        path = "/"
        [[websocket]]
        name = "with"
        path = "/ws"
        after = "open"
        cookies = {}
        headers = { Cookie = "k=1" }
        [[websocket]]
        name = "without"
        path = "/ws"
        after = "refused"
        """.replace("cookies = {}\n", ""),
        Path("r.toml"),
    )
    for target in ("web:Box.app", "web:make()"):
        with Server(tmp_path, target, kind) as server:
            answers = play(plan.steps, server.address, websockets=True)
        assert answers["GET /"][0].body == b"yes"
        assert answers["with"][0].status == 101
        assert answers["without"][0].status == 403


def test_a_script_gets_its_port_by_argument_or_environment(app: Path) -> None:
    (app / "main.py").write_text(
        "import os, sys\nfrom app import server\nserver.run(port=int(os.environ.get('P') or sys.argv[2]))"
    )
    plan = parse('target = "main.py"\n[[request]]\npath = "/slow"', Path("r.toml"))
    for options, env in ((["--port", "{port}"], {}), ([], {"P": "{port}"})):
        with Server(app, "main.py", "script", options=options, env=env) as server:
            assert play(plan.steps, server.address)["GET /slow"][0].body == b"slept"


def test_an_app_that_dies_says_why(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("raise KeyError('no config here')")
    for kind in ("werkzeug", "gunicorn", "uvicorn"):
        with pytest.raises(BootError, match=r"ended with exit code(?s:.*)no config here"):
            Server(tmp_path, "app:server", kind).start()  # type: ignore[arg-type]


def test_an_app_that_never_answers_times_out(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import time\nprint('waiting for the database')\ntime.sleep(60)")
    server = Server(tmp_path, "app.py", "script", timeout=1.0)
    with pytest.raises(BootError, match=r"did not answer on 127.0.0.1:\d+ within 1 s\n(?s:.*)waiting for the"):
        server.start()
    assert server.pid is None


def test_no_process_is_left_behind(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "import os, signal, subprocess, sys\n"
        "from werkzeug.serving import run_simple\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import signal, time;"
        " signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)'])\n"
        "open('pids', 'w').write(f'{os.getpid()} {child.pid}')\n"
        "run_simple('127.0.0.1', int(sys.argv[1]), lambda environ, start: start('200 OK', []) and [] or [])\n"
    )
    with Server(tmp_path, "app.py", "script", options=["{port}"]) as server:
        pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
        assert pids[0] == server.pid
        assert all(map(alive, pids))
    deadline = time.monotonic() + 5
    while any(map(alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(map(alive, pids))


def test_the_app_sees_its_own_directory_a_temporary_home_and_the_environment(tmp_path: Path) -> None:
    (tmp_path / "src" / "lib").mkdir(parents=True)
    (tmp_path / "src" / "lib" / "helper.py").write_text("NAME = 'helper'")
    (tmp_path / "src" / "app.py").write_text(
        "import helper, os\n"
        "def app(environ, start):\n"
        "    start('200 OK', [])\n"
        "    return ['|'.join([os.getcwd(), os.environ['HOME'], os.environ['MODE'], helper.NAME]).encode()]\n"
    )
    plan = parse('target = "app:app"\n[[request]]\npath = "/"', Path("r.toml"))
    with Server(tmp_path, "app:app", cwd="src", sys_path=["src/lib"], env={"MODE": "m"}) as server:
        cwd, home, mode, name = play(plan.steps, server.address)["GET /"][0].body.decode().split("|")
        assert (cwd, mode, name) == (str(tmp_path / "src"), "m", "helper")
        assert home != os.environ.get("HOME")
        assert Path(home).is_dir()
    assert not Path(home).exists()
    assert not list(tmp_path.rglob("__pycache__"))


PLAN = """
target = "app:server"
[[request]]
name = "private"
path = "/private"
session = ["anonymous", "ann"]
[[request]]
name = "login"
path = "/login"
method = "POST"
form = { user = "ann" }
session = "ann"
follow = true
[[request]]
name = "again"
path = "/private"
session = "ann"
repeat = 2
[[request]]
name = "own method"
path = "/echo/x"
method = ["PROPFIND", "DELETE", "OPTIONS", "HEAD"]
text = "body"
[[request]]
name = "chunked"
path = "/echo/x"
method = "PUT"
text = "in pieces"
chunked = true
[[request]]
name = "token"
path = "/token"
capture = { csrf = 'name="csrf" value="([^"]+)"' }
[[request]]
name = "use token"
path = "/echo/{{csrf}}"
method = "POST"
form = { csrf = "{{csrf}}" }
[[request]]
name = "broken"
path = "/broken"
[[parallel]]
name = "at once"
path = "/slow"
count = 3
max_seconds = 0.8
"""


def test_an_app_equals_itself_and_logins_are_played(app: Path) -> None:
    plan = parse(PLAN, Path("site/r.toml"))
    report = replay_both(app, app, plan, before="werkzeug", after="werkzeug")
    assert report.ok, str(report)
    assert str(report) == "site: 17 of 17 answers equal"
    answers = report.before.answers
    assert [item.status for item in answers["private: GET /private as ann"]] == [302]
    assert [(item.status, item.path) for item in answers["login"]] == [(302, "/login"), (200, "/private")]
    assert answers["login"][1].body == b"hello ann 1"
    assert [item.body for item in answers["again"]] == [b"hello ann 2", b"hello ann 3"]
    assert answers["chunked"][0].body.endswith(b"in pieces")
    assert answers["use token"][0].path == "/echo/t-42="
    assert answers["use token"][0].body.endswith(b"csrf=t-42%3D")
    assert answers["broken"][0].error
    assert answers["broken"][0].body == b"half"


def test_planted_differences_are_found(app: Path, tmp_path: Path) -> None:
    after = tmp_path / "after"
    after.mkdir()
    changed = (
        APP.replace('return redirect("/login")', "return None")
        .replace("session['user']} {", "session.get('user')} {")
        .replace('return "slept"', 'time.sleep(0.6)\n    return "slept"')
        .replace('return redirect("/private")', 'return redirect("/private", 303)')
        .replace("request.get_data(as_text=True)", "''")
    )
    (after / "app.py").write_text(changed)
    report = replay_both(app, after, parse(PLAN, Path("site/r.toml")), after="werkzeug")
    found = {(item.name, item.what) for item in report.differences}
    assert {
        ("private: GET /private", "status"),
        ("private: GET /private", "body"),
        ("login", "status"),
        ("own method: PROPFIND /echo/x", "body"),
        ("at once", "time"),
    } <= found
    assert report.opened == ("private: GET /private", "private: GET /private as ann")
    assert "MORE OPEN than before" in str(report)
    assert f"{report.answers - report.unequal} of {report.answers} answers equal" in str(report)


def test_sides_can_differ_in_start_and_nothing_is_written_to_the_app(app: Path) -> None:
    (app / "requests.toml").write_text(
        'target = "app:server"\nenv = { MODE = "base" }\n'
        '[[request]]\nname = "in"\npath = "/login"\nmethod = "POST"\nform = { user = "u" }\nsession = "u"\n'
        '[[request]]\nname = "see"\npath = "/private"\nsession = "u"\n'
    )
    kept = sorted(app.iterdir())
    report = replay_both(app, app, app / "requests.toml", after=Start("gunicorn", env={"MODE": "other"}))
    assert [(item.name, item.what, item.before, item.after) for item in report.differences] == [
        ("see", "header:x-mode", "base", "other")
    ]
    assert sorted(app.iterdir()) == kept


@pytest.mark.parametrize(
    ("kind", "wanted", "differences"),
    [
        ("websocket.accept", "open", []),
        ("websocket.accept", "refused", [("refused", "open (101 )", True)]),
        ("websocket.close", "refused", []),
        ("websocket.close", "open", [("open", "refused (403 )", False)]),
        ("nonsense", "refused", [("refused", "broken (500 )", False)]),
    ],
)
def test_a_websocket_must_be_open_or_refused_not_broken(
    tmp_path: Path, kind: str, wanted: str, differences: list[tuple[str, str, bool]]
) -> None:
    (tmp_path / "app.py").write_text(
        "async def app(scope, receive, send):\n"
        "    assert scope['type'] == 'websocket'\n"
        f"    await send({{'type': {kind!r}}})\n"
        "def wsgi(environ, start):\n"
        "    raise AssertionError\n"
    )
    text = f'target = "app:wsgi"\nafter_target = "app:app"\n[[websocket]]\nafter = "{wanted}"'
    report = replay_both(tmp_path, tmp_path, parse(text, Path("r.toml")))
    assert [(item.before, item.after, item.opened) for item in report.differences] == differences


def test_a_dead_server_gives_answers_with_errors() -> None:
    from dash_migrate.verify import Address

    plan = parse('target = "x:y"\n[[request]]\npath = "/"\n[[websocket]]\nafter = "open"', Path("r.toml"))
    answers = play(plan.steps, Address("127.0.0.1", free_port()), websockets=True)
    assert [some[0].status for some in answers.values()] == [0, 0]
    assert all("ConnectionRefused" in some[0].error for some in answers.values())
