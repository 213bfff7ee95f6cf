"""Goes through an app as a curious visitor would, and asks every copy of it the same."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote_plus

from dash_migrate.verify.client import BODY_METHODS, Answer
from dash_migrate.verify.derive.callbacks import Walk
from dash_migrate.verify.derive.handshakes import Handshakes
from dash_migrate.verify.derive.known import Known, Rule, Site
from dash_migrate.verify.derive.pages import Form, hidden_value, links_of, local, read_page
from dash_migrate.verify.derive.requests import (
    Wanted,
    bodies_of,
    gate_headers,
    gate_queries,
    headers_of,
    is_leaving,
    queries_of,
)
from dash_migrate.verify.derive.samples import SAMPLE, more_paths_of, paths_of
from dash_migrate.verify.lockstep import Enough, Lockstep
from dash_migrate.verify.steps import ANONYMOUS, Headers, Parallel, Request

MOST_SESSIONS = 10
MOST_LINKS = 40
MOST_OF_A_CLIENT = 10
"""Requests of one kind for each rule, by a client that the app receives otherwise than nobody."""
MOST_PATHS = 30
MOST_CLOSED = 10
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


class Explorer:
    """Asks everything; ``describe`` is called once the first pages have been asked for."""

    def __init__(self, lockstep: Lockstep, describe: Callable[[], Known], *, host: str, timeout: float) -> None:
        self.lockstep, self._describe, self.host, self.timeout = lockstep, describe, host, timeout
        self.known = Known()
        self.notes: list[str] = []
        self._entries: list[Entry] = []
        self._seen: dict[tuple[Any, ...], Answer] = {}
        self._links: list[str] = []
        self._forms: list[tuple[str, Form]] = []
        self._layouts: dict[str, tuple[Any, Any]] = {}
        self._slow: list[tuple[float, Request]] = []
        #: what is not for nobody, though asking for a page is not enough to see it
        self._closed: list[Wanted] = []
        self._spent: dict[str, dict[str, float]] = {}
        self._open: set[tuple[str, str]] = set()
        self._handshakes = Handshakes(lockstep, timeout)

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

    # --- asking

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

    # --- nobody in particular

    def _nobody(self) -> None:
        for site in self.known.sites:
            self._dash(site, NOBODY)
        for site in self.known.sites:
            self._around(site)
        self._statics()
        for rule in self.known.rules:
            self._rule(rule)
        self._unknown()
        for site in self.known.sites:
            self._callbacks(site, NOBODY, everything=True)

    def _dash(self, site: Site, client: Client) -> None:
        """What the browser asks to show a Dash app."""
        prefix = site.prefix
        self._ask("GET", prefix, "pages", client)
        layout = self._ask("GET", f"{prefix}_dash-layout", "dash", client)
        dependencies = self._ask("GET", f"{prefix}_dash-dependencies", "dash", client)
        if layout.status == dependencies.status == 200:
            found = _json(layout), _json(dependencies)
            if found[0] is not None and found[1] is not None:
                self._layouts[client.name + prefix] = found
        for page in site.pages[:8]:
            self._ask("GET", page, "pages", client)
        self._ask("GET", f"{prefix}no/such/page", "pages", client)

    def _around(self, site: Site) -> None:
        """What else a client may ask of a Dash app."""
        prefix = site.prefix
        self._ask("HEAD", prefix, "pages")
        self._ask("OPTIONS", prefix, "pages")
        self._ask("POST", prefix, "pages")
        self._ask("GET", f"{prefix}?q={SAMPLE}", "pages")
        if prefix != "/":
            self._ask("GET", prefix.rstrip("/"), "pages")
        self._ask("HEAD", f"{prefix}no/such/page", "pages")
        self._ask("HEAD", f"{prefix}_dash-layout", "dash")
        self._ask("OPTIONS", f"{prefix}_dash-layout", "dash")
        self._ask("GET", f"{prefix}_dash-update-component", "dash")
        self._ask("GET", f"{prefix}_favicon.ico", "assets")
        for template in site.templates[:3]:
            self._ask("GET", re.sub(r"<[^>]*>", SAMPLE, template), "pages")
        for asset in site.assets:
            self._ask("GET", asset, "assets")
        if site.assets:
            self._ask("HEAD", site.assets[0], "assets")
        self._ask("GET", f"{prefix}assets/no-such-file.css", "assets")
        self._ask("GET", f"{prefix}_dash-component-suites/dash/no-such-file.js", "assets")
        suites = [link for link in self._links if "_dash-component-suites/" in link and link.startswith(prefix)]
        for link in suites[:2]:
            self._ask("GET", link, "assets")
        accepts: Headers = (("Accept-Encoding", "gzip"),)
        self._ask("GET", prefix, "pages", headers=accepts, name=f"GET {prefix}, gzip accepted")
        self._ask(
            "GET", f"{prefix}_dash-layout", "dash", headers=accepts, name=f"GET {prefix}_dash-layout, gzip accepted"
        )
        for headers, what in self._circumstances():
            self._ask("GET", prefix, "pages", headers=headers, name=f"GET {prefix}, {what}")

    def _circumstances(self) -> Iterator[tuple[Headers, str]]:
        """Headers that matter to apps with the extension or middleware in question."""
        if self.known.uses & {"Babel", "accept_languages"}:
            yield (("Accept-Language", "de,en;q=0.5"),), "in German"
        if "CORS" in self.known.uses:
            yield (("Origin", "https://elsewhere.example"),), "from another origin"
        if "ProxyFix" in self.known.uses:
            forwarded = (("X-Forwarded-For", "203.0.113.7"), ("X-Forwarded-Proto", "https"))
            yield (*forwarded, ("X-Forwarded-Host", "dash.example")), "behind a proxy"

    def _statics(self) -> None:
        for path in self.known.files[:6]:
            self._ask("GET", path, "assets")
            self._ask("HEAD", path, "assets")
        for folder in self.known.static[:3]:
            self._ask("GET", f"{folder}/no-such-file.txt", "assets")

    def _unknown(self) -> None:
        self._ask("GET", "/no-such-page", "pages")
        self._ask("POST", "/no-such-page", "pages")
        self._ask("GET", "/_dash-dependencies", "dash")
        for path in self.known.paths[:MOST_PATHS]:
            if not is_leaving(path):
                self._ask("GET", path, "pages")
                if path.endswith("/"):
                    self._ask("GET", f"{path}{SAMPLE}", "pages")

    # --- routes

    def _rule(self, rule: Rule, client: Client = NOBODY, most: int | None = None) -> None:
        """Every method of a URL rule, with everything that its view reads."""
        paths = paths_of(rule, self.known)[:most]
        if not paths:
            return
        method = "GET" if rule.gets else rule.methods[0] if rule.methods else "GET"
        answers = [self._ask(method, path, "routes", client) for path in paths]
        first = paths[0]
        if (most is None or most >= MOST_OF_A_CLIENT) and all(answer.status == 404 for answer in answers):
            first = next((p for p in more_paths_of(rule, self.known)
                          if self._ask(method, p, "routes", client).status != 404), first)  # fmt: skip
        if rule.gets:
            for query in queries_of(rule)[:most]:
                self._ask("GET", f"{first}?{query}", "routes", client)
        for method in rule.methods:
            for headers, what in headers_of(rule)[:most]:
                self._ask(method, first, "routes", client, headers=headers, name=f"{method} {first}, {what}")
            if method == "GET":
                continue
            for wanted in bodies_of(rule, method, first, self.known)[:most]:
                self._ask(method, wanted.path, "routes", client, headers=wanted.headers, body=wanted.body,
                          name=wanted.name)  # fmt: skip
            for path in paths[1:3]:
                self._ask(method, path, "routes", client)
        if client is NOBODY and most is None:
            self._around_rule(rule, first)

    def _around_rule(self, rule: Rule, path: str) -> None:
        self._ask("HEAD", path, "routes")
        self._ask("OPTIONS", path, "routes")
        if len(path) > 1:
            self._ask("GET", path[:-1] if path.endswith("/") else f"{path}/", "routes")
        if "POST" not in rule.methods:
            self._ask("POST", path, "routes")
        if "DELETE" not in rule.methods:
            self._ask("DELETE", path, "routes")
        for headers, what in self._circumstances():
            self._ask("GET", path, "routes", headers=headers, name=f"GET {path}, {what}")

    # --- callbacks

    def _callbacks(self, site: Site, client: Client, *, everything: bool) -> None:
        """The callbacks of one app as the page loads, and with ``everything`` as a user goes on."""
        layout, dependencies = self._layouts.get(client.name + site.prefix) or self._layouts.get(
            ANONYMOUS + site.prefix, (None, None)
        )
        if dependencies is None:
            known = next((v for k, v in self._layouts.items() if k.endswith(site.prefix)), (None, None))
            layout, dependencies = known
        if dependencies is None:
            self._blind_callback(site, client)
            return

        def ask(name: str, body: bytes) -> Answer:
            answer = self._callback(site, client, name, body)
            if client.name == ANONYMOUS and answer.all("set-cookie"):
                self._enter_by_callback(site, name, body, answer)
            return answer

        walk = Walk(site, self.known, layout, dependencies, ask, self._spent.setdefault(site.prefix, {}))
        walk.load()
        if everything:
            if client.name == ANONYMOUS:
                for name, body in walk.logins():
                    ask(name, body)
            walk.everything()
        self._handshake(site, client, walk.answers)

    def _callback(self, site: Site, client: Client, name: str, body: bytes) -> Answer:
        path = f"{site.prefix}_dash-update-component"
        where = "" if site.prefix == "/" else f" of {site.prefix}"
        headers: Headers = (("Content-Type", "application/json"),)
        return self._ask("POST", path, "callbacks", client, headers=headers, body=body, name=f"callback {name}{where}")

    def _enter_by_callback(self, site: Site, name: str, body: bytes, answer: Answer) -> None:
        cookies = tuple(sorted(line.partition(";")[0] for line in answer.all("set-cookie")))
        headers: Headers = (("Content-Type", "application/json"),)
        wanted = Wanted("POST", f"{site.prefix}_dash-update-component", headers, body, f"callback {name}")
        self._entries.append(Entry(f"callback {name}", (wanted,), cookies))

    def _blind_callback(self, site: Site, client: Client) -> None:
        """Any callback at all, where a gate keeps the list of them: it must be refused, too."""
        if not site.callbacks:
            return
        output = next(iter(site.callbacks))
        identity, _, prop = output.removeprefix("..").partition("...")[0].removesuffix("..").rpartition(".")
        made = {
            "output": output,
            "outputs": {"id": identity, "property": prop},
            "inputs": [],
            "changedPropIds": [],
            "state": [],
        }
        body = json.dumps(made).encode()
        answer = self._callback(site, client, f"{output}: behind the gate", body)
        self._handshake(site, client, [answer])

    def _handshake(self, site: Site, client: Client, answers: Sequence[Answer]) -> None:
        if not client.query:
            layout = self._ask("GET", f"{site.prefix}_dash-layout", "dash", client)
            self._handshakes.note(site.prefix, client.name, client.headers, answers, layout)

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
        for entry in sorted(self._entries, key=lambda one: is_leaving(one.what)):
            names = tuple(cookie.partition("=")[0] for cookie in entry.cookies)
            if entry.cookies in tried or runs >= MOST_SESSIONS or (runs >= 4 and names in tried):
                continue
            tried |= {entry.cookies, names}
            runs += 1
            client = Client(f"visitor {runs}")
            for wanted in entry.steps:
                self._wanted(wanted, client)
            statuses = self._statuses(client)
            if statuses not in received:
                received.append(statuses)
                self._as(client, everything=len(received) == 2)
            else:
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


def _joined(usual: Headers, own: Headers) -> Headers:
    """The headers of a request: its own take the place of what the client usually sends."""
    given = {key.lower() for key, _ in own}
    return (*((key, value) for key, value in usual if key.lower() not in given), *own)


def _quoted(text: str) -> str:
    return quote_plus(text)


def _renamed(body: bytes, names: Mapping[str, str]) -> bytes:
    for short in names.values():
        body = body.replace(f"%7B%7B{short}%7D%7D".encode(), f"%7B%7B{short}b%7D%7D".encode())
    return body


def _json(answer: Answer) -> Any:
    try:
        return json.loads(answer.body)
    except ValueError:
        return None
