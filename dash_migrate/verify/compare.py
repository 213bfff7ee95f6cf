"""Compare the answers of the two sides: what a client could tell apart is a difference."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dash_migrate.verify.body_compare import body_difference
from dash_migrate.verify.client import Answer
from dash_migrate.verify.cookies import SetCookie, date_of, parse_set_cookie, session_payload
from dash_migrate.verify.steps import Rules

TIME_TOLERANCE = 10.0
"""Seconds by which life times of cookies and Expires headers may differ."""

IGNORED_HEADERS = {
    "date": "the time",
    "server": "names the server software",
    "connection": "between the server and the next hop",
    "keep-alive": "between the server and the next hop",
    "transfer-encoding": "between the server and the next hop",
    "content-length": "follows from the body, which is compared",
    "last-modified": "the two sides are different copies of the files",
    "accept-ranges": "announces what the other side serves unannounced",
    "server-timing": "measured time, in debug mode only",
    "content-type": "compared apart",
    "set-cookie": "compared apart",
}
"""Headers that are not compared as headers, each with its reason; all others are."""

SET_HEADERS = frozenset(
    {
        "allow",
        "cache-control",
        "vary",
        "access-control-allow-headers",
        "access-control-allow-methods",
        "access-control-expose-headers",
    }
)
"""Headers that are lists without order or case."""


@dataclass(frozen=True)
class Difference:
    """One thing that differs in the answers of one request.

    ``what`` is ``status``, ``body``, ``content-type``, ``error``, ``time``, ``answers``, ``websocket``,
    ``header:<name>`` or ``cookie:<name>``; ``opened`` says that the request was refused before and is not
    now.
    """

    name: str
    what: str
    before: str
    after: str
    opened: bool = False

    def __str__(self) -> str:
        mark = " (MORE OPEN)" if self.opened else ""
        return f"{self.name}: {self.what}{mark}\n    before: {self.before}\n    after:  {self.after}"


def compare_answers(before: Answer, after: Answer, rules: Rules = Rules()) -> tuple[Difference, ...]:  # noqa: B008
    """All differences between two answers to the same request, under the rules of its step."""
    opened = more_open(before, after)

    def found() -> Iterator[tuple[str, str, str]]:
        if bool(before.error) != bool(after.error):
            yield "error", before.error or "a whole answer", after.error or "a whole answer"
        if before.status != after.status:
            yield "status", _status(before), _status(after)
        if not before.status or not after.status:
            return
        yield from _content_type(before, after, rules)
        yield from _headers(before, after, rules)
        yield from _cookies(before, after, rules)
        if "body" not in rules.ignore:
            different = body_difference(before, after, rules.mask)
            if different is not None:
                yield "body", *different

    return tuple(Difference(before.name, what, old, new, opened) for what, old, new in found())


def more_open(before: Answer, after: Answer) -> bool:
    """Whether a request that was turned away before gets something else now.

    Turned away: any 4xx or 5xx, or a redirect to another place than the same path with or without its slash.
    """
    if not 200 <= after.status < 300 or after.status == before.status or after.error:
        return False
    if before.status >= 400:
        return True
    location = before.get("location")
    if not 300 <= before.status < 400 or not location:
        return False
    target = re.sub(r"^[a-z]+://[^/]*", "", location).partition("?")[0]
    return target.rstrip("/") != before.path.partition("?")[0].rstrip("/")


def _status(answer: Answer) -> str:
    location = answer.get("location")
    return f"{answer.status} -> {location}" if location else str(answer.status or answer.error)


def _content_type(before: Answer, after: Answer, rules: Rules) -> Iterator[tuple[str, str, str]]:
    if "content-type" in rules.ignore:
        return
    old, new = before.get("content-type"), after.get("content-type")
    if _media(old) != _media(new):
        yield "content-type", old or "(none)", new or "(none)"


def _media(value: str) -> tuple[str, ...]:
    """Media type and parameters; a boundary is random."""
    first, *rest = (part.strip().lower() for part in value.split(";"))
    return (first, *sorted(part for part in rest if part and not part.startswith("boundary=")))


def _headers(before: Answer, after: Answer, rules: Rules) -> Iterator[tuple[str, str, str]]:
    names = {key.lower() for answer in (before, after) for key, _ in answer.headers}
    skipped = (set(IGNORED_HEADERS) - (rules.compare_headers - {"content-type", "set-cookie"})) | rules.ignore
    for name in sorted(names - skipped):
        old, new = before.all(name), after.all(name)
        if _header_value(name, before) != _header_value(name, after):
            yield f"header:{name}", " | ".join(old) or "(none)", " | ".join(new) or "(none)"


def _header_value(name: str, answer: Answer) -> object:
    """What of a header is compared."""
    values = answer.all(name)
    if name == "etag":  # its value holds modification times; whether it is there and weak matters
        return tuple(value.startswith("W/") for value in values)
    if name in SET_HEADERS:
        return frozenset(part.strip().lower() for value in values for part in value.split(",") if part.strip())
    if name == "expires":
        moments = [date_of(value) for value in values]
        return tuple(None if at is None else _rough(at - answer.at) for at in moments)
    return values


def _rough(seconds: float) -> int:
    """Seconds from the answer on, equal for equal life times; everything past is the same."""
    return -1 if seconds <= 0 else round(seconds / (2 * TIME_TOLERANCE))


def _cookies(before: Answer, after: Answer, rules: Rules) -> Iterator[tuple[str, str, str]]:
    if "set-cookie" in rules.ignore:
        return
    old, new = _by_name(before), _by_name(after)
    for name in sorted({*old, *new}):
        ours, theirs = old.get(name, []), new.get(name, [])
        by_value = f"cookie:{name}" not in rules.ignore
        if not same_cookies(before, after, name, by_value=by_value):
            yield f"cookie:{name}", _spelled(ours), _spelled(theirs)


def same_cookies(before: Answer, after: Answer, name: str, *, by_value: bool) -> bool:
    """Whether both answers set the cookie ``name`` the same way, with another value if not ``by_value``."""
    ours, theirs = _by_name(before).get(name, []), _by_name(after).get(name, [])
    return len(ours) == len(theirs) and all(
        _same_cookie(one, other, before.at, after.at, by_value) for one, other in zip(ours, theirs, strict=True)
    )


def _by_name(answer: Answer) -> dict[str, list[SetCookie]]:
    cookies: dict[str, list[SetCookie]] = {}
    for line in answer.all("set-cookie"):
        cookie = parse_set_cookie(line)
        cookies.setdefault(cookie.name, []).append(cookie)
    return cookies


def _same_cookie(one: SetCookie, other: SetCookie, one_at: float, other_at: float, by_value: bool) -> bool:
    if by_value and one.value != other.value:
        payload = session_payload(one.value)
        if payload is None or payload != session_payload(other.value):
            return False
    if set(one.attributes) != set(other.attributes):
        return False
    for key, value in one.attributes.items():
        if key not in {"expires", "max-age"} and value.lower() != other.attributes[key].lower():
            return False
    ours, theirs = one.lives_for(one_at), other.lives_for(other_at)
    if ours is None or theirs is None:
        return ours is theirs
    return abs(max(ours, -1) - max(theirs, -1)) <= TIME_TOLERANCE


def _spelled(cookies: Sequence[SetCookie]) -> str:
    def one(cookie: SetCookie) -> str:
        payload = session_payload(cookie.value)
        value = cookie.value if payload is None else f"<session {payload!r}>"
        attributes = "".join(f"; {key}={val}" if val else f"; {key}" for key, val in cookie.attributes.items())
        return f"{value}{attributes}"

    return " | ".join(map(one, cookies)) or "(none)"
