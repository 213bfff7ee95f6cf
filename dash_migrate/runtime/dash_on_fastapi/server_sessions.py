"""Sessions that are kept on the server: Flask-Session, with its settings, its keys and its formats."""

from __future__ import annotations

import secrets
from typing import Any

from itsdangerous import BadSignature, Signer
from starlette.requests import HTTPConnection

from . import session as cookie_session
from .session import first_cookie
from .session_stores import store_of


class Session:
    """``Session(server)``: from here on ``request.session`` is kept where ``SESSION_TYPE`` says."""

    def __init__(self, app: Any = None) -> None:
        self.app = app
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Any) -> None:
        """Keep the sessions of a server.

        Raises:
            ValueError: ``SESSION_TYPE`` is none that is known here.
        """
        app.sessions = StoredSessions(app)


class ServerSideSession(cookie_session.Session):
    """What is kept for a client, and the key it is kept under."""

    def __init__(self, initial: Any = None, sid: str | None = None, permanent: bool = False) -> None:
        super().__init__(initial)
        self.sid = sid
        if permanent:
            self.permanent = True
        self.modified = self.accessed = False

    def __bool__(self) -> bool:
        return bool(dict(self)) and set(self) != {"_permanent"}

    def clear(self) -> None:
        """Forget everything but whether it is permanent."""
        permanent = self.get("_permanent", False)
        super().clear()
        self["_permanent"] = permanent


class StoredSessions(cookie_session.Sessions):
    """Reads and writes sessions and the cookie that names them."""

    #: reading one may take a while
    blocking = True

    def __init__(self, server: Any) -> None:
        super().__init__(server)
        config = server.config
        self.prefix = config.setdefault("SESSION_KEY_PREFIX", "session:")
        self.permanent = config.setdefault("SESSION_PERMANENT", True)
        self.signed = config.setdefault("SESSION_USE_SIGNER", False)
        self.length = config.setdefault("SESSION_ID_LENGTH", 32)
        self.store = store_of(config)

    def _signer(self) -> Signer:
        return Signer(self.server.secret_key, salt="flask-session", key_derivation="hmac")

    def open(self, connection: HTTPConnection) -> ServerSideSession:
        """The session that a connection's cookie names, or a new one."""
        sid = first_cookie(connection, self.server.config["SESSION_COOKIE_NAME"])
        if sid and self.signed:
            try:
                sid = self._signer().unsign(sid).decode()
            except BadSignature:
                sid = None
        known = self.store.get(self.prefix + sid) if sid else None
        if known is not None:
            return ServerSideSession(known, sid)
        return ServerSideSession(None, secrets.token_urlsafe(self.length), self.permanent)

    def save(self, session: Any, response: Any) -> None:
        """Keep what has changed, and name it in the cookie of an answer (werkzeug's Response)."""
        config, key = self.server.config, self.prefix + session.sid
        name = config["SESSION_COOKIE_NAME"]
        where = {
            "domain": config["SESSION_COOKIE_DOMAIN"],
            "path": config["SESSION_COOKIE_PATH"] or config["APPLICATION_ROOT"],
        }
        if session.accessed:
            response.vary.add("Cookie")
        if not session:
            if session.modified:
                self.store.delete(key)
                response.delete_cookie(name, **where)
                response.vary.add("Cookie")
            return
        if not (session.modified or config["SESSION_REFRESH_EACH_REQUEST"]):
            return
        self.store.set(key, dict(session), int(self._lifetime().total_seconds()))
        if not (session.modified or (session.permanent and config["SESSION_REFRESH_EACH_REQUEST"])):
            return
        response.set_cookie(
            name,
            self._signer().sign(session.sid.encode()).decode() if self.signed else session.sid,
            expires=self._expiry(session),
            httponly=config["SESSION_COOKIE_HTTPONLY"],
            secure=config["SESSION_COOKIE_SECURE"],
            samesite=config["SESSION_COOKIE_SAMESITE"],
            **where,
        )
        response.vary.add("Cookie")


__all__ = ["ServerSideSession", "Session"]
