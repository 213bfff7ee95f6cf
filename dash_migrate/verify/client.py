"""One HTTP exchange, as raw as the standard library allows: nothing followed, decoded or added unasked."""

from __future__ import annotations

import http.client
import time
from dataclasses import dataclass

from dash_migrate.verify.steps import Headers

USER_AGENT = "dash-migrate-verify"
BODY_METHODS = frozenset({"POST", "PUT", "PATCH"})
"""Methods for which clients send ``Content-Length: 0`` when there is no body."""


@dataclass(frozen=True)
class Address:
    """Where a server listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Answer:
    """What came back for one request.

    ``status`` is 0 and ``error`` says why if no answer came; with a status, ``error`` says that the body
    broke off. ``headers`` keep order, repetition and spelling; ``elapsed`` is in seconds, ``at`` in seconds
    since the epoch.
    """

    name: str
    method: str
    path: str
    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    error: str = ""
    elapsed: float = 0.0
    at: float = 0.0

    def all(self, name: str) -> tuple[str, ...]:
        """The values of all header lines of that name (any case)."""
        wanted = name.lower()
        return tuple(value for key, value in self.headers if key.lower() == wanted)

    def get(self, name: str, default: str = "") -> str:
        """The value of the first header line of that name (any case)."""
        return next(iter(self.all(name)), default)


def exchange(
    address: Address,
    name: str,
    method: str,
    path: str,
    headers: Headers,
    body: bytes | None,
    *,
    host: str,
    timeout: float,
    chunked: bool = False,
) -> Answer:
    """Send one request on a connection of its own and read the whole answer.

    Never raises for what the server does: a refused or broken connection is an answer with an error.
    """
    connection = http.client.HTTPConnection(address.host, address.port, timeout=timeout)
    start, at = time.perf_counter(), time.time()
    status, content, error = 0, b"", ""
    received: tuple[tuple[str, str], ...] = ()
    try:
        _send(connection, method, path, headers, body, host, chunked)
        response = connection.getresponse()
        status, received = (
            response.status,
            tuple((key, value.strip()) for key, value in response.headers.items()),
        )
        content = response.read()
    except http.client.IncompleteRead as broken:
        content, error = broken.partial, "the connection broke off within the body"
    except (OSError, http.client.HTTPException) as broken:
        error = f"{type(broken).__name__}: {broken}".rstrip(": ")
    finally:
        connection.close()
    elapsed = time.perf_counter() - start
    return Answer(name, method, path, status, received, content, error, elapsed, at)


def _send(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    headers: Headers,
    body: bytes | None,
    host: str,
    chunked: bool,
) -> None:
    given = {key.lower() for key, _ in headers}
    lines = [(key, value) for key, value in headers if value is not None]
    defaults = {"Host": host, "Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": USER_AGENT}
    lines[:0] = [(key, value) for key, value in defaults.items() if key.lower() not in given]
    if chunked:
        lines.append(("Transfer-Encoding", "chunked"))
    elif "content-length" not in given and (body is not None or method in BODY_METHODS):
        lines.append(("Content-Length", str(len(body or b""))))
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for key, value in lines:
        connection.putheader(key, value)
    if chunked:
        connection.endheaders([body or b""], encode_chunked=True)
        return
    try:
        connection.endheaders(body)
    except (BrokenPipeError, ConnectionResetError):
        return  # refused before the body was through (413): the answer may be there already
