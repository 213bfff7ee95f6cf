"""Asks for the pages, routes, files and callbacks of an app, as one client or another."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from dash_migrate.verify.client import Answer
from dash_migrate.verify.derive.asker import NOBODY, Asker, Client, Entry
from dash_migrate.verify.derive.callbacks import Walk
from dash_migrate.verify.derive.handshakes import Handshakes
from dash_migrate.verify.derive.known import Rule, Site
from dash_migrate.verify.derive.requests import Wanted, bodies_of, headers_of, is_leaving, queries_of
from dash_migrate.verify.derive.samples import SAMPLE, more_paths_of, paths_of
from dash_migrate.verify.lockstep import Lockstep
from dash_migrate.verify.steps import ANONYMOUS, Headers

MOST_OF_A_CLIENT = 10
"""Requests of one kind for each rule, by a client that the app receives otherwise than nobody."""
MOST_PATHS = 30
API_DOCS = ("/docs", "/redoc", "/openapi.json")
"""FastAPI tells everybody what routes there are, unless it is told not to."""


class Surface(Asker):
    """The ways to ask for each part of an app."""

    def __init__(self, lockstep: Lockstep, *, host: str, timeout: float) -> None:
        super().__init__(lockstep, host=host, timeout=timeout)
        self._layouts: dict[str, tuple[Any, Any]] = {}
        self._spent: dict[str, dict[str, float]] = {}
        self._handshakes = Handshakes(lockstep, timeout)

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
        self._preflight(f"{prefix}_dash-update-component", "POST")
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
        for origin in self._origins():
            yield (("Origin", origin),), f"from {origin}"
        if "Compress" in self.known.uses:
            yield (("Accept-Encoding", "gzip"),), "gzip accepted"
        if "ProxyFix" in self.known.uses:
            forwarded = (("X-Forwarded-For", "203.0.113.7"), ("X-Forwarded-Proto", "https"))
            yield (*forwarded, ("X-Forwarded-Host", "dash.example")), "behind a proxy"

    def _origins(self) -> list[str]:
        return [*self.known.origins[:2], "https://elsewhere.example"] if "CORS" in self.known.uses else []

    def _preflight(self, path: str, method: str) -> None:
        """What a browser asks before a page of another origin may ask."""
        for origin in self._origins():
            headers: Headers = (("Origin", origin), ("Access-Control-Request-Method", method),
                                ("Access-Control-Request-Headers", "content-type, x-sample"))  # fmt: skip
            self._ask("OPTIONS", path, "routes", headers=headers, name=f"OPTIONS {path}, {method} from {origin}")

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
        for path in API_DOCS:
            self._ask("GET", path, "pages")
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
            # the same path to a server, not to every gate
            self._ask("GET", f"/%{ord(path[1]):02X}{path[2:]}", "routes")
        if "POST" not in rule.methods:
            self._ask("POST", path, "routes")
        if "DELETE" not in rule.methods:
            self._ask("DELETE", path, "routes")
        for method in rule.methods:
            self._preflight(path, method)
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


def _json(answer: Answer) -> Any:
    try:
        return json.loads(answer.body)
    except ValueError:
        return None
