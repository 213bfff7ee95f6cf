"""Play the steps of a requests file against a running server and keep the answers."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import quote_plus, urljoin, urlsplit

from dash_migrate.verify.client import Address, Answer, exchange
from dash_migrate.verify.cookies import Jar
from dash_migrate.verify.steps import ANONYMOUS, Headers, Parallel, Request, Step, WebSocket

MAX_HOPS = 10
_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
_QUOTED_PLACEHOLDER = re.compile(r"%7B%7B(\w+)%7D%7D")  # within a form


def play(
    steps: Iterable[Step],
    address: Address,
    *,
    host: str = "localhost:8050",
    websockets: bool = False,
    on_answer: Callable[[Answer], None] | None = None,
) -> dict[str, tuple[Answer, ...]]:
    """Play ``steps`` in order; the answers by the name of their step.

    A step has several answers if it repeats, is sent in parallel (then sorted, since they race) or follows
    redirects. Websocket steps are left out unless ``websockets``. Broken connections are answers, too.
    """
    player = Player(address, host)
    played: dict[str, tuple[Answer, ...]] = {}
    for step in steps:
        if isinstance(step, WebSocket) and not websockets:
            continue
        answers = player.play(step)
        played[step.name] = tuple(answers)
        if on_answer is not None:
            for answer in answers:
                on_answer(answer)
    return played


class Player:
    """The client's side of one run: its cookie jars and captured values."""

    def __init__(self, address: Address, host: str = "localhost:8050") -> None:
        self._address, self._host = address, host
        self._jars: dict[str, Jar] = {}
        self._captured: dict[str, str] = {}

    def play(self, step: Step) -> list[Answer]:
        """Play one step, also a websocket's."""
        if isinstance(step, WebSocket):
            return [self.handshake(step)]
        return self.parallel(step) if isinstance(step, Parallel) else self.request(step)

    def request(self, request: Request) -> list[Answer]:
        answers: list[Answer] = []
        time.sleep(request.wait)
        for number in range(1, request.repeat + 1):
            name = request.name if request.repeat == 1 else f"{request.name} #{number}"
            answers.append(self._once(replace(request, name=name)))
            if request.follow:
                answers += self._hops(request, answers[-1])
        self._capture(request, answers[-1])
        return answers

    def parallel(self, step: Parallel) -> list[Answer]:
        ready = threading.Barrier(step.count)

        def one(number: int) -> Answer:
            ready.wait()
            return self._once(replace(step.request, name=f"{step.name} #{number}"))

        with ThreadPoolExecutor(step.count) as pool:
            answers = list(pool.map(one, range(1, step.count + 1)))
        return sorted(answers, key=lambda answer: (answer.status, answer.body))

    def handshake(self, step: WebSocket) -> Answer:
        headers = self.with_cookies(step.headers, step.path, step.session)
        return _handshake(self._address, self._host, step, headers)

    def _once(self, request: Request) -> Answer:
        path, headers, body = self._filled(request)
        answer = exchange(
            self._address,
            request.name,
            request.method,
            path,
            self.with_cookies(headers, path, request.session),
            body,
            host=self._host,
            timeout=request.timeout,
            chunked=request.chunked,
        )
        jar = self._jar(request.session)
        for line in answer.all("set-cookie") if jar is not None else ():
            assert jar is not None
            jar.store(line, answer.at)
        return answer

    def _hops(self, request: Request, answer: Answer) -> list[Answer]:
        """Follow redirects as a browser does: 303, and 301 and 302 of a POST, become GET."""
        hops: list[Answer] = []
        while answer.status in {301, 302, 303, 307, 308} and answer.get("location") and len(hops) < MAX_HOPS:
            target = urlsplit(urljoin(f"http://{self._host}{answer.path}", answer.get("location")))
            if target.netloc != self._host:
                break
            path = (target.path or "/") + (f"?{target.query}" if target.query else "")
            keep = answer.status in {307, 308} or request.method in {"GET", "HEAD"}
            request = replace(
                request,
                name=f"{request.name} > {path}",
                path=path,
                method=request.method if keep else "GET",
                body=request.body if keep else None,
                headers=request.headers if keep else _without_content_type(request.headers),
            )
            answer = self._once(request)
            hops.append(answer)
        return hops

    def _jar(self, session: str) -> Jar | None:
        return None if session == ANONYMOUS else self._jars.setdefault(session, Jar())

    def with_cookies(self, headers: Headers, path: str, session: str) -> Headers:
        """The headers that a client sends, with its cookies."""
        jar = self._jar(session)
        line = jar.header(path) if jar is not None else ""
        if not line:
            return headers
        own = "; ".join(value for key, value in headers if key.lower() == "cookie" and value)
        kept = tuple(pair for pair in headers if pair[0].lower() != "cookie")
        return (*kept, ("Cookie", "; ".join(filter(None, (own, line)))))

    def _capture(self, request: Request, answer: Answer) -> None:
        if not request.capture:
            return
        head = "\n".join(f"{key}: {value}" for key, value in answer.headers)
        text = head + "\n\n" + answer.body.decode("utf-8", "replace")
        for name, pattern in request.capture.items():
            found = re.search(pattern, text, re.MULTILINE)
            self._captured[name] = found.group(1) if found else ""

    def _filled(self, request: Request) -> tuple[str, Headers, bytes | None]:
        if not self._captured:
            return request.path, request.headers, request.body
        headers: Headers = tuple((key, value if value is None else self._fill(value)) for key, value in request.headers)
        body = request.body
        if body is not None:
            text = _QUOTED_PLACEHOLDER.sub(self._quoted, body.decode("latin-1"))
            body = self._fill(text).encode("latin-1", "replace")
        return self._fill(request.path), headers, body

    def _quoted(self, match: re.Match[str]) -> str:
        return quote_plus(self._captured[match[1]]) if match[1] in self._captured else match[0]

    def _fill(self, text: str) -> str:
        return _PLACEHOLDER.sub(lambda match: self._captured.get(match[1], match[0]), text)


def _without_content_type(headers: Headers) -> Headers:
    return tuple(pair for pair in headers if pair[0].lower() != "content-type")


def _handshake(address: Address, host: str, step: WebSocket, headers: Headers) -> Answer:
    """Try to open a websocket: status 101 if it opens, else the status of the refusal, or 0 with an error."""
    from websockets.exceptions import InvalidHandshake, InvalidStatus
    from websockets.sync.client import connect

    host = next((value for key, value in headers if key.lower() == "host" and value), host)
    origin = next((value for key, value in headers if key.lower() == "origin"), f"http://{host}")
    sent = [(key, value) for key, value in headers if value is not None and key.lower() not in ("origin", "host")]
    start, at, error = time.perf_counter(), time.time(), ""
    try:
        with (
            socket.create_connection((address.host, address.port), timeout=step.timeout) as sock,
            connect(
                f"ws://{host}{step.path}",
                sock=sock,
                origin=origin,  # type: ignore[arg-type]
                additional_headers=sent,
                open_timeout=step.timeout,
                close_timeout=1,
                proxy=None,
            ),
        ):
            status = 101
    except InvalidStatus as refused:
        status = refused.response.status_code
    except (InvalidHandshake, OSError, EOFError, TimeoutError) as broken:
        status, error = 0, f"{type(broken).__name__}: {broken}"
    elapsed = time.perf_counter() - start
    return Answer(step.name, "GET", step.path, status, error=error, elapsed=elapsed, at=at)
