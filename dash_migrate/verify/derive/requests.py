"""The requests for one URL rule, or for one gate: queries, headers and bodies that its code can tell apart."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from dash_migrate.facts.reads import Read
from dash_migrate.verify.bodies import BOUNDARY
from dash_migrate.verify.derive.known import Known, Rule
from dash_migrate.verify.derive.samples import SAMPLE, by_key, typed, values_of, variations
from dash_migrate.verify.steps import Headers

_FORM = "application/x-www-form-urlencoded"
_PASSWORD = re.compile(r"pass|pwd|pin$|secret|code|token|^pw$", re.IGNORECASE)
_USER = re.compile(r"user|mail|login|^name$|account|^uid$|^who$", re.IGNORECASE)
_LEAVING = re.compile(r"log-?_?out|sign-?_?out|leave|delete-?account|shutdown|quit", re.IGNORECASE)
_ENTERING = re.compile(r"log-?_?in|sign-?_?in|auth|session|enter|pass(word|wd)?=|pwd=|pin=|password of", re.IGNORECASE)
#: headers that every client sends, or that belong to the connection
_USUAL = frozenset(["host", "content-type", "content-length", "accept-encoding", "connection", "cookie"])


@dataclass(frozen=True)
class Wanted:
    """One request before it is known who sends it."""

    method: str
    path: str
    headers: Headers = ()
    body: bytes | None = None
    name: str = ""
    capture: Mapping[str, str] = field(default_factory=dict)


def is_leaving(path: str) -> bool:
    """Whether a path ends a session, by its name."""
    return bool(_LEAVING.search(path))


def is_entering(what: str) -> bool:
    """Whether a request begins a session, by its path and its form."""
    return bool(_ENTERING.search(what))


def queries_of(rule: Rule) -> list[str]:
    """Query strings that the view's ``request.args`` can tell apart."""
    keys = by_key(rule.reads, "args", "values")
    queries = [urlencode(one) for one in variations(keys)]
    if keys:
        name = next(iter(keys))
        queries.append(urlencode([(name, "1"), (name, "2")]))
    else:
        queries.append(f"q={SAMPLE}")
    return queries


def headers_of(rule: Rule) -> list[tuple[Headers, str]]:
    """Headers and cookies that the view can tell apart."""
    found: list[tuple[Headers, str]] = []
    headers = {key: some for key, some in by_key(rule.reads, "headers").items() if key.lower() not in _USUAL}
    for one in variations(headers):
        found.append((tuple(one.items()), "with " + ", ".join(f"{k}: {_short(v)}" for k, v in one.items())))
    for one in variations(by_key(rule.reads, "cookies")):
        line = "; ".join(f"{key}={value}" for key, value in one.items())
        found.append(((("Cookie", line),), f"with the cookie {_short(line)}"))
    for user, password in _basic_pairs(rule.reads):
        found.append(((_basic(user, password),), f"with the password of {user}"))
    return found


def bodies_of(rule: Rule, method: str, path: str, known: Known) -> list[Wanted]:
    """Bodies that the view can tell apart; some of each kind if it is not known what it reads."""
    kinds = {read.kind for read in rule.reads}
    query = next(iter(queries_of(rule)), "") if by_key(rule.reads, "args") else ""
    where = f"{path}?{query}" if query else path
    found = [Wanted(method, where, name=f"{method} {where}, no body")]
    if kinds & {"form", "values"}:
        found += _forms(rule, method, where, known)
    if "json" in kinds:
        found += _jsons(rule, method, where, known)
    if "files" in kinds:
        found += _uploads(rule, method, where)
    if "body" in kinds:
        text = (("Content-Type", "text/plain"),)
        found.append(Wanted(method, where, text, b"sample text", f"{method} {where}, text"))
    if not kinds & {"form", "values", "json", "files", "body"}:
        form = (("Content-Type", _FORM),)
        found.append(Wanted(method, where, form, b"a=1&b=sample", f"{method} {where}, form a=1"))
        plain = (("Content-Type", "application/json"),)
        found.append(Wanted(method, where, plain, b'{"a": 1, "b": "sample"}', f"{method} {where}, JSON"))
        found += _uploads(rule, method, where)[:1]
    return found


def _forms(rule: Rule, method: str, path: str, known: Known) -> list[Wanted]:
    keys = by_key(rule.reads, "form", "values")
    chosen = [*_logins(keys, rule.reads, known), *variations(keys)]
    found = []
    for one in _unique(chosen):
        body = urlencode(one).encode()
        name = f"{method} {path}, form {_short(urlencode(one))}"
        found.append(Wanted(method, path, (("Content-Type", _FORM),), body, name))
    if not keys:
        body = b"a=1&b=sample"
        found.append(Wanted(method, path, (("Content-Type", _FORM),), body, f"{method} {path}, form a=1"))
    return found


def _jsons(rule: Rule, method: str, path: str, known: Known) -> list[Wanted]:
    keys = by_key(rule.reads, "json")
    reads = {read.key or "": read for read in rule.reads if read.kind == "json"}
    kind: Headers = (("Content-Type", "application/json"),)
    found = []
    for one in _unique([*_logins(keys, rule.reads, known), *variations(keys)]):
        made = {key: typed(reads.get(key), value) for key, value in one.items()}
        text = json.dumps(made)
        found.append(Wanted(method, path, kind, text.encode(), f"{method} {path}, JSON {_short(text)}"))
    for text in ("{}", "[1, 2]", "{broken"):
        found.append(Wanted(method, path, kind, text.encode(), f"{method} {path}, JSON {text}"))
    found.append(Wanted(method, path, (("Content-Type", "text/plain"),), b"plain", f"{method} {path}, not JSON"))
    return found


def _uploads(rule: Rule, method: str, path: str) -> list[Wanted]:
    names = [read.key for read in rule.reads if read.kind == "files" and read.key] or ["file"]
    endings = [word for word in rule.words if re.fullmatch(r"\.?(csv|txt|json|png|xlsx|pdf)", word)]
    ending = endings[0].lstrip(".") if endings else "csv"
    fields = {key: some[0] for key, some in by_key(rule.reads, "form", "values").items()}
    head = "".join(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
        for key, value in fields.items()
    )
    kind: Headers = (("Content-Type", f"multipart/form-data; boundary={BOUNDARY}"),)
    found = []
    for filename in (f"sample.{ending}", "sample.exe"):
        part = (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{names[0]}"; filename="{filename}"\r\n'
            f"Content-Type: text/plain\r\n\r\na,b\n1,2\n\r\n--{BOUNDARY}--\r\n"
        )
        found.append(Wanted(method, path, kind, (head + part).encode(), f"{method} {path}, file {filename}"))
    return found


def _logins(keys: Mapping[str, Sequence[str]], reads: Sequence[Read], known: Known) -> list[dict[str, str]]:
    """The forms of a login with what the source holds for it."""
    passwords = [key for key in keys if _PASSWORD.search(key)]
    if not passwords:
        return []
    users = [key for key in keys if key not in passwords and _USER.search(key)] or [
        key for key in keys if key not in passwords
    ]
    others = {key: some[0] for key, some in keys.items() if some}
    pairs: list[tuple[str, str]] = []
    for read in reads:
        if read.key in users:
            pairs += [(name, string) for name, strings in read.entries for string in strings[:2]]
            theirs = [value for key in passwords for value in keys[key][:3]]
            pairs += [(value, password) for value in read.values[:3] for password in theirs]
    pairs += known.credentials.candidates()
    found = []
    for user, password in list(dict.fromkeys(pairs))[:6]:
        found.append({**others, **dict.fromkeys(passwords[:1], password), **dict.fromkeys(users[:1], user)})
    return found


def _unique(some: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for one in some:
        if one not in found:
            found.append(one)
    return found[:14]


# --- gates


def gate_headers(gates: Sequence[Read], pairs: Sequence[tuple[str, str]]) -> Iterator[tuple[Headers, str]]:
    """Headers and cookies that a gate looks at, with the values it compares with, and a wrong one."""
    for read in gates:
        key = read.key or ""
        if read.kind == "headers" and key.lower() not in _USUAL:
            known = [value for value in values_of(read) if value in read.values]
            known += [text for name, strings in read.entries for text in (name, *strings)]
            if key.lower() == "authorization":
                known += [f"Bearer {value}" for value in known if " " not in value]
                known += [_basic(user, password)[1] for user, password in pairs[:3]]
            for value in list(dict.fromkeys([*known, SAMPLE]))[:5]:
                yield ((key, value),), f"{key}: {_short(value)}"
        elif read.kind == "cookies" and key:
            for value in values_of(read)[:4]:
                yield (("Cookie", f"{key}={value}"),), f"cookie {key}={_short(value)}"
        elif read.kind == "authorization":
            for user, password in [*_basic_pairs(gates), *pairs[:3]]:
                yield (_basic(user, password),), f"{user} (Basic)"


def gate_queries(gates: Sequence[Read]) -> Iterator[str]:
    """Queries that a gate looks at."""
    for read in gates:
        if read.kind == "args" and read.key:
            for value in values_of(read)[:3]:
                yield urlencode({read.key: value})


def _basic_pairs(reads: Sequence[Read]) -> list[tuple[str, str]]:
    """Names and passwords that ``request.authorization`` is compared with."""
    ours = [read for read in reads if read.kind == "authorization"]
    found = [(name, string) for read in ours for name, strings in read.entries for string in strings[:1]]
    users = [value for read in ours if read.key == "username" for value in read.values]
    passwords = [value for read in ours if read.key == "password" for value in read.values]
    found += [(user, password) for user in users[:2] for password in passwords[:2]]
    return list(dict.fromkeys(found))


def _basic(user: str, password: str) -> tuple[str, str]:
    return "Authorization", "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _short(text: str) -> str:
    return text if len(text) <= 48 else text[:45] + "…"
