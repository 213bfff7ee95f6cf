"""Flask's session: the same signed cookie, so nobody is logged out, and ``request.session`` to reach it."""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID

from itsdangerous import BadSignature, URLSafeTimedSerializer
from markupsafe import Markup
from starlette.requests import HTTPConnection
from werkzeug.datastructures import CallbackDict
from werkzeug.http import http_date, parse_cookie, parse_date

from .json_text import dumps


class Session(CallbackDict[str, Any]):
    """What is kept for a client. ``modified`` must be set by hand when something inside a value changes."""

    def __init__(self, initial: Any = None, new: bool = False) -> None:
        def on_update(session: Any) -> None:
            session.modified = session.accessed = True

        super().__init__(initial, on_update)
        self.new, self.modified, self.accessed = new, False, False

    @property
    def permanent(self) -> bool:
        """Whether the cookie outlives the browser session."""
        return bool(self.get("_permanent", False))

    @permanent.setter
    def permanent(self, value: bool) -> None:
        self["_permanent"] = bool(value)

    def __getitem__(self, key: str) -> Any:
        self.accessed = True
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self.accessed = True
        return super().get(key, default)

    def __contains__(self, key: object) -> bool:
        self.accessed = True
        return super().__contains__(key)

    def __len__(self) -> int:
        self.accessed = True
        return super().__len__()

    def __iter__(self) -> Iterator[str]:
        self.accessed = True
        return super().__iter__()

    def __repr__(self) -> str:
        self.accessed = True
        return f"<SecureCookieSession {dict.__repr__(self)}>"

    def items(self) -> Any:
        self.accessed = True
        return super().items()

    def keys(self) -> Any:
        self.accessed = True
        return super().keys()

    def values(self) -> Any:
        self.accessed = True
        return super().values()

    def copy(self) -> Any:
        self.accessed = True
        return super().copy()


class NoSession(Session):
    """The session of an app without a secret key: it can be read and is empty."""

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("The session is unavailable because no secret key was set.")

    __setitem__ = __delitem__ = clear = pop = popitem = update = setdefault = _refuse


class Sessions:
    """Reads and writes the session cookie of a server."""

    blocking = False

    def __init__(self, server: Any) -> None:
        self.server = server

    def _serializer(self) -> URLSafeTimedSerializer | None:
        keys = self.server.config["SECRET_KEY"]
        if not keys:
            return None
        fallbacks = self.server.config.get("SECRET_KEY_FALLBACKS") or []
        return URLSafeTimedSerializer(
            [*fallbacks, keys],
            salt="cookie-session",
            serializer=TaggedJSON,
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha1},
        )

    def open(self, connection: HTTPConnection) -> Session:
        """The session a connection brings."""
        serializer = self._serializer()
        if serializer is None:
            return NoSession()
        value = first_cookie(connection, self.server.config["SESSION_COOKIE_NAME"])
        if not value:
            return Session()
        try:
            age = int(self._lifetime().total_seconds())
            return Session(serializer.loads(value, max_age=age))
        except BadSignature:
            return Session()

    def _lifetime(self) -> timedelta:
        value = self.server.config["PERMANENT_SESSION_LIFETIME"]
        return value if isinstance(value, timedelta) else timedelta(seconds=value)

    def _expiry(self, session: Session) -> datetime | None:
        """When the cookie goes; None: with the browser's session."""
        return datetime.now(timezone.utc) + self._lifetime() if session.permanent else None

    def save(self, session: Session, response: Any) -> None:
        """Put what has changed into the cookie of an answer (werkzeug's Response)."""
        config = self.server.config
        options = {
            "domain": config["SESSION_COOKIE_DOMAIN"],
            "path": config["SESSION_COOKIE_PATH"] or config["APPLICATION_ROOT"],
            "secure": config["SESSION_COOKIE_SECURE"],
            "samesite": config["SESSION_COOKIE_SAMESITE"],
            "httponly": config["SESSION_COOKIE_HTTPONLY"],
            "partitioned": config["SESSION_COOKIE_PARTITIONED"],
        }
        name = config["SESSION_COOKIE_NAME"]
        if session.accessed:
            response.vary.add("Cookie")
        if not session:
            if session.modified:
                response.delete_cookie(name, **options)
                response.vary.add("Cookie")
            return
        if not (session.modified or (session.permanent and config["SESSION_REFRESH_EACH_REQUEST"])):
            return
        serializer = self._serializer()
        if serializer is None:
            return
        response.set_cookie(name, serializer.dumps(dict(session)), expires=self._expiry(session), **options)
        response.vary.add("Cookie")


def first_cookie(connection: HTTPConnection, name: str) -> str | None:
    """A cookie's value; the first of several, as werkzeug reads them (Starlette takes the last)."""
    return parse_cookie("; ".join(connection.headers.getlist("cookie"))).get(name)


class TaggedJSON:
    """JSON that keeps tuples, bytes, markup, UUIDs and dates apart, in Flask's notation."""

    @staticmethod
    def dumps(value: Any) -> str:
        """Raises TypeError for what Flask's session cannot hold either."""
        return dumps(_tag(value), separators=(",", ":"))

    @staticmethod
    def loads(text: str | bytes) -> Any:
        import json

        return _untag(json.loads(text))


def _tag(value: Any) -> Any:
    for key, matches, to_json, _ in _TAGS:
        if matches(value):
            return {key: to_json(value)}
    if isinstance(value, dict):
        return {k: _tag(v) for k, v in value.items()}
    return [_tag(v) for v in value] if isinstance(value, list) else value


def _untag(value: Any) -> Any:
    if isinstance(value, list):
        return [_untag(v) for v in value]
    if not isinstance(value, dict):
        return value
    inner = {k: _untag(v) for k, v in value.items()}
    if len(inner) == 1:
        key, only = next(iter(inner.items()))
        for tag, _, __, to_python in _TAGS:
            if tag == key:
                return to_python(only)
    return inner


def _is_ambiguous(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in _KEYS


_Row = tuple[str, Callable[[Any], bool], Callable[[Any], Any], Callable[[Any], Any]]
_TAGS: list[_Row] = [
    (
        " di",
        _is_ambiguous,
        lambda v: {f"{k}__": _tag(x) for k, x in v.items()},
        lambda v: {k[:-2]: x for k, x in v.items()},
    ),
    (" t", lambda v: isinstance(v, tuple), lambda v: [_tag(x) for x in v], tuple),
    (" b", lambda v: isinstance(v, bytes), lambda v: b64encode(v).decode("ascii"), b64decode),
    (" m", lambda v: callable(getattr(v, "__html__", None)), lambda v: str(v.__html__()), Markup),
    (" u", lambda v: isinstance(v, UUID), lambda v: v.hex, UUID),
    (" d", lambda v: isinstance(v, datetime), http_date, parse_date),
]
_KEYS = frozenset(row[0] for row in _TAGS)
