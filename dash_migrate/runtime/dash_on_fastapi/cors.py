"""Which other sites' pages may use answers: Flask-CORS's ``CORS`` and ``cross_origin``, with its options."""

from __future__ import annotations

import inspect
import logging
import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

from .context import (
    add_header,
    context_values,
    current_app,
    default_options_response,
    make_response,
    request,
    same_signature,
)

log = logging.getLogger(__name__)

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
    "resources": r"/*",
    "intercept_exceptions": True,
    "always_send": True,
    "allow_private_network": False,
}
_ORIGIN = "Access-Control-Allow-Origin"
_EVALUATED = "_cors_evaluated"


class CORS:
    """Lets pages of other sites use a server's answers.

    ``resources`` are patterns of paths, or a dict from patterns to options of their own; the other options are those of
    ``cross_origin``, and the server's settings (``CORS_ORIGINS`` and so on) are their defaults. Answers to errors are
    treated like all others.
    """

    def __init__(self, app: Any = None, **options: Any) -> None:
        self._options = options
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Any, **options: Any) -> None:
        """Treat the answers of a server, or of a blueprint's routes.

        Raises:
            ValueError: a pattern is none, or credentials are allowed to everybody.
        """
        given = {**_settings(app), **self._options, **options}
        Options(given)
        resources = [
            (pattern, Options({**given, **own}))
            for pattern, own in _resources(given.get("resources", _DEFAULTS["resources"]))
        ]

        def cors_after_request(response: Any) -> Any:
            if response.headers.get(_ORIGIN) or _EVALUATED in context_values():
                return response
            path = unquote(request.path)
            for pattern, rules in resources:
                if _matches(path, pattern, case_sensitive=True):
                    rules.add_headers(response)
                    break
            return response

        app.after_request(cors_after_request)


def cross_origin(*_args: Any, **options: Any) -> Any:
    """A decorator for views whose answers pages of other sites may use.

    Args:
        origins: sites: one, several, patterns, or ``"*"``.
        methods: the methods they may use.
        allow_headers: the headers they may send.
        expose_headers: the headers they may see.
        supports_credentials: whether they may send cookies.
        max_age: how long browsers may remember all this, in seconds.
        send_wildcard: whether to answer ``*`` where every site is allowed, not the site's name.
        vary_header: whether to tell caches that answers differ by site.
        automatic_options: whether to answer ``OPTIONS``.
    """

    def decorator(view: Any) -> Any:
        if options.get("automatic_options", True):
            view.required_methods = {"OPTIONS", *getattr(view, "required_methods", ())}
            view.provide_automatic_options = False

        def answered(value: Any, rules: Options) -> Any:
            response = make_response(value)
            rules.add_headers(response)
            context_values()[_EVALUATED] = True
            return response

        def preflight(rules: Options) -> bool:
            return rules.automatic_options and request.method == "OPTIONS"

        made: Any
        if inspect.iscoroutinefunction(view):

            async def run(*args: Any, **kwargs: Any) -> Any:
                rules = Options({**_settings(current_app), **options})
                if preflight(rules):
                    return answered(default_options_response(), rules)
                return answered(await view(*args, **kwargs), rules)

            made = run
        else:

            def call(*args: Any, **kwargs: Any) -> Any:
                rules = Options({**_settings(current_app), **options})
                if preflight(rules):
                    return answered(default_options_response(), rules)
                return answered(view(*args, **kwargs), rules)

            made = call
        return same_signature(made, view)

    return decorator


class Options:
    """Options as headers need them.

    Raises:
        ValueError: a pattern is none, or credentials are allowed to everybody.
    """

    def __init__(self, given: dict[str, Any]) -> None:
        for name in given.keys() - _DEFAULTS.keys():
            log.warning("Unknown option passed to CORS: %s", name)
        options = {**_DEFAULTS, **given}
        origins = [_fixed(origin) for origin in _several(options["origins"])]
        self.everybody = ".*" in origins
        self.credentials, self.wildcard = bool(options["supports_credentials"]), bool(options["send_wildcard"])
        if self.everybody and self.credentials and self.wildcard:
            raise ValueError("Cannot use supports_credentials in conjunction with an origin string of '*'.")
        self.origins = [_compiled(origin, re.IGNORECASE) for origin in origins]
        self.allow_headers = [_compiled(_fixed(name), re.IGNORECASE) for name in _several(options["allow_headers"])]
        methods = _text(options["methods"])
        self.methods = methods.upper() if methods is not None else None
        self.expose_headers = _text(options["expose_headers"])
        age = options["max_age"]
        self.max_age = int(age.total_seconds()) if isinstance(age, timedelta) else age
        self.automatic_options, self.vary = bool(options["automatic_options"]), bool(options["vary_header"])
        self.always_send, self.private = bool(options["always_send"]), bool(options["allow_private_network"])

    def add_headers(self, response: Any) -> None:
        """Tell the browser what the page that asked may do."""
        asked = request.headers
        origins = self._origins(asked.get("Origin"))
        if not origins:
            return
        headers: list[tuple[str, Any]] = [(_ORIGIN, origins[0])]  # only one, as in Flask-CORS
        headers.append(("Access-Control-Expose-Headers", self.expose_headers))
        headers.append(("Access-Control-Allow-Credentials", "true" if self.credentials else None))
        if asked.get("Access-Control-Request-Private-Network") == "true":
            headers.append(("Access-Control-Allow-Private-Network", "true" if self.private else "false"))
        if request.method == "OPTIONS":
            method = asked.get("Access-Control-Request-Method", "").upper()
            if method and self.methods and method in self.methods:
                names = self._headers(asked.get("Access-Control-Request-Headers"))
                headers.append(("Access-Control-Allow-Headers", names))
                headers.append(("Access-Control-Max-Age", self.max_age))
                headers.append(("Access-Control-Allow-Methods", self.methods))
        patterns = any(isinstance(origin, re.Pattern) for origin in self.origins)
        if self.vary and origins[0] != "*" and (len(self.origins) > 1 or len(origins) > 1 or patterns):
            headers.append(("Vary", "Origin"))
        for name, value in headers:
            if value:
                add_header(response, name, str(value))

    def _origins(self, origin: str | None) -> list[str]:
        if origin:
            if self.everybody and self.wildcard:
                return ["*"]
            return [origin] if any(_matches(origin, allowed) for allowed in self.origins) else []
        if not self.always_send or (self.everybody and self.credentials):
            return []
        return ["*"] if self.everybody else sorted(o for o in self.origins if isinstance(o, str))

    def _headers(self, asked: str | None) -> str | None:
        if not asked:
            return None
        names = [name.strip() for name in asked.split(",")]
        return ", ".join(sorted(n for n in names if any(_matches(n, allowed) for allowed in self.allow_headers)))


def _settings(app: Any) -> dict[str, Any]:
    """What a server's settings say of CORS; blueprints have none."""
    config = getattr(app, "config", {})
    found = {name: config.get(f"CORS_{name.upper()}") for name in _DEFAULTS}
    return {name: value for name, value in found.items() if value is not None}


def _resources(resources: Any) -> list[tuple[Any, dict[str, Any]]]:
    """Patterns of paths and their own options, the most particular first."""
    if isinstance(resources, dict):
        pairs = sorted(((_fixed(pattern), own) for pattern, own in resources.items()), key=_particular)
    elif isinstance(resources, (str, re.Pattern)):
        pairs = [(_fixed(resources), {})]
    elif isinstance(resources, Iterable):
        pairs = [(_fixed(pattern), {}) for pattern in resources]
    else:
        raise ValueError("Unexpected value for resources argument.")
    return [(_compiled(pattern, 0), own) for pattern, own in pairs]


def _particular(pair: tuple[Any, Any]) -> tuple[int, int, int, int]:
    pattern = pair[0]
    text = pattern.pattern if isinstance(pattern, re.Pattern) else pattern
    compiled, plain_text = isinstance(pattern, re.Pattern), not _is_pattern(pattern)
    return 0 if plain_text else 1, 0 if compiled or plain_text else 1, -text.count("/"), -len(text)


def _fixed(pattern: Any) -> Any:
    return ".*" if pattern == "*" else pattern


def _is_pattern(text: Any) -> bool:
    return isinstance(text, re.Pattern) or not set(text).isdisjoint("*\\]?$^[]()")


def _compiled(pattern: Any, flags: Any) -> Any:
    if not isinstance(pattern, str) or not _is_pattern(pattern):
        return pattern
    try:
        return re.compile(pattern, flags)
    except re.error as error:
        raise ValueError(f"Invalid regular expression in CORS configuration: {pattern!r}") from error


def _matches(value: str, pattern: Any, case_sensitive: bool = False) -> bool:
    if isinstance(pattern, re.Pattern):
        return bool(pattern.match(value))
    wanted = str(pattern)
    return value == wanted if case_sensitive else value.casefold() == wanted.casefold()


def _several(value: Any) -> list[Any]:
    return [value] if isinstance(value, str) or not isinstance(value, Iterable) else list(value)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return ", ".join(str(item) for item in sorted(value)) if isinstance(value, Iterable) else str(value)


__all__ = ["CORS", "cross_origin"]
