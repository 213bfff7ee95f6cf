"""What can be asked of a server: the records that a requests file becomes and that a replay plays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

ANONYMOUS = "anonymous"
"""The client that keeps no cookies."""

ServerKind = Literal["werkzeug", "gunicorn", "uvicorn", "hypercorn", "script", "asgi"]
"""``asgi`` is uvicorn, started by ``_serve.py``, which finds by itself what a module serves."""
SERVER_KINDS: tuple[ServerKind, ...] = ("werkzeug", "gunicorn", "uvicorn", "hypercorn", "script")

Headers = tuple[tuple[str, "str | None"], ...]
"""Header lines in the order they are sent; None as value: do not send the default of that name."""


@dataclass(frozen=True)
class Rules:
    """What counts as equal for the answers of one step.

    ``ignore`` holds ``"body"``, header names in lower case and ``"cookie:<name>"`` (its value only);
    ``mask`` regular expressions whose matches are cut out of both bodies;
    ``compare_headers`` headers to compare that are not compared by default; ``why`` explains the first two.
    """

    ignore: frozenset[str] = frozenset()
    mask: tuple[str, ...] = ()
    compare_headers: frozenset[str] = frozenset()
    why: str = ""


@dataclass(frozen=True)
class Request:
    """One HTTP request, as bytes as they go out; ``{{name}}`` stands for a value captured earlier.

    ``session`` names the cookie jar, ``timeout`` and ``wait`` (before sending) are in seconds,
    ``capture`` maps a name to a regular expression with one group, searched in the answer's headers and body.
    """

    name: str
    path: str
    method: str = "GET"
    headers: Headers = ()
    body: bytes | None = None
    chunked: bool = False
    session: str = ANONYMOUS
    follow: bool = False
    repeat: int = 1
    timeout: float = 30.0
    wait: float = 0.0
    capture: Mapping[str, str] = field(default_factory=dict)
    rules: Rules = Rules()


@dataclass(frozen=True)
class Parallel:
    """``count`` copies of one request sent at the same moment; all must be back after ``max_seconds``."""

    request: Request
    count: int
    max_seconds: float

    @property
    def name(self) -> str:
        return self.request.name


@dataclass(frozen=True)
class WebSocket:
    """A websocket handshake, tried on the ASGI side only: Flask has no websockets to compare with."""

    name: str
    path: str
    after: Literal["open", "refused"]
    headers: Headers = ()
    session: str = ANONYMOUS
    timeout: float = 10.0


Step = Request | Parallel | WebSocket


@dataclass(frozen=True)
class RequestsFile:
    """A parsed ``requests.toml``: how to boot the app, and the steps in the order of the file.

    ``target`` and ``after_target`` are ``module:attribute`` (or a script path for the kind ``script``);
    ``cwd`` and ``sys_path`` are relative to the app's directory; ``host`` is the ``Host`` header that is
    sent to both sides, so that absolute URLs in answers can be compared; ``port`` fixes the port of a
    script that cannot be told one.
    """

    path: Path
    target: str
    after_target: str
    kind: ServerKind = "werkzeug"
    cwd: str = "."
    sys_path: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    argv: tuple[str, ...] = ()
    host: str = "localhost:8050"
    port: int | None = None
    steps: tuple[Step, ...] = ()
