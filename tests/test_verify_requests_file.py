"""requests.toml: what it can say, and what it says about its own mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dash_migrate.verify import Parallel, Request, RequestsFile, RequestsFileError, WebSocket, parse
from dash_migrate.verify.bodies import BOUNDARY

PATH = Path("requests.toml")


def parsed(text: str, top: str = 'target = "app:server"\n') -> RequestsFile:
    return parse(top + text, PATH)


def requests(text: str, top: str = 'target = "app:server"\n') -> list[Request]:
    steps = parsed(text, top).steps
    assert all(isinstance(step, Request) for step in steps)
    return [step for step in steps if isinstance(step, Request)]


def test_the_top_of_the_file_says_how_to_boot() -> None:
    found = parse(
        """
        target = "web.wsgi:application"
        after_target = "web.asgi:create_app()"
        kind = "gunicorn"
        cwd = "src"
        sys_path = ["lib", "."]
        env = { API_KEY = "k" }
        host = "dash.example"
        [[request]]
        path = "/"
        """,
        PATH,
    )
    assert (found.target, found.after_target) == ("web.wsgi:application", "web.asgi:create_app()")
    assert (found.kind, found.cwd, found.sys_path) == ("gunicorn", "src", ("lib", "."))
    assert (dict(found.env), found.host) == ({"API_KEY": "k"}, "dash.example")


def test_after_target_defaults_to_target() -> None:
    assert parsed('[[request]]\npath = "/"').after_target == "app:server"


def test_steps_keep_the_order_of_the_file_across_kinds() -> None:
    steps = parsed(
        """
        [[request]]
        path = "/login"
        [[callback]]
        output = "a.b"
        [[websocket]]
        after = "open"
        [[request]]
        path = "/logout"
        """
    ).steps
    assert [type(step).__name__ for step in steps] == ["Request", "Request", "WebSocket", "Request"]
    assert [step.name for step in steps] == [
        "GET /login",
        "POST /_dash-update-component",
        "websocket /_dash-ws-callback",
        "GET /logout",
    ]


def test_lists_of_paths_methods_and_sessions_are_crossed() -> None:
    found = requests(
        """
        [session.key]
        headers = { X-API-Key = "k" }
        [[request]]
        name = "gate"
        path = ["/", "/a"]
        method = ["GET", "HEAD"]
        session = ["anonymous", "key"]
        """
    )
    assert len(found) == 8
    assert [item.name for item in found[:3]] == ["gate: GET /", "gate: GET / as key", "gate: HEAD /"]
    assert [item.headers for item in found[:2]] == [(), (("X-API-Key", "k"),)]


def test_equal_names_are_numbered() -> None:
    assert [item.name for item in requests('[[request]]\npath = "/"\n' * 3)] == [
        "GET /",
        "GET / (2)",
        "GET / (3)",
    ]


@pytest.mark.parametrize(
    ("key", "body", "kind"),
    [
        ("json = { a = 1 }", b'{"a": 1}', "application/json"),
        ("json = [1, 2]", b"[1, 2]", "application/json"),
        ('form = { a = "x y", b = ["1", "2"] }', b"a=x+y&b=1&b=2", "application/x-www-form-urlencoded"),
        ('text = "héé"', "héé".encode(), None),
        ('bytes_base64 = "AAE="', b"\x00\x01", None),
    ],
)
def test_bodies(key: str, body: bytes, kind: str | None) -> None:
    (found,) = requests(f'[[request]]\npath = "/"\nmethod = "POST"\n{key}')
    assert found.body == body
    assert dict(found.headers).get("Content-Type") == kind


def test_a_multipart_body_holds_fields_and_files() -> None:
    (found,) = requests(
        """
        [[request]]
        path = "/up"
        method = "POST"
        form = { note = "n" }
        files = [{ field = "f", filename = "a.csv", content = "1,2", type = "text/csv", times = 2 }]
        """
    )
    assert dict(found.headers)["Content-Type"] == f"multipart/form-data; boundary={BOUNDARY}"
    assert (
        found.body
        == (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="note"\r\n\r\nn\r\n'
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="f"; filename="a.csv"\r\n'
            f"Content-Type: text/csv\r\n\r\n1,21,2\r\n--{BOUNDARY}--\r\n"
        ).encode()
    )


def test_an_own_content_type_stays() -> None:
    (found,) = requests('[[request]]\npath = "/"\nmethod = "POST"\njson = 1\nheaders = { content-type = "text/plain" }')
    assert found.headers == (("content-type", "text/plain"),)


def test_headers_can_repeat_be_omitted_and_carry_cookies() -> None:
    (found,) = requests(
        """
        [session.ann]
        headers = { X-A = "client", X-B = "client" }
        cookies = { c = "1" }
        [[request]]
        path = "/"
        session = "ann"
        headers = { x-a = ["own", "twice"] }
        cookies = { d = "2" }
        without_headers = "Accept"
        """
    )
    assert found.headers == (
        ("X-B", "client"),
        ("x-a", "own"),
        ("x-a", "twice"),
        ("Cookie", "c=1; d=2"),
        ("Accept", None),
    )


def test_a_callback_becomes_what_the_renderer_posts() -> None:
    (found,) = requests(
        """
        [[callback]]
        name = "sum"
        output = ["out.children", "out.style"]
        inputs = '{"a.value": 1, "b.n_clicks": null}'
        state = { '{"type":"x"}.data' = [1] }
        changed = ["a.value"]
        query = "q=1&q=2"
        """,
        'target = "app:server"\nprefix = "/dash/"\n',
    )
    assert (found.method, found.path) == ("POST", "/dash/_dash-update-component?q=1&q=2")
    assert dict(found.headers) == {"Content-Type": "application/json"}
    assert json.loads(found.body or b"") == {
        "output": "..out.children...out.style..",
        "outputs": [{"id": "out", "property": "children"}, {"id": "out", "property": "style"}],
        "inputs": [
            {"id": "a", "property": "value", "value": 1},
            {"id": "b", "property": "n_clicks", "value": None},
        ],
        "changedPropIds": ["a.value"],
        "parsedChangedPropsIds": ["a.value"],
        "state": [{"id": {"type": "x"}, "property": "data", "value": [1]}],
    }


def test_parallel_takes_a_request_or_a_callback() -> None:
    steps = parsed(
        """
        [[parallel]]
        path = "/slow"
        count = 3
        max_seconds = 1.5
        [[parallel]]
        output = "a.b"
        max_seconds = 2
        """
    ).steps
    assert [(step.count, step.max_seconds) for step in steps if isinstance(step, Parallel)] == [
        (3, 1.5),
        (4, 2.0),
    ]
    assert isinstance(steps[1], Parallel)
    assert steps[1].request.path == "/_dash-update-component"


def test_websocket_says_what_the_asgi_side_must_do() -> None:
    (step,) = parsed('[[websocket]]\nafter = "refused"\nheaders = { Origin = "http://evil" }').steps
    assert isinstance(step, WebSocket)
    assert (step.after, step.path, step.headers) == (
        "refused",
        "/_dash-ws-callback",
        (("Origin", "http://evil"),),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[request]]\n", r"requests\.toml: step 1, \[\[request\]\]: key 'path' is missing"),
        (
            '[[request]]\nname = "x"\npath = "/"\nmetod = "GET"',
            r"step 1, \[\[request\]\] \(x\): unknown key 'metod'",
        ),
        ('[[request]]\npath = "/ü"', "must be percent-encoded"),
        ('[[request]]\npath = "/"\nignore = ["body"]', "need a 'why'"),
        ('[[request]]\npath = "/"\nignore = "status"\nwhy = "w"', "the status cannot be ignored"),
        ('[[request]]\npath = "/"\njson = 1\ntext = "x"', "one body only, not json and text"),
        ('[[request]]\npath = "/"\njson = 2020-01-01', "write dates as strings"),
        ('[[request]]\npath = "/"\nmask = "("\nwhy = "w"', "is not a regular expression"),
        ('[[request]]\npath = "/"\ncapture = { a = "x" }', "needs one group"),
        ('[[request]]\npath = "/"\nrepeat = 0', "whole number of at least 1"),
        ('[[request]]\npath = "/"\nfollow = "yes"', "must be true or false"),
        ('[[parallel]]\npath = "/"', "'max_seconds' is missing"),
        ('[[websocket]]\nafter = "shut"', "must be one of open, refused"),
        ('[[callback]]\ninputs = { "a.b" = 1 }', "key 'output' must be"),
        ('[[callback]]\noutput = "a.b"\ninputs = "{"', "key 'inputs' is not JSON"),
        ("", r"no \[\[request\]\]"),
        ("[[request", "not TOML"),
        ('kind = "apache"\n[[request]]\npath = "/"', "must be one of werkzeug"),
        ('[request]\npath = "/"', r"is written as \[\[request\]\]"),
        ('request = [{ path = "/" }]', "lines that start one"),
    ],
)
def test_mistakes_are_named(text: str, message: str) -> None:
    with pytest.raises(RequestsFileError, match=message):
        parsed(text)


def test_a_missing_target_is_named() -> None:
    with pytest.raises(RequestsFileError, match=r"requests\.toml: key 'target' is missing"):
        parsed('[[request]]\npath = "/"', "")
