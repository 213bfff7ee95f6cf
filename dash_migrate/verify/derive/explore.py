"""Goes through an app as a curious visitor would, and asks every copy of it the same."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from urllib.parse import quote_plus

from dash_migrate.verify.client import Answer
from dash_migrate.verify.derive.asker import NOBODY, REFUSED, Client, Entry
from dash_migrate.verify.derive.known import Known
from dash_migrate.verify.derive.pages import Form, hidden_value, local
from dash_migrate.verify.derive.requests import Wanted, gate_headers, gate_queries, is_entering, is_leaving
from dash_migrate.verify.derive.samples import SAMPLE, paths_of
from dash_migrate.verify.derive.surface import MOST_OF_A_CLIENT, Surface
from dash_migrate.verify.lockstep import Enough, Lockstep
from dash_migrate.verify.steps import Headers, Parallel, Request

MOST_SESSIONS = 10
MOST_REVISITS = 4
MOST_LINKS = 40
MOST_CLOSED = 10


class Explorer(Surface):
    """Asks everything; ``describe`` is called once the first pages have been asked for."""

    def __init__(self, lockstep: Lockstep, describe: Callable[[], Known], *, host: str, timeout: float) -> None:
        super().__init__(lockstep, host=host, timeout=timeout)
        self._describe = describe

    def run(self, parallel: int = 4) -> None:
        """Ask until there is nothing more to ask, or enough has been asked."""
        try:
            self._ask("GET", "/", "pages")
            self._ask("GET", "/_dash-layout", "dash")
            self.known = self._describe()
            for part in (self._nobody, self._gates, self._sessions, self._crawl):
                part()
        except Enough:
            self.notes.append(f"stopped after {len(self.lockstep.asked)} requests; there was more to ask")
        self._parallel(parallel)
        with suppress(Enough):
            self._handshakes.try_all()

    # --- gates: with and without what they ask for

    def _gates(self) -> None:
        callback = "_dash-update-component"
        self._closed = [one for one in self._closed if one.path.endswith(callback) or
                        (one.method, one.path.partition("?")[0]) not in self._open][:MOST_CLOSED]  # fmt: skip
        pairs = self.known.credentials.candidates()
        clients = [Client(f"{what}", headers) for headers, what in gate_headers(self.known.gates, pairs)]
        refused = [self._statuses(NOBODY)]
        if any(status == 401 for status in refused[0]) or "BasicAuth" in self.known.uses:
            for user, password in [*pairs[:4], (SAMPLE, "wrong-password")]:
                token = base64.b64encode(f"{user}:{password}".encode()).decode()
                clients.append(Client(f"{user} (Basic)", (("Authorization", f"Basic {token}"),)))
        clients += [Client(query, query=query) for query in gate_queries(self.known.gates)]
        for client in clients:
            statuses = self._statuses(client)
            if statuses not in refused:
                refused.append(statuses)
                self._as(client, everything=len(refused) == 2)

    def _probes(self) -> list[str]:
        paths = [one for site in self.known.sites for one in (site.prefix, f"{site.prefix}_dash-layout")][:6]
        rules = [rule for rule in self.known.rules if rule.gets]
        paths += [paths_of(rule, self.known)[0] for rule in rules[:12] if not is_leaving(rule.rule)]
        return list(dict.fromkeys(paths))

    def _statuses(self, client: Client) -> tuple[int, ...]:
        """How the app receives a client, without asking for anything new if it is nobody."""
        found = []
        for path in self._probes():
            if client is NOBODY:
                found.append(self.lockstep.play(Request("", path, timeout=self.timeout))[0][-1].status)
            else:
                answer = self._ask("GET", path, "gates", client)
                found.append(answer.status)
        for wanted in self._closed if client is not NOBODY else ():
            found.append(self._wanted(wanted, client, "gates").status)
        return (*found, *([REFUSED] * len(self._closed) if client is NOBODY else ()))

    def _as(self, client: Client, *, everything: bool) -> None:
        """Everything again as somebody else."""
        for site in self.known.sites:
            self._dash(site, client)
        for rule in self.known.rules:
            if not is_leaving(rule.rule):
                self._rule(rule, client, MOST_OF_A_CLIENT if everything else 2)
        for site in self.known.sites:
            self._callbacks(site, client, everything=everything)
        for rule in self.known.rules:
            if is_leaving(rule.rule):
                self._rule(rule, client, 1)
                if not client.headers and not client.query:
                    self._statuses(client)

    # --- sessions: with the cookies that the app sets

    def _sessions(self) -> None:
        self._by_forms()
        nobody = self._statuses(NOBODY)
        received: list[tuple[int, ...]] = [nobody]
        tried: set[tuple[str, ...]] = set()
        runs = 0
        for entry in sorted(self._entries, key=lambda one: (is_leaving(one.what), not is_entering(one.what))):
            if entry.cookies in tried or runs >= MOST_SESSIONS:
                continue
            tried.add(entry.cookies)
            runs += 1
            client = Client(f"visitor {runs}")
            for wanted in entry.steps:
                self._wanted(wanted, client)
            statuses = self._statuses(client)
            if statuses not in received:
                received.append(statuses)
                self._as(client, everything=len(received) == 2)
            elif runs <= MOST_REVISITS:
                self._revisit(client)

    def _wanted(self, wanted: Wanted, client: Client, kind: str = "sessions") -> Answer:
        return self._ask(
            wanted.method, wanted.path, kind, client, headers=wanted.headers, body=wanted.body,
            name=wanted.name, capture=wanted.capture,
        )  # fmt: skip

    def _revisit(self, client: Client) -> None:
        """What a cookie that opens no door changes: the routes once more, the callbacks as the page loads."""
        for rule in self.known.rules:
            if not is_leaving(rule.rule):
                self._rule(rule, client, 2)
        for site in self.known.sites[:2]:
            self._callbacks(site, client, everything=False)

    def _by_forms(self) -> None:
        """Fill in the forms of the pages that were seen, with what only the page itself knows."""
        for number, (page, form) in enumerate(list(self._forms)[:6], start=1):
            action = local(form.action, self.host)
            if action is None or form.method != "POST":
                continue
            pairs = self.known.credentials.candidates()[:4] if form.passwords else []
            for turn, pair in enumerate([*pairs, (SAMPLE, SAMPLE)], start=1):
                names = {name: f"f{number}x{turn}x{at}" for at, name in enumerate(form.hidden)}
                capture = {short: hidden_value(name) for name, short in names.items()}
                first = Wanted("GET", page, (), None, f"GET {page}, the form", capture)
                fields = _filled(form, pair, names)
                body = "&".join(f"{_quoted(key)}={_quoted(value)}" for key, value in fields.items()).encode()
                headers: Headers = (("Content-Type", "application/x-www-form-urlencoded"),)
                second = Wanted("POST", action, headers, body, f"POST {action}, the form of {page} for {pair[0]}")
                client = Client(f"form {number}.{turn}")
                self._wanted(first, client)
                answer = self._wanted(second, client)
                cookies = answer.all("set-cookie")
                if cookies or answer.status in (302, 303):
                    found = tuple(sorted(line.partition(";")[0] for line in cookies))
                    again = (replace(first, capture={f"{k}b": v for k, v in capture.items()}),
                             replace(second, body=_renamed(body, names)))  # fmt: skip
                    self._entries.insert(0, Entry(second.name, again, found or (second.name,)))

    # --- what pages lead to

    def _crawl(self) -> None:
        start = len(self.lockstep.asked)
        for link in self._links:  # grows on the way
            if "_dash-component-suites" in link or is_leaving(link):
                continue
            if len(self.lockstep.asked) - start >= MOST_LINKS:
                return
            self._ask("GET", link, "links")

    # --- several at once

    def _parallel(self, count: int) -> None:
        """The slowest callback or route, several times at once: one that waits must not keep the others waiting."""
        slow = sorted(self._slow, key=lambda item: -item[0])
        if count < 2 or not slow:
            return
        for elapsed, request in slow[:1]:
            named = replace(request, name=f"{count} × {request.name}", capture={})
            step = Parallel(named, count, max_seconds=elapsed * (1 + 0.6 * (count - 1)))
            try:
                self.lockstep.ask(step, "parallel")
            except Enough:
                return


def _filled(form: Form, pair: tuple[str, str], hidden: Mapping[str, str]) -> dict[str, str]:
    fields: dict[str, str] = {}
    users = [name for name in form.fields if name not in form.passwords and name not in hidden]
    for name, value in form.fields.items():
        if name in hidden:
            fields[name] = "{{" + hidden[name] + "}}"
        elif name in form.passwords:
            fields[name] = pair[1]
        elif form.passwords and users and name == users[0]:
            fields[name] = pair[0]
        else:
            fields[name] = value or SAMPLE
    return fields


def _quoted(text: str) -> str:
    return quote_plus(text)


def _renamed(body: bytes, names: Mapping[str, str]) -> bytes:
    for short in names.values():
        body = body.replace(f"%7B%7B{short}%7D%7D".encode(), f"%7B%7B{short}b%7D%7D".encode())
    return body
