"""Parts of ``login``: kinds of users, signals, signed cookies, URLs of login pages."""

from __future__ import annotations

import hmac
from hashlib import sha512
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from blinker import Namespace

from .context import current_app, request, url_for

_signals = Namespace()
user_logged_in = _signals.signal("logged-in")
user_logged_out = _signals.signal("logged-out")
user_loaded_from_cookie = _signals.signal("loaded-from-cookie")
user_loaded_from_request = _signals.signal("loaded-from-request")
user_login_confirmed = _signals.signal("login-confirmed")
user_unauthorized = _signals.signal("unauthorized")
user_needs_refresh = _signals.signal("needs-refresh")
user_accessed = _signals.signal("accessed")
session_protected = _signals.signal("session-protected")


class UserMixin:
    """What Flask-Login expects of users."""

    __hash__ = object.__hash__

    @property
    def is_active(self) -> bool:
        return True

    @property
    def is_authenticated(self) -> bool:
        return self.is_active

    @property
    def is_anonymous(self) -> bool:
        return False

    def get_id(self) -> str:
        try:
            return str(self.id)  # type: ignore[attr-defined]
        except AttributeError:
            raise NotImplementedError("No `id` attribute - override `get_id`") from None

    def __eq__(self, other: object) -> Any:
        return self.get_id() == other.get_id() if isinstance(other, UserMixin) else NotImplemented


class AnonymousUserMixin:
    """Nobody."""

    @property
    def is_authenticated(self) -> bool:
        return False

    @property
    def is_active(self) -> bool:
        return False

    @property
    def is_anonymous(self) -> bool:
        return True

    def get_id(self) -> Any:
        return None


def encode_cookie(payload: str, key: Any = None) -> str:
    """A value with its signature."""
    return f"{payload}|{_cookie_digest(payload, key)}"


def decode_cookie(cookie: str, key: Any = None) -> str | None:
    """The value of a signed cookie; None if the signature is wrong."""
    payload, bar, digest = cookie.rpartition("|")
    return payload if bar and hmac.compare_digest(_cookie_digest(payload, key), digest) else None


def _cookie_digest(payload: str, key: Any) -> str:
    key = current_app.config["SECRET_KEY"] if key is None else key
    return hmac.new(key.encode("latin1") if isinstance(key, str) else key, payload.encode(), sha512).hexdigest()


def client_identifier() -> str:
    """What tells one browser from another, as far as Flask-Login looks."""
    address = request.headers.get("X-Forwarded-For", request.remote_addr)
    first = None if address is None else address.encode().split(b",")[0].strip()
    agent = request.headers.get("User-Agent")
    return sha512(f"{first}|{None if agent is None else agent.encode()}".encode()).hexdigest()


def make_next_param(login_url: str, current_url: str) -> str:
    """A URL as short as the login page can do with."""
    login, current = urlsplit(login_url), urlsplit(current_url)
    if login.scheme in ("", current.scheme) and login.netloc in ("", current.netloc):
        return urlunsplit(("", "", current.path, current.query, ""))
    return current_url


def login_url(login_view: str, next_url: str | None = None, next_field: str = "next") -> str:
    """The URL of the login page, with the page to come back to."""
    base = expand_login_view(login_view)
    if next_url is None:
        return base
    parts = urlsplit(base)
    query = parse_qs(parts.query, keep_blank_values=True)
    query[next_field] = [make_next_param(base, next_url)]
    netloc = current_app.config.get("FORCE_HOST_FOR_REDIRECTS") or parts.netloc
    return urlunsplit(parts._replace(netloc=netloc, query=urlencode(query, doseq=True)))


def expand_login_view(login_view: str) -> str:
    """The URL of a view given by its endpoint or its URL."""
    return login_view if login_view.startswith(("https://", "http://", "/")) else url_for(login_view)
