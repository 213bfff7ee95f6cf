"""Boots the small apps of the probes on a given interpreter and asks them things."""

from __future__ import annotations

import contextlib
import json
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dash_migrate.model import Backend
from dash_migrate.verify.bodies import callback_body
from dash_migrate.verify.boot import BootError, Server
from dash_migrate.verify.client import Answer, exchange
from dash_migrate.verify.steps import ServerKind

#: what each backend is served with when a probe does not say
KINDS: dict[Backend, ServerKind] = {"flask": "werkzeug", "fastapi": "uvicorn", "quart": "hypercorn"}

#: packages that a probe sees only if it asks for them: Dash behaves differently when they are installed
HIDDEN = ("asgiref", "quart_compress", "flask_compress", "brotli")

PRELUDE = """
import os, sys
for _name in os.environ.get("PROBE_HIDE", "").split():
    sys.modules[_name] = None  # importing it fails as if it were not installed
import dash
from dash import Dash, Input, Output, State, callback, dcc, html
BACKEND = os.environ["PROBE_BACKEND"]
VERSION = tuple(int(part) for part in dash.__version__.split(".")[:2])
SOCKETS = {"websocket_callbacks": True} if VERSION >= (4, 2) else {}

def make(name="app", **options):
    if BACKEND != "flask":
        options.setdefault("backend", BACKEND)
    return Dash(name, **options)
"""

SECONDS = 20.0
"""Until a request is given up; a hanging answer is one of the things that probes look for."""


@dataclass
class Running:
    """A booted probe app."""

    server: Server
    timeout: float = SECONDS

    def ask(
        self,
        path: str,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float | None = None,
    ) -> Answer:
        """One request; a broken or missing answer has the status 0."""
        sent = tuple((headers or {}).items())
        return exchange(
            self.server.address, path, method, path, sent, body, host="localhost:8050", timeout=timeout or self.timeout
        )

    def post_json(self, path: str, value: Any, headers: Mapping[str, str] | None = None) -> Answer:
        return self.ask(
            path, "POST", {"Content-Type": "application/json", **(headers or {})}, json.dumps(value).encode()
        )

    def callback(
        self, output: str = "o.children", headers: Mapping[str, str] | None = None, prefix: str = "/", **inputs: Any
    ) -> Answer:
        """Runs the callback that sets ``output`` from inputs ``i.value=1`` (default) as the renderer does."""
        values = {key.replace("__", "."): value for key, value in inputs.items()} or {"i.value": 1}
        body = callback_body(output, values, {})
        sent = {"Content-Type": "application/json", **(headers or {})}
        return self.ask(prefix + "_dash-update-component", "POST", sent, body)

    def together(self, count: int, path: str = "") -> float:
        """Seconds until ``count`` callbacks (or GETs of a path) sent at once are all answered."""
        start = time.monotonic()
        with ThreadPoolExecutor(count) as pool:
            list(pool.map(lambda _: self.ask(path) if path else self.callback(), range(count)))
        return time.monotonic() - start

    def websocket(self, headers: Mapping[str, str] | None = None) -> str:
        """What comes of a callback over a websocket: ``refused 403``, ``answered <json>``, ``error <text>``."""
        from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
        from websockets.sync.client import connect
        from websockets.typing import Origin

        address = self.server.address
        payload = json.loads(callback_body("o.children", {"i.value": 1}, {}))
        message = {"type": "callback_request", "requestId": "1", "rendererId": "r", "payload": payload}
        try:
            with (
                socket.create_connection((address.host, address.port), timeout=self.timeout) as sock,
                connect(
                    "ws://localhost:8050/_dash-ws-callback",
                    sock=sock,
                    origin=Origin("http://localhost:8050"),
                    additional_headers=dict(headers or {}),
                    open_timeout=self.timeout,
                    close_timeout=1,
                    proxy=None,
                ) as connection,
            ):
                connection.send(json.dumps(message))
                return _last_message(connection, self.timeout)
        except InvalidStatus as refused:
            return f"refused {refused.response.status_code}"
        except ConnectionClosed as closed:
            return f"closed {closed.rcvd.code if closed.rcvd else ''}".strip()
        except (InvalidHandshake, OSError, EOFError, TimeoutError) as broken:
            return f"refused ({type(broken).__name__})"

    @property
    def log(self) -> str:
        return self.server.log()


def _last_message(connection: Any, timeout: float) -> str:
    """The answer to a callback request among what the server sends; several may come in one frame."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        received = json.loads(connection.recv(timeout=timeout))
        for one in received if isinstance(received, list) else received.get("messages", [received]):
            kind = one.get("type", "")
            if kind in ("callback_response", "callback_error") or one.get("requestId") == "1":
                payload = one.get("payload", one)
                failed = kind == "callback_error" or (isinstance(payload, dict) and payload.get("status") == "error")
                return ("error " if failed else "answered ") + json.dumps(payload)
    return "no answer"


@dataclass
class Lab:
    """One interpreter with one version of Dash.

    ``kept`` receives what the apps printed, by probe and backend, for whoever wonders about a cell.
    """

    interpreter: str
    version: str
    timeout: float = 40.0
    kept: dict[str, str] = field(default_factory=dict)

    @contextlib.contextmanager
    def run(
        self,
        source: str,
        backend: Backend,
        kind: ServerKind | None = None,
        *,
        target: str = "app:server",
        options: Sequence[str] = (),
        shows: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        files: Mapping[str, str] | None = None,
        argv: Sequence[str] = (),
    ) -> Iterator[Running]:
        """Boot an app whose source follows the prelude (``make(...)`` is ``Dash(...)`` on the backend).

        Args:
            shows: packages of ``HIDDEN`` that it may import.
            files: further files by relative path.

        Raises:
            BootError: it did not come up.
        """
        with tempfile.TemporaryDirectory(prefix="dash-migrate-probe-", ignore_cleanup_errors=True) as scratch:
            folder = Path(scratch)
            for name, text in {"app.py": PRELUDE + source, **(files or {})}.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text(text, encoding="utf-8")
            hidden = " ".join(name for name in HIDDEN if name not in shows)
            server = Server(
                folder,
                target if kind != "script" else "app.py",
                kind or KINDS[backend],
                env={"PROBE_BACKEND": backend, "PROBE_HIDE": hidden, "PYTHONWARNINGS": "ignore", **(env or {})},
                options=argv if kind == "script" else options,
                interpreter=self.interpreter,
                timeout=self.timeout,
            )
            with server:
                yield Running(server)


def reason(error: BootError) -> str:
    """The last line of a traceback in the log of what did not boot: ``TypeError: …``."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    for line in reversed(lines):
        head = line.partition(":")[0]
        if head.replace(".", "").isidentifier() and (
            head.endswith(("Error", "Exception", "Warning")) or "Error" in head
        ):
            return line if len(line) <= 140 else line[:139] + "…"
    return lines[0][:140] if lines else "did not boot"
