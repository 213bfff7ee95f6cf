"""Comparing answers: what a client could tell apart is found, what is volatile is not."""

from __future__ import annotations

import gzip
import json

import pytest
from flask import Flask
from flask.sessions import SecureCookieSessionInterface

from dash_migrate.verify import Answer, Rules, compare_answers, more_open

Headers = dict[str, str]


def answer(status: int = 200, body: bytes | str = b"x", at: float = 1e9, method: str = "GET", **headers: str) -> Answer:
    lines = {"Content-Type": "text/html; charset=utf-8"}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    data = body.encode() if isinstance(body, str) else body
    return Answer("r", method, "/page?q=1", status, tuple(lines.items()), data, at=at)


def whats(before: Answer, after: Answer, rules: Rules | None = None) -> list[str]:
    return [item.what for item in compare_answers(before, after, rules or Rules())]


def session_cookie(secret: str, **values: object) -> str:
    app = Flask("x")
    app.secret_key = secret
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signer is not None
    return f"session={signer.dumps(values)}; HttpOnly; Path=/"


def test_equal_answers_have_no_difference() -> None:
    assert whats(answer(Vary="Cookie"), answer(Vary="Cookie")) == []


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        (answer(401, "no"), answer(200, "secret"), ["status", "body"]),
        (answer(404), answer(405), ["status"]),
        (answer(302, Location="/login"), answer(302, Location="/"), ["header:location"]),
        (answer(Set_Cookie="a=1; Path=/"), answer(), ["cookie:a"]),
        (answer(Set_Cookie="a=1; Path=/"), answer(Set_Cookie="a=1; Path=/; SameSite=lax"), ["cookie:a"]),
        (answer(Set_Cookie="a=1; Path=/"), answer(Set_Cookie="a=2; Path=/"), ["cookie:a"]),
        (answer(Set_Cookie="a=1; Max-Age=60"), answer(Set_Cookie="a=1"), ["cookie:a"]),
        (answer(body="posted: abc"), answer(body="posted: "), ["body"]),
        (answer(X_Frame_Options="DENY"), answer(), ["header:x-frame-options"]),
        (answer(Trace_Id="7"), answer(Trace_Id="8"), ["header:trace-id"]),
        (answer(Cache_Control="no-cache"), answer(Cache_Control="public"), ["header:cache-control"]),
        (answer(ETag='"a"'), answer(ETag='W/"a"'), ["header:etag"]),
        (answer(ETag='"a"'), answer(), ["header:etag"]),
        (answer(Allow="GET, HEAD"), answer(Allow="GET"), ["header:allow"]),
        (answer(Content_Type="text/html"), answer(), ["content-type"]),
        (answer(Content_Type="application/json"), answer(Content_Type="text/html"), ["content-type"]),
    ],
)
def test_a_planted_difference_is_found(before: Answer, after: Answer, what: list[str]) -> None:
    assert whats(before, after) == what


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (answer(Allow="GET, HEAD"), answer(Allow="HEAD,GET")),
        (answer(Vary="Cookie, Origin"), answer(Vary="origin, cookie")),
        (answer(ETag='"1-2"'), answer(ETag='"3-4"')),
        (answer(Date="a", Server="b"), answer(Date="c", Server="d", Connection="close")),
        (answer(Content_Type="text/html; charset=utf-8"), answer(Content_Type="text/html;charset=UTF-8")),
        (answer(Set_Cookie="a=1; Path=/; HttpOnly"), answer(Set_Cookie="a=1; httponly; path=/")),
    ],
)
def test_spelling_is_no_difference(before: Answer, after: Answer) -> None:
    assert whats(before, after) == []


def test_json_is_compared_by_value_and_type() -> None:
    def body(text: str) -> Answer:
        return answer(body=text, Content_Type="application/json")

    assert whats(body('{"a": 1, "b": [true, null]}'), body('{"b":[true,null],"a":1}\n')) == []
    assert whats(body('{"a": NaN}'), body('{"a":NaN}')) == []
    for other in ('{"a": 1.0}', '{"a": true}', '{"a": "1"}', '{"a": 1, "b": 2}', "{}", "oops"):
        assert whats(body('{"a": 1}'), body(other)) == ["body"], other


def test_volatile_parts_of_the_index_are_not_compared() -> None:
    def page(config: dict[str, object], stamp: str, mtime: str) -> Answer:
        return answer(
            body=f'<link href="/assets/a.css?m={mtime}"><script src="/_dash-component-suites/dash/deps/'
            f'react@18.v4_4_1{stamp}.min.js"></script><script id="_dash-config" type="application/json">'
            f"{json.dumps(config)}</script>"
        )

    before = page({"requests_pathname_prefix": "/", "end_id": "a"}, "m17", "1.5")
    assert whats(before, page({"end_id": "b", "requests_pathname_prefix": "/", "websocket": {}}, "m18", "2")) == []
    assert whats(before, page({"requests_pathname_prefix": "/x/"}, "m17", "1.5")) == ["body"]


def test_signed_sessions_are_compared_by_payload() -> None:
    def with_session(secret: str, **values: object) -> Answer:
        return answer(Set_Cookie=session_cookie(secret, **values))

    long = "x" * 2000
    assert whats(with_session("k", user="ann", text=long), with_session("k2", user="ann", text=long)) == []
    assert whats(with_session("k", user="ann"), with_session("k", user="bob")) == ["cookie:session"]
    assert whats(with_session("k", user="ann"), answer(Set_Cookie="session=other; HttpOnly; Path=/")) == [
        "cookie:session"
    ]


def test_life_times_are_relative_to_the_answer() -> None:
    def lasting(expires: str, at: float) -> Answer:
        return answer(at=at, Set_Cookie=f"a=1; Expires={expires}", Expires=expires)

    nine, ten = "Sun, 09 Sep 2001 01:46:40 GMT", "Sun, 09 Sep 2001 02:46:40 GMT"
    assert whats(lasting(nine, 1e9 - 60), lasting(ten, 1e9 + 3540)) == []
    assert whats(lasting(nine, 1e9 - 60), lasting(ten, 1e9 - 60)) == ["header:expires", "cookie:a"]
    assert whats(lasting("Thu, 01 Jan 1970 00:00:00 GMT", 1e9), lasting(nine, 1e9 + 99)) == []


def test_what_the_step_ignores_or_masks() -> None:
    before, after = (
        answer(body="id 17 ok", X_Id="17", Set_Cookie="sid=a"),
        answer(body="id 99 ok", X_Id="9", Set_Cookie="sid=b"),
    )
    assert whats(before, after) == ["header:x-id", "cookie:sid", "body"]
    assert whats(before, after, Rules(ignore=frozenset({"x-id", "cookie:sid", "body"}))) == []
    assert whats(before, after, Rules(ignore=frozenset({"x-id", "cookie:sid"}), mask=(r"\d+",))) == []
    assert whats(before, answer(body="id 17 ok", X_Id="17"), Rules(ignore=frozenset({"cookie:sid"}))) == ["cookie:sid"]
    dated = Rules(compare_headers=frozenset({"last-modified"}))
    assert whats(answer(Last_Modified="a"), answer(Last_Modified="b"), dated) == ["header:last-modified"]


def test_compressed_bodies_are_compared_inflated() -> None:
    one = answer(body=gzip.compress(b"same", mtime=1), Content_Encoding="gzip")
    assert whats(one, answer(body=gzip.compress(b"same", 1, mtime=2), Content_Encoding="gzip")) == []
    assert whats(one, answer(body=gzip.compress(b"other"), Content_Encoding="gzip")) == ["body"]
    assert whats(one, answer(body="same")) == ["header:content-encoding"]


def test_a_broken_connection_is_a_difference() -> None:
    broken = Answer("r", "GET", "/", 0, error="ConnectionResetError")
    assert whats(answer(), broken) == ["error", "status"]
    assert whats(broken, broken) == []


@pytest.mark.parametrize(
    ("before", "after", "opened"),
    [
        (answer(401), answer(200), True),
        (answer(403), answer(204), True),
        (answer(404), answer(200), True),
        (answer(500), answer(200), True),
        (answer(302, Location="/login?next=/page"), answer(200), True),
        (answer(302, Location="http://localhost:8050/login"), answer(200), True),
        (answer(308, Location="http://localhost:8050/page/"), answer(200), False),
        (answer(401), answer(403), False),
        (answer(401), answer(302, Location="/login"), False),
        (answer(200), answer(200, "other"), False),
        (answer(200), answer(401), False),
    ],
)
def test_more_open(before: Answer, after: Answer, opened: bool) -> None:
    assert more_open(before, after) is opened
    assert any(item.opened for item in compare_answers(before, after)) is opened


def test_a_difference_can_be_read() -> None:
    found = compare_answers(answer(401, "a" * 500 + "b"), answer(200, "a" * 500 + "c"))
    text = "\n".join(map(str, found))
    assert "r: status (MORE OPEN)" in text
    assert "before: 401" in text
    assert "aab'" in text
    assert "aac'" in text
