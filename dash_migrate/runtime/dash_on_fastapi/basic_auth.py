"""A password for the whole app: dash-auth's ``BasicAuth``, its public routes and callbacks, and its groups."""

from __future__ import annotations

import base64
import inspect
import logging
import os
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

import dash
from dash._callback import GLOBAL_CALLBACK_MAP
from dash.exceptions import PreventUpdate
from werkzeug.routing import Map, Rule

from .context import has_request, make_response, request, request_json, session

CheckType = Literal["one_of", "all_of", "none_of"]

_PUBLIC_ROUTES, _PUBLIC_CALLBACKS = "PUBLIC_ROUTES", "PUBLIC_CALLBACKS"
_ALWAYS_PUBLIC = [
    *(f"/assets/<path:path>.{ext}" for ext in os.getenv("DASH_PUBLIC_ASSETS_EXTENSIONS", "js,css").split(",")),
    "/_dash-component-suites/<path:path>",
    "/_dash-layout",
    "/_dash-dependencies",
    "/_favicon.ico",
    "/_reload-hash",
]


class BasicAuth:
    """Asks for user and password, everywhere but on public routes and in public callbacks."""

    def __init__(
        self,
        app: Any,
        username_password_list: Mapping[str, str] | Iterable[Any] | None = None,
        auth_func: Callable[[str, str], bool] | None = None,
        public_routes: list[str] | None = None,
        user_groups: Any = None,
        secret_key: Any = None,
    ) -> None:
        """Protect an app.

        Args:
            app: the Dash app.
            username_password_list: pairs, or a dict.
            auth_func: tells whether user and password are right, instead of the list.
            public_routes: rules as for ``add_public_routes``.
            user_groups: groups by user: a dict, or a function of the user's name.
            secret_key: for the session.

        Raises:
            ValueError: neither a list nor a function, or both.
        """
        if (auth_func is None) == (username_password_list is None):
            raise ValueError("BasicAuth takes either username_password_list or auth_func.")
        self.app, self._auth_func, self._user_groups = app, auth_func, user_groups
        self._users = dict(username_password_list or {})
        app.server.before_request(self._gate)
        if public_routes is not None:
            add_public_routes(app, public_routes)
        if secret_key is not None:
            app.server.secret_key = secret_key

    def _gate(self) -> Any:
        public = get_public_routes(self.app)
        if request.path == "/_dash-update-component":
            body = request_json()
            if body["output"] in get_public_callbacks(self.app):
                return None
            inputs = (i for i in body["inputs"] if isinstance(i, dict) and i.get("property") == "pathname")
            pathname = next((i.get("value") for i in inputs), None)
            if pathname and public.test(pathname):
                return None
        return None if public.test(request.path) or self.is_authorized() else self.login_request()

    def is_authorized(self) -> bool:
        """Whether the request has the right password; puts the user into the session."""
        header = request.headers.get("Authorization", None)
        if not header:
            return False
        username, password = base64.b64decode(header.split("Basic ")[1]).decode("utf-8").split(":", 1)
        if self._auth_func is None:
            authorized = self._users.get(username) == password
        else:
            try:
                authorized = self._auth_func(username, password)
            except Exception:
                logging.exception("Error in authorization function.")
                return False
        if authorized:
            try:
                session["user"] = {"email": username, "groups": []}
                if callable(self._user_groups):
                    session["user"]["groups"] = self._user_groups(username)
                elif self._user_groups:
                    session["user"]["groups"] = self._user_groups.get(username, [])
            except RuntimeError:
                logging.warning("Session is not available. Have you set a secret key?")
        return authorized

    def login_request(self) -> Any:
        """What makes a browser ask for a password."""
        return make_response(("Login Required", 401, {"WWW-Authenticate": 'Basic realm="User Visible Realm"'}))


def add_public_routes(app: Any, routes: list[str]) -> None:
    """Let everybody see routes, given as Flask's rules; scripts and styles are public with the first ones."""
    public = get_public_routes(app)
    if not public.map._rules:
        routes = _ALWAYS_PUBLIC + routes
    for route in routes:
        public.map.add(Rule(route))
    app.server.config[_PUBLIC_ROUTES] = public


def get_public_routes(app: Any) -> Any:
    """The public routes, as werkzeug's MapAdapter."""
    return app.server.config.get(_PUBLIC_ROUTES, Map([]).bind(""))


def get_public_callbacks(app: Any) -> list[str]:
    """The ids of the public callbacks."""
    found: list[str] = app.server.config.get(_PUBLIC_CALLBACKS, [])
    return found


def public_callback(*callback_args: Any, **callback_kwargs: Any) -> Any:
    """``dash.callback`` for everybody."""

    def decorator(func: Any) -> Any:
        wrapped = dash.callback(*callback_args, **callback_kwargs)(func)
        source = inspect.getsource(func)
        ids = (k for k, v in GLOBAL_CALLBACK_MAP.items() if inspect.getsource(v["callback"]) == source)
        callback_id = next(ids, None)
        try:
            app = dash.get_app()
            app.server.config[_PUBLIC_CALLBACKS] = [*get_public_callbacks(app), callback_id]
        except Exception:
            print("Could not set up the public callback as the Dash object has not yet been instantiated.")
        return lambda *args, **kwargs: wrapped(*args, **kwargs)

    return decorator


def list_groups(*, groups_key: str = "groups", groups_str_split: str | None = None) -> list[str] | None:
    """The groups of the user in the session; None for nobody."""
    if not has_request() or "user" not in session:
        return None
    groups: Any = session.get("user", {}).get(groups_key, [])
    if isinstance(groups, str) and groups_str_split is not None:
        groups = re.split(groups_str_split, groups)
    return groups  # type: ignore[no-any-return]


def check_groups(
    groups: list[str] | None = None,
    *,
    groups_key: str = "groups",
    groups_str_split: str | None = None,
    check_type: CheckType = "one_of",
) -> bool | None:
    """Whether the user is in groups; None for nobody.

    Raises:
        ValueError: for another check type.
    """
    found = list_groups(groups_key=groups_key, groups_str_split=groups_str_split)
    if found is None:
        return None
    if groups is None:
        return True
    if check_type == "one_of":
        return bool(set(found).intersection(groups))
    if check_type == "all_of":
        return all(group in found for group in groups)
    if check_type == "none_of":
        return not any(group in found for group in groups)
    raise ValueError(f"Invalid check_type: {check_type}")


def protected(unauthenticated_output: Any, *, missing_permissions_output: Any = None, **check: Any) -> Any:
    """A function or value that others than the right users get another for; ``check`` is for ``check_groups``."""
    missing = unauthenticated_output if missing_permissions_output is None else missing_permissions_output

    def decorator(output: Any) -> Any:
        def wrap(*args: Any, **kwargs: Any) -> Any:
            authorized = check_groups(**check)
            if authorized:
                return output(*args, **kwargs) if callable(output) else output
            other = unauthenticated_output if authorized is None else missing
            return other() if callable(other) else other

        return wrap if callable(output) else wrap()

    return decorator


def protected_callback(
    *callback_args: Any,
    unauthenticated_output: Any = None,
    missing_permissions_output: Any = None,
    groups: list[str] | None = None,
    groups_key: str = "groups",
    groups_str_split: str | None = None,
    check_type: CheckType = "one_of",
    **callback_kwargs: Any,
) -> Any:
    """``dash.callback`` for users in groups; for others it gives other outputs, or does nothing."""

    def decorator(func: Any) -> Any:
        def do_nothing() -> None:
            logging.info("A user tried to run %s without being allowed to.", func.__name__)
            raise PreventUpdate

        wrapped = dash.callback(*callback_args, **callback_kwargs)(
            protected(
                do_nothing if unauthenticated_output is None else unauthenticated_output,
                missing_permissions_output=(
                    do_nothing if missing_permissions_output is None else missing_permissions_output
                ),
                groups=groups,
                groups_key=groups_key,
                groups_str_split=groups_str_split,
                check_type=check_type,
            )(func)
        )
        return lambda *args, **kwargs: wrapped(*args, **kwargs)

    return decorator
