"""Answers that other sites may read: Flask-Cors, with its options, defaults and settings."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

from .context import after_this_request, current_app, request

_DEFAULTS: dict[str, Any] = {
    "origins": "*",
    "methods": ["GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"],
    "allow_headers": "*",
    "expose_headers": None,
    "supports_credentials": False,
    "max_age": None,
    "send_wildcard": False,
    "automatic_options": True,
    "vary_header": True,
    "resources": "/*",
    "intercept_exceptions": True,
    "always_send": True,
    "allow_private_network": False,
}
_ORIGIN = "Access-Control-Allow-Origin"


class CORS:
    """Lets pages of other origins read the answers of a server or a router."""

    def __init__(self, app: Any = None, **options: Any) -> None:
        self._options = options
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Any, **options: Any) -> None:
        """Add the headers to what a server or router answers."""
        merged = _merged(app, self._options, options)
        _Options(merged)  # complains about what does not go together
        resources = [
            (pattern, _Options(_merged(app, self._options, options, own)))
            for pattern, own in _resources(merged["resources"])
        ]

        def add_headers(response: Any) -> Any:
            if not response.headers.get(_ORIGIN) and not getattr(response, "has_cors", False):
                path = unquote(request.path)
                for pattern, own in resources:
                    if _matches(path, pattern, ignore_case=False):
                        own.add_to(response)
                        break
            return response

        app.after_request(add_headers)


def cross_origin(**options: Any) -> Any:
    """A decorator for one view, which answers preflights itself."""

    def decorate(view: Any) -> Any:
        if options.get("automatic_options", True):
            view.required_methods = {*getattr(view, "required_methods", ()), "OPTIONS"}
            view.provide_automatic_options = False

        @functools.wraps(view)
        def allowed(*args: Any, **kwargs: Any) -> Any:
            merged = _Options(_merged(current_app, options))
            if merged.automatic_options and request.method == "OPTIONS":
                answer = current_app.make_default_options_response()
            else:
                answer = view(*args, **kwargs)

            def add_headers(response: Any) -> Any:
                merged.add_to(response)
                response.has_cors = True
                return response

            after_this_request(add_headers)
            return answer

        return allowed

    return decorate


class _Options:
    """The options for some paths, in the form they are used in."""

    def __init__(self, given: dict[str, Any]) -> None:
        origins = [".*" if o == "*" else o for o in _listed(given["origins"])]
        self.any_origin = ".*" in origins
        self.credentials, self.send_wildcard = bool(given["supports_credentials"]), bool(given["send_wildcard"])
        if self.any_origin and self.credentials and self.send_wildcard:
            raise ValueError("Cannot use supports_credentials in conjunction with an origin string of '*'.")
        self.origins = [_pattern(o, ignore_case=True) for o in origins]
        headers = [".*" if h == "*" else h for h in _listed(given["allow_headers"])]
        self.allow_headers = [_pattern(h, ignore_case=True) for h in headers]
        methods, age = _joined(given["methods"]), given["max_age"]
        self.methods = None if methods is None else methods.upper()
        self.max_age = str(int(age.total_seconds())) if isinstance(age, timedelta) else age
        self.expose_headers = _joined(given["expose_headers"])
        self.automatic_options, self.vary = bool(given["automatic_options"]), bool(given["vary_header"])
        self.always_send, self.private_network = bool(given["always_send"]), bool(given["allow_private_network"])

    def _allowed(self, origin: str | None) -> list[str] | None:
        """The origins to name in an answer."""
        if origin:
            if self.any_origin and self.send_wildcard:
                return ["*"]
            return [origin] if any(_matches(origin, o, ignore_case=True) for o in self.origins) else None
        if not self.always_send:
            return None
        if self.any_origin:
            return None if self.credentials else ["*"]
        return sorted(o for o in self.origins if isinstance(o, str))

    def add_to(self, response: Any) -> None:
        """Add the headers for the current request."""
        asked = request.headers
        origins = self._allowed(asked.get("Origin"))
        if not origins:
            return
        headers: dict[str, Any] = {_ORIGIN: origins[0], "Access-Control-Expose-Headers": self.expose_headers}
        if self.credentials:
            headers["Access-Control-Allow-Credentials"] = "true"
        if asked.get("Access-Control-Request-Private-Network") == "true":
            headers["Access-Control-Allow-Private-Network"] = "true" if self.private_network else "false"
        method = asked.get("Access-Control-Request-Method", "").upper()
        if request.method == "OPTIONS" and method and self.methods and method in self.methods:
            headers["Access-Control-Allow-Headers"] = self._headers(asked.get("Access-Control-Request-Headers"))
            headers["Access-Control-Max-Age"] = self.max_age
            headers["Access-Control-Allow-Methods"] = self.methods
        several = len(self.origins) > 1 or len(origins) > 1 or any(isinstance(o, re.Pattern) for o in self.origins)
        if self.vary and origins[0] != "*" and several:
            headers["Vary"] = "Origin"
        for name, value in headers.items():
            if value:
                response.headers.add(name, value)

    def _headers(self, asked: str | None) -> str | None:
        names = [name.strip() for name in asked.split(",")] if asked else []
        allowed = [name for name in names if any(_matches(name, h, ignore_case=True) for h in self.allow_headers)]
        return ", ".join(sorted(allowed)) if asked else None


def _merged(app: Any, *given: dict[str, Any]) -> dict[str, Any]:
    """Defaults, then the app's ``CORS_…`` settings, then what is given."""
    config = getattr(app, "config", {})
    settings = {key: config.get(f"CORS_{key.upper()}") for key in _DEFAULTS}
    merged = {**_DEFAULTS, **{key: value for key, value in settings.items() if value is not None}}
    for options in given:
        merged.update(options)
    return merged


def _resources(given: Any) -> list[tuple[Any, dict[str, Any]]]:
    """Patterns of paths with options of their own, the most specific first."""
    if isinstance(given, dict):
        pairs = sorted(((".*" if key == "*" else key, own) for key, own in given.items()), key=lambda p: _rank(p[0]))
    else:
        pairs = [(".*" if key == "*" else key, {}) for key in _listed(given)]
    return [(_pattern(key, ignore_case=False), own) for key, own in pairs]


def _rank(pattern: Any) -> tuple[int, int, int, int]:
    text = pattern.pattern if isinstance(pattern, re.Pattern) else pattern
    is_regex = isinstance(pattern, re.Pattern) or _looks_like_regex(text)
    return int(is_regex), int(is_regex and not isinstance(pattern, re.Pattern)), -text.count("/"), -len(text)


def _looks_like_regex(text: str) -> bool:
    return not frozenset("*\\]?$^[]()").isdisjoint(text)


def _pattern(given: Any, ignore_case: bool) -> Any:
    if isinstance(given, str) and _looks_like_regex(given):
        return re.compile(given, re.IGNORECASE if ignore_case else 0)
    return given


def _matches(value: str, pattern: Any, ignore_case: bool) -> bool:
    if isinstance(pattern, re.Pattern):
        return bool(pattern.match(value))
    text = str(pattern)
    return value.casefold() == text.casefold() if ignore_case else value == text


def _listed(given: Any) -> list[Any]:
    return [given] if isinstance(given, str) or not isinstance(given, Iterable) else list(given)


def _joined(given: Any) -> str | None:
    if given is None or isinstance(given, str):
        return given
    return ", ".join(str(item) for item in sorted(given)) if isinstance(given, Iterable) else str(given)
