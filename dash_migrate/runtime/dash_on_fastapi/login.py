"""Who is logged in: Flask-Login's names, with its session keys and its remember-me cookie."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from werkzeug.local import LocalProxy

from .context import (
    abort,
    context_values,
    current_app,
    flash,
    guarded,
    has_request,
    make_response,
    redirect,
    request,
    session,
)
from .login_parts import (
    AnonymousUserMixin,
    UserMixin,
    client_identifier,
    decode_cookie,
    encode_cookie,
    expand_login_view,
    login_url,
    make_next_param,
    session_protected,
    user_accessed,
    user_loaded_from_cookie,
    user_loaded_from_request,
    user_logged_in,
    user_logged_out,
    user_login_confirmed,
    user_needs_refresh,
    user_unauthorized,
)

_SESSION_KEYS = ("_user_id", "_remember", "_remember_seconds", "_id", "_fresh", "next")


class LoginManager:
    """How users are found, and what is answered to those who are not logged in."""

    def __init__(self, app: Any = None, add_context_processor: bool = True) -> None:
        self.anonymous_user: Any = AnonymousUserMixin
        self.login_view: str | None = None
        self.blueprint_login_views: dict[str | None, str] = {}
        self.login_message: Any = "Please log in to access this page."
        self.login_message_category = "message"
        self.refresh_view: str | None = None
        self.needs_refresh_message: Any = "Please reauthenticate to access this page."
        self.needs_refresh_message_category = "message"
        self.session_protection: str | None = "basic"
        self.localize_callback: Callable[[Any], str] | None = None
        self.id_attribute = "get_id"
        self.unauthorized_callback: Callable[[], Any] | None = None
        self.needs_refresh_callback: Callable[[], Any] | None = None
        self.user_callback: Callable[[str], Any] | None = None
        self.request_callback: Callable[[Any], Any] | None = None
        if app is not None:
            self.init_app(app, add_context_processor)

    def init_app(self, app: Any, add_context_processor: bool = True) -> None:
        """Let a server's users log in."""
        app.login_manager = self
        app.after_request(self._update_remember_cookie)
        if add_context_processor:
            app.context_processor(lambda: {"current_user": _get_user()})

    def user_loader(self, callback: Any) -> Any:
        """Set the function that finds a user by id."""
        self.user_callback = callback
        return callback

    def request_loader(self, callback: Any) -> Any:
        """Set the function that finds a user by the request, given as Flask's."""
        self.request_callback = callback
        return callback

    def unauthorized_handler(self, callback: Any) -> Any:
        """Set what is answered to those who are not logged in."""
        self.unauthorized_callback = callback
        return callback

    def needs_refresh_handler(self, callback: Any) -> Any:
        """Set what is answered to those whose login is not fresh."""
        self.needs_refresh_callback = callback
        return callback

    def unauthorized(self) -> Any:
        """The answer to those who are not logged in.

        Raises:
            werkzeug.exceptions.Unauthorized: there is no login view.
        """
        user_unauthorized.send(current_app._get_current_object())
        if self.unauthorized_callback:
            return make_response(self.unauthorized_callback())
        view = self.blueprint_login_views.get(request.blueprint, self.login_view)
        return self._to_login(view, self.login_message, self.login_message_category)

    def needs_refresh(self) -> Any:
        """The answer to those whose login is not fresh.

        Raises:
            werkzeug.exceptions.Unauthorized: there is no refresh view.
        """
        user_needs_refresh.send(current_app._get_current_object())
        if self.needs_refresh_callback:
            return make_response(self.needs_refresh_callback())
        return self._to_login(self.refresh_view, self.needs_refresh_message, self.needs_refresh_message_category)

    def _to_login(self, view: str | None, message: Any, category: str) -> Any:
        if not view:
            abort(401)
            return None
        if message:
            flash(message if self.localize_callback is None else self.localize_callback(message), category=category)
        if not current_app.config.get("USE_SESSION_FOR_NEXT", False):
            return redirect(login_url(view, next_url=request.url))
        session["_id"] = client_identifier()
        session["next"] = make_next_param(expand_login_view(view), request.url)
        return redirect(login_url(view))

    def _load_user(self) -> None:
        if self.user_callback is None and self.request_callback is None:
            raise Exception("Missing user_loader or request_loader.")
        user_accessed.send(current_app._get_current_object())
        user = None if self._session_protection_failed() else self._found()
        self._set_user(user)

    def _found(self) -> Any:
        user_id = session.get("_user_id")
        user = self.user_callback(user_id) if user_id is not None and self.user_callback else None
        if user is not None:
            return user
        name = current_app.config.get("REMEMBER_COOKIE_NAME", "remember_token")
        app = current_app._get_current_object()
        if name in request.cookies and session.get("_remember") != "clear":
            user_id = decode_cookie(request.cookies[name])
            if user_id is not None:
                session["_user_id"], session["_fresh"] = user_id, False
                user = self.user_callback(user_id) if self.user_callback else None
                if user is not None:
                    user_loaded_from_cookie.send(app, user=user)
        elif self.request_callback:
            user = self.request_callback(request._get_current_object())
            if user is not None:
                user_loaded_from_request.send(app, user=user)
        return user

    def _set_user(self, user: Any = None) -> None:
        context_values()["_login_user"] = self.anonymous_user() if user is None else user

    def _session_protection_failed(self) -> bool:
        mode = current_app.config.get("SESSION_PROTECTION", self.session_protection)
        ident = client_identifier()
        if mode not in ("basic", "strong") or not session or ident == session.get("_id", None):
            return False
        if mode == "basic" or session.permanent:
            if session.get("_fresh") is not False:
                session["_fresh"] = False
        else:
            for key in _SESSION_KEYS:
                session.pop(key, None)
            session["_remember"] = "clear"
        session_protected.send(current_app._get_current_object())
        return mode == "strong" and not session.permanent

    def _update_remember_cookie(self, response: Any) -> Any:
        config = current_app.config
        if "_remember" not in session and config.get("REMEMBER_COOKIE_REFRESH_EACH_REQUEST"):
            session["_remember"] = "set"
        if "_remember" not in session:
            return response
        operation = session.pop("_remember", None)
        name = config.get("REMEMBER_COOKIE_NAME", "remember_token")
        place = {"domain": config.get("REMEMBER_COOKIE_DOMAIN"), "path": config.get("REMEMBER_COOKIE_PATH", "/")}
        if operation == "clear":
            response.delete_cookie(name, **place)
        elif operation == "set" and "_user_id" in session:
            duration = config.get("REMEMBER_COOKIE_DURATION", timedelta(days=365))
            if "_remember_seconds" in session:
                duration = session["_remember_seconds"]
            if isinstance(duration, (int, float)):
                duration = timedelta(seconds=duration)
            response.set_cookie(
                name,
                encode_cookie(str(session["_user_id"])),
                expires=datetime.now(timezone.utc) + duration,
                secure=config.get("REMEMBER_COOKIE_SECURE", False),
                httponly=config.get("REMEMBER_COOKIE_HTTPONLY", True),
                samesite=config.get("REMEMBER_COOKIE_SAMESITE"),
                **place,
            )
        return response


def _get_user() -> Any:
    if not has_request():
        return None
    values = context_values()
    if "_login_user" not in values:
        current_app.login_manager._load_user()
    return values["_login_user"]


#: the user of the request or websocket callback; nobody is an ``AnonymousUserMixin``, and None outside of both
current_user: Any = LocalProxy(_get_user)


def login_user(
    user: Any, remember: bool = False, duration: timedelta | None = None, force: bool = False, fresh: bool = True
) -> bool:
    """Log a user in; False for one who is not active."""
    if not force and not user.is_active:
        return False
    manager = current_app.login_manager
    session["_user_id"] = getattr(user, manager.id_attribute)()
    session["_fresh"] = fresh
    session["_id"] = client_identifier()
    if remember:
        session["_remember"] = "set"
        if duration is not None:
            session["_remember_seconds"] = duration.total_seconds()
    manager._set_user(user)
    user_logged_in.send(current_app._get_current_object(), user=user)
    return True


def logout_user() -> bool:
    """Log the current user out, and forget them."""
    user = _get_user()
    for key in ("_user_id", "_fresh", "_id"):
        if key in session:
            session.pop(key)
    if current_app.config.get("REMEMBER_COOKIE_NAME", "remember_token") in request.cookies:
        session["_remember"] = "clear"
        if "_remember_seconds" in session:
            session.pop("_remember_seconds")
    user_logged_out.send(current_app._get_current_object(), user=user)
    current_app.login_manager._set_user()
    return True


def confirm_login() -> None:
    """Make the current login fresh."""
    session["_fresh"] = True
    session["_id"] = client_identifier()
    user_login_confirmed.send(current_app._get_current_object())


def login_fresh() -> bool:
    """Whether the current login was made in this session."""
    return bool(session.get("_fresh", False))


def login_remembered() -> bool:
    """Whether the current login will outlive the session."""
    name = current_app.config.get("REMEMBER_COOKIE_NAME", "remember_token")
    known = name in request.cookies and session.get("_remember") != "clear"
    return known and decode_cookie(request.cookies[name]) is not None


def login_required(func: Any) -> Any:
    """A view for users who are logged in."""
    return guarded(func, lambda: _refusal(fresh=False))


def fresh_login_required(func: Any) -> Any:
    """A view for users who have logged in in this session."""
    return guarded(func, lambda: _refusal(fresh=True))


def _refusal(fresh: bool) -> Any:
    if request.method == "OPTIONS" or current_app.config.get("LOGIN_DISABLED"):
        return None
    if not current_user.is_authenticated:
        return current_app.login_manager.unauthorized()
    return current_app.login_manager.needs_refresh() if fresh and not login_fresh() else None


def set_login_view(login_view: str, blueprint: Any = None) -> None:
    """Set the login view of the app, or of a blueprint."""
    manager = current_app.login_manager
    if blueprint is None and not manager.blueprint_login_views:
        manager.login_view = login_view
        return
    views = manager.blueprint_login_views
    views[blueprint.name] = login_view
    if manager.login_view is not None and None not in views:
        views[None] = manager.login_view
    manager.login_view = None


__all__ = [
    "AnonymousUserMixin",
    "LoginManager",
    "UserMixin",
    "confirm_login",
    "current_user",
    "decode_cookie",
    "encode_cookie",
    "fresh_login_required",
    "login_fresh",
    "login_remembered",
    "login_required",
    "login_url",
    "login_user",
    "logout_user",
    "make_next_param",
    "session_protected",
    "set_login_view",
    "user_accessed",
    "user_loaded_from_cookie",
    "user_loaded_from_request",
    "user_logged_in",
    "user_logged_out",
    "user_login_confirmed",
    "user_needs_refresh",
    "user_unauthorized",
]
