"""Names, passwords and tokens in the ``Authorization`` header: Flask-HTTPAuth's Basic and token authentication."""

from __future__ import annotations

import hmac
from base64 import b64decode
from collections.abc import Callable
from typing import Any

from werkzeug.datastructures import Authorization

from .context import context_values, guarded, make_response, plain, request, same_signature

_USER = "flask_httpauth_user"


class HTTPAuth:
    """What the ways to authenticate share."""

    def __init__(self, scheme: str, realm: str | None = None, header: str | None = None) -> None:
        self.scheme, self.header = scheme, header
        self.realm = realm or "Authentication Required"
        self.get_password_callback: Callable[[str], Any] = lambda username: None
        self.get_user_roles_callback: Callable[[Any], Any] | None = None
        self.auth_error_callback: Callable[..., Any]
        self.error_handler(lambda status: ("Unauthorized Access", status))

    def get_password(self, f: Any) -> Any:
        """Set the function that finds a user's password."""
        self.get_password_callback = f
        return f

    def get_user_roles(self, f: Any) -> Any:
        """Set the function that finds a user's roles."""
        self.get_user_roles_callback = f
        return f

    def error_handler(self, f: Any) -> Any:
        """Set what is answered to those who may not see a view; it is given 401 or 403, if it takes an argument."""

        def decorated(*args: Any, **kwargs: Any) -> Any:
            value = plain(f)(*args, **kwargs)
            has_status = isinstance(value, tuple) or hasattr(value, "status_code")
            response = make_response(value)
            if not has_status and response.status_code == 200:
                response.status_code = 401
            if "WWW-Authenticate" not in response.headers:
                response.headers["WWW-Authenticate"] = self.authenticate_header()
            return response

        self.auth_error_callback = same_signature(decorated, f)
        return self.auth_error_callback

    def authenticate_header(self) -> str:
        """What browsers are told to ask for."""
        return f'{self.scheme} realm="{self.realm}"'

    def is_compatible_auth(self, headers: Any) -> bool:
        """Whether a request brings something for this way to authenticate."""
        if self.header not in (None, "Authorization"):
            return self.header in headers
        return bool(headers.get("Authorization", "").split(None, 1)[1:]) and (
            headers["Authorization"].split(None, 1)[0] == self.scheme
        )

    def get_auth(self) -> Authorization | None:
        """What the request brings."""
        auth: Authorization | None = None
        if self.header in (None, "Authorization"):
            auth = request.authorization
        elif self.header in request.headers:
            auth = Authorization(self.scheme, token=request.headers[self.header])
        return auth if auth is not None and auth.type.lower() == self.scheme.lower() else None

    def authenticate(self, auth: Any, stored_password: Any) -> Any:
        """The user, True for one who has no name; None or False for nobody."""
        raise NotImplementedError

    def authorize(self, role: Any, user: Any, auth: Any) -> bool:
        """Whether a user has a role: one, one of several, or all of a list in the list.

        Raises:
            ValueError: there is no function that finds roles.
        """
        if role is None:
            return True
        if self.get_user_roles_callback is None:
            raise ValueError("get_user_roles callback is not defined")
        found = plain(self.get_user_roles_callback)(auth if user is True else user)
        has = set(found) if isinstance(found, (list, tuple)) else set() if found is None else {found}
        for wanted in role if isinstance(role, (list, tuple)) else [role]:
            if has.issuperset(wanted) if isinstance(wanted, (list, tuple)) else wanted in has:
                return True
        return False

    def login_required(self, f: Any = None, role: Any = None, optional: bool | None = None) -> Any:
        """A view for users, or for users with a role; ``optional`` lets others see it too."""
        if f is not None and (role is not None or optional is not None):
            raise ValueError("role and optional are the only supported arguments")

        def decorator(view: Any) -> Any:
            return guarded(view, lambda: self.refusal(role, optional))

        return decorator(f) if f else decorator

    def refusal(self, role: Any, optional: bool | None) -> Any:
        """The answer to a request that may not see a view; None for one that may, whose user is noted."""
        if request.method == "OPTIONS":
            return None
        auth = self.get_auth()
        password = plain(self.get_password_callback)(auth.username) if auth and auth.username else None
        user = self.authenticate(auth, password)
        status = 401 if user in (False, None) else None if self.authorize(role, user, auth) else 403
        if status and not optional:
            try:
                return self.auth_error_callback(status)
            except TypeError:
                return self.auth_error_callback()
        context_values()[_USER] = user if user is not True else auth.username if auth else None
        return None

    def username(self) -> Any:
        """The name that the request brings."""
        auth = self.get_auth()
        return auth.username if auth else ""

    def current_user(self) -> Any:
        """The user of the request."""
        return context_values().get(_USER)


class HTTPBasicAuth(HTTPAuth):
    """A name and a password."""

    def __init__(self, scheme: str | None = None, realm: str | None = None) -> None:
        super().__init__(scheme or "Basic", realm)
        self.hash_password_callback: Callable[..., Any] | None = None
        self.verify_password_callback: Callable[[str, str], Any] | None = None

    def hash_password(self, f: Any) -> Any:
        """Set the function that hashes a password, to be compared with the one ``get_password`` finds."""
        self.hash_password_callback = f
        return f

    def verify_password(self, f: Any) -> Any:
        """Set the function that tells who has a name and a password; without any, both are empty."""
        self.verify_password_callback = f
        return f

    def get_auth(self) -> Authorization | None:
        """The name and the password, whatever the scheme is called."""
        value = request.headers.get(self.header or "Authorization")
        try:
            scheme, credentials = (value or "").encode().split(b" ", 1)
            pair = b64decode(credentials).split(b":", 1)
            username, password = pair
        except (ValueError, TypeError):
            return None
        try:
            known: dict[str, str | None] = {"username": username.decode(), "password": password.decode()}
        except UnicodeDecodeError:
            known = {"username": username.decode("latin1"), "password": password.decode("latin1")}
        return Authorization(scheme.decode("latin1"), known)

    def authenticate(self, auth: Any, stored_password: Any) -> Any:
        username, password = (auth.username, auth.password) if auth else ("", "")
        if self.verify_password_callback:
            return plain(self.verify_password_callback)(username, password)
        if not auth:
            return None
        if self.hash_password_callback:
            try:
                password = plain(self.hash_password_callback)(password)
            except TypeError:
                password = plain(self.hash_password_callback)(username, password)
        if password is None or stored_password is None:
            return None
        return username if hmac.compare_digest(password, stored_password) else None


class HTTPTokenAuth(HTTPAuth):
    """A token."""

    def __init__(self, scheme: str = "Bearer", realm: str | None = None, header: str | None = None) -> None:
        super().__init__(scheme, realm, header)
        self.verify_token_callback: Callable[[str], Any] | None = None

    def verify_token(self, f: Any) -> Any:
        """Set the function that tells whose a token is."""
        self.verify_token_callback = f
        return f

    def authenticate(self, auth: Any, stored_password: Any) -> Any:
        token = getattr(auth, "token", None)
        return plain(self.verify_token_callback)(token) if token and self.verify_token_callback else None


class MultiAuth:
    """Several ways: the first that goes with what the request brings, else the main one."""

    def __init__(self, main_auth: HTTPAuth, *additional_auths: HTTPAuth) -> None:
        self.main_auth, self.additional_auths = main_auth, additional_auths

    def login_required(self, f: Any = None, role: Any = None, optional: bool | None = None) -> Any:
        """As for one way alone."""
        if f is not None and (role is not None or optional is not None):
            raise ValueError("role and optional are the only supported arguments")

        def decorator(view: Any) -> Any:
            return guarded(view, lambda: self._chosen().refusal(role, optional))

        return decorator(f) if f else decorator

    def _chosen(self) -> HTTPAuth:
        ways = (self.main_auth, *self.additional_auths)
        return next((way for way in ways if way.is_compatible_auth(request.headers)), self.main_auth)

    def current_user(self) -> Any:
        """The user of the request."""
        return context_values().get(_USER)


__all__ = ["HTTPBasicAuth", "HTTPTokenAuth", "MultiAuth"]
