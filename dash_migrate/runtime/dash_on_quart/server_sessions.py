"""Sessions that are kept on the server: Flask-Session, with its settings, its keys and its formats."""

from __future__ import annotations

import secrets
from typing import Any

from itsdangerous import BadSignature, Signer
from quart.sessions import SecureCookieSession, SessionInterface

from .session_stores import store_of


class Session:
    """``Session(server)``: from here on ``session`` is kept where ``SESSION_TYPE`` says."""

    def __init__(self, app: Any = None) -> None:
        self.app = app
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Any) -> None:
        """Keep the sessions of a server.

        Raises:
            ValueError: ``SESSION_TYPE`` is none that is known here.
        """
        app.session_interface = StoredSessions(app)


class ServerSideSession(SecureCookieSession):
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


class StoredSessions(SessionInterface):
    """Reads and writes sessions and the cookie that names them, in the thread of the request."""

    def __init__(self, server: Any) -> None:
        config = server.config
        self.prefix = config.setdefault("SESSION_KEY_PREFIX", "session:")
        self.permanent = config.setdefault("SESSION_PERMANENT", True)
        self.signed = config.setdefault("SESSION_USE_SIGNER", False)
        self.length = config.setdefault("SESSION_ID_LENGTH", 32)
        self.store = store_of(config)

    def _signer(self, app: Any) -> Signer:
        return Signer(app.secret_key, salt="flask-session", key_derivation="hmac")

    async def open_session(self, app: Any, request: Any) -> ServerSideSession:
        """The session that a request's cookie names, or a new one."""
        sid = request.cookies.get(app.config["SESSION_COOKIE_NAME"])
        if sid and self.signed:
            try:
                sid = self._signer(app).unsign(sid).decode()
            except BadSignature:
                sid = None
        known = self.store.get(self.prefix + sid) if sid else None
        if known is not None:
            return ServerSideSession(known, sid)
        return ServerSideSession(None, secrets.token_urlsafe(self.length), self.permanent)

    async def save_session(self, app: Any, session: Any, response: Any) -> None:
        """Keep what has changed, and name it in the cookie of an answer; a websocket has none."""
        name, key = self.get_cookie_name(app), self.prefix + session.sid
        where = {"domain": self.get_cookie_domain(app), "path": self.get_cookie_path(app)}
        if response is not None and session.accessed:
            response.vary.add("Cookie")
        if not session:
            if session.modified:
                self.store.delete(key)
                if response is not None:
                    response.delete_cookie(name, **where)
                    response.vary.add("Cookie")
            return
        if not (session.modified or app.config["SESSION_REFRESH_EACH_REQUEST"]):
            return
        self.store.set(key, dict(session), int(app.permanent_session_lifetime.total_seconds()))
        if response is None or not self.should_set_cookie(app, session):
            return
        response.set_cookie(
            name,
            self._signer(app).sign(session.sid.encode()).decode() if self.signed else session.sid,
            expires=self.get_expiration_time(app, session),
            httponly=self.get_cookie_httponly(app),
            secure=self.get_cookie_secure(app),
            samesite=self.get_cookie_samesite(app),
            **where,
        )
        response.vary.add("Cookie")


__all__ = ["ServerSideSession", "Session"]
