"""What the generated packages make of a connection: whom they believe, as Flask behind gunicorn did."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from dash_migrate.runtime.dash_flask_bridge.wsgi import environ_of
from dash_migrate.runtime.dash_on_fastapi.peer import as_connected, as_passed_on


class _Server:
    """uvicorn's side of a connection from a proxy on this machine, whose headers it believed."""

    def __init__(self) -> None:
        self.transport = SimpleNamespace(get_extra_info={"peername": ("127.0.0.1", 4321)}.get)

    async def receive(self) -> Any:
        return {"type": "http.disconnect"}


SCOPE = {
    "type": "http",
    "method": "GET",
    "path": "/x",
    "query_string": b"",
    "headers": [(b"x-forwarded-for", b"9.9.9.9"), (b"x-forwarded-proto", b"https")],
    "client": ("9.9.9.9", 0),
    "scheme": "https",
}


def test_the_scheme_is_the_servers_to_tell_but_not_the_client() -> None:
    receive = _Server().receive
    scope = as_connected(SCOPE, receive)
    environ = environ_of(SCOPE, receive, SimpleNamespace(readable=lambda: True, closed=False))
    assert (scope["scheme"], environ["wsgi.url_scheme"]) == ("https", "https")
    assert (scope["client"][0], environ["REMOTE_ADDR"]) == ("127.0.0.1", "127.0.0.1")


@pytest.mark.parametrize(
    ("root", "path", "seen"),
    [("", "//x", "/x"), ("", "///", "/"), ("", "/x//y", "/x//y"), ("/r", "/r//x", "/r/x"), ("/r", "/r", "/r/")],
)
def test_one_slash_starts_a_path(root: str, path: str, seen: str) -> None:
    assert as_passed_on({"headers": [], "root_path": root, "path": path})["path"] == seen
