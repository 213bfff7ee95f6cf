"""Cookies: a small jar for playing logins, Set-Cookie lines taken apart, Flask's signed sessions read."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any


@dataclass(frozen=True)
class SetCookie:
    """One ``Set-Cookie`` line; attribute names are in lower case, flags have the value ``""``."""

    name: str
    value: str
    attributes: Mapping[str, str]

    def lives_for(self, now: float) -> float | None:
        """Seconds from ``now`` (epoch) until the cookie expires, None for a browser-session cookie."""
        if "max-age" in self.attributes:
            try:
                return float(self.attributes["max-age"])
            except ValueError:
                return None
        moment = date_of(self.attributes.get("expires", ""))
        return None if moment is None else moment - now


def parse_set_cookie(line: str) -> SetCookie:
    """Take a ``Set-Cookie`` value apart; never fails, a line without ``=`` has an empty name."""
    first, *rest = line.split(";")
    name, equals, value = first.partition("=")
    if not equals:
        name, value = "", first
    attributes: dict[str, str] = {}
    for part in rest:
        key, _, content = part.partition("=")
        if key.strip():
            attributes[key.strip().lower()] = content.strip()
    return SetCookie(name.strip(), value.strip().strip('"'), attributes)


def date_of(text: str) -> float | None:
    """An HTTP date in seconds since the epoch, None if it is not one."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


class Jar:
    """Cookies of one client, by name and path.

    Domain is not looked at (one server only); Secure cookies are sent as well, since the replay also
    stands for the TLS proxy in front.
    """

    def __init__(self) -> None:
        self._cookies: dict[tuple[str, str], str] = {}

    def store(self, line: str, now: float) -> None:
        """Keep, replace or delete the cookie of one ``Set-Cookie`` line."""
        cookie = parse_set_cookie(line)
        path = cookie.attributes.get("path", "/") or "/"
        lifetime = cookie.lives_for(now)
        if lifetime is not None and lifetime <= 0:
            self._cookies.pop((cookie.name, path), None)
        else:
            self._cookies[cookie.name, path] = cookie.value

    def header(self, path: str) -> str:
        """The ``Cookie`` header for a request path, longest cookie paths first; empty if there is none."""
        plain = path.partition("?")[0]
        fitting = [(place, name, value) for (name, place), value in self._cookies.items() if _covers(place, plain)]
        fitting.sort(key=lambda item: -len(item[0]))
        return "; ".join(f"{name}={value}" for _, name, value in fitting)


def _covers(place: str, path: str) -> bool:
    return path == place or path.startswith(place if place.endswith("/") else place + "/")


def session_payload(value: str) -> Any | None:
    """What Flask's (itsdangerous') signed session cookie holds, None if it is not one.

    The payload is readable without the secret; timestamp and signature are left out.
    """
    compressed = value.startswith(".")
    parts = value[1:].split(".") if compressed else value.split(".")
    if len(parts) != 3 or not all(parts):
        return None
    try:
        data = base64.urlsafe_b64decode(parts[0] + "=" * (-len(parts[0]) % 4))
        return json.loads(zlib.decompress(data) if compressed else data)
    except (ValueError, binascii.Error, zlib.error):
        return None
