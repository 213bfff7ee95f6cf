"""Asks every copy of an app the same, and remembers what the answers lead to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dash_migrate.verify.client import BODY_METHODS, Answer
from dash_migrate.verify.derive.known import Known
from dash_migrate.verify.derive.pages import Form, links_of, read_page
from dash_migrate.verify.derive.requests import Wanted
from dash_migrate.verify.lockstep import Lockstep
from dash_migrate.verify.steps import ANONYMOUS, Headers, Request

REFUSED = 403
SLOW = 0.25
"""Seconds from which on a callback or route is worth asking several times at once."""


@dataclass(frozen=True)
class Client:
    """Who asks: a cookie jar of its own, headers and a query that go with every request."""

    name: str = ANONYMOUS
    headers: Headers = ()
    query: str = ""


NOBODY = Client()


@dataclass(frozen=True)
class Entry:
    """What made a server set a cookie: the requests that lead there, from a fresh jar."""

    what: str
    steps: tuple[Wanted, ...]
    cookies: tuple[str, ...]


class Asker:
    """What has been asked so far, and what came of it."""

    def __init__(self, lockstep: Lockstep, *, host: str, timeout: float) -> None:
        self.lockstep, self.host, self.timeout = lockstep, host, timeout
        self.known = Known()
        self.notes: list[str] = []
        self._entries: list[Entry] = []
        self._seen: dict[tuple[Any, ...], Answer] = {}
        self._links: list[str] = []
        self._forms: list[tuple[str, Form]] = []
        self._slow: list[tuple[float, Request]] = []
        #: what is not for nobody, though asking for a page is not enough to see it
        self._closed: list[Wanted] = []
        self._open: set[tuple[str, str]] = set()

    def _ask(
        self,
        method: str,
        path: str,
        kind: str,
        client: Client = NOBODY,
        *,
        headers: Headers = (),
        body: bytes | None = None,
        name: str = "",
        capture: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request, what it leads to is remembered; one of nobody's that has been sent is not sent again."""
        key = (method, path, headers, body)
        if client.name == ANONYMOUS and key in self._seen:
            return self._seen[key]
        if client.query:
            path += ("&" if "?" in path else "?") + client.query
        who = "" if client.name == ANONYMOUS else f" as {client.name}"
        request = Request(
            name=f"{name or f'{method} {path}'}{who}",
            path=path,
            method=method,
            headers=_joined(client.headers, headers),
            body=body,
            session=client.name,
            timeout=self.timeout,
            capture=dict(capture or {}),
        )
        answer = self.lockstep.ask(request, kind)
        if client.name == ANONYMOUS:
            self._seen[key] = answer
        if client.name == ANONYMOUS and method in ("GET", "POST"):
            self._remember(method, path, headers, body, answer)
        if client is NOBODY and method in BODY_METHODS | {"DELETE"}:
            self._open |= {(method, path.partition("?")[0])} if answer.status < 400 else set()
            ours = [one for one in self._closed if one.path == path]
            if answer.status in (401, REFUSED) and len(ours) < 2:
                self._closed.append(Wanted(method, path, headers, body, name))
        if answer.elapsed >= SLOW and answer.status == 200 and not answer.error and method in ("GET", "POST"):
            self._slow.append((answer.elapsed, request))
        return answer

    def _remember(self, method: str, path: str, headers: Headers, body: bytes | None, answer: Answer) -> None:
        cookies = tuple(sorted(line.partition(";")[0] for line in answer.all("set-cookie")))
        if cookies:
            wanted = Wanted(method, path, headers, body)
            self._entries.append(Entry(f"{method} {path}", (wanted,), cookies))
        if method == "GET":
            self._links += [link for link in links_of(answer, self.host) if link not in self._links]
            for form in read_page(answer)[1]:
                if all(form != known for _, known in self._forms):
                    self._forms.append((path, form))
        else:
            self._links += [link for link in links_of(answer, self.host) if link not in self._links]


def _joined(usual: Headers, own: Headers) -> Headers:
    """The headers of a request: its own take the place of what the client usually sends."""
    given = {key.lower() for key, _ in own}
    return (*((key, value) for key, value in usual if key.lower() not in given), *own)
