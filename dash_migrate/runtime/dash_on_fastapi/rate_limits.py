"""How often clients may ask: Flask-Limiter's ``Limiter``, on the same package ``limits``."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from limits.errors import ConfigurationError
from limits.storage import storage_from_string
from limits.strategies import STRATEGIES
from werkzeug.http import http_date, parse_date

from .context import context_values, current_view, guarded, request
from .rate_limit_parts import Limit, RateLimitExceeded, RequestLimit, Rule, State, get_remote_address, name_of

log = logging.getLogger("flask-limiter")


class Limiter:
    """Counts requests; those beyond a limit are answered with 429."""

    def __init__(
        self,
        key_func: Callable[[], str],
        *,
        app: Any = None,
        default_limits: Iterable[Any] | None = None,
        default_limits_per_method: bool | None = None,
        default_limits_exempt_when: Any = None,
        default_limits_cost: Any = None,
        application_limits: Iterable[Any] | None = None,
        application_limits_per_method: bool | None = None,
        application_limits_exempt_when: Any = None,
        application_limits_cost: Any = None,
        headers_enabled: bool | None = None,
        strategy: str | None = None,
        storage_uri: str | None = None,
        storage_options: dict[str, Any] | None = None,
        swallow_errors: bool | None = None,
        fail_on_first_breach: bool | None = None,
        retry_after: str | None = None,
        key_prefix: str = "",
        enabled: bool = True,
    ) -> None:
        self.enabled, self.initialized, self._key_func, self._key_prefix = enabled, False, key_func, key_prefix
        self._texts = {"DEFAULT": list(default_limits or ()), "APPLICATION": list(application_limits or ())}
        self._options: dict[str, Any] = {
            "DEFAULTS_PER_METHOD": default_limits_per_method,
            "DEFAULTS_EXEMPT_WHEN": default_limits_exempt_when,
            "DEFAULTS_COST": default_limits_cost,
            "APPLICATION_PER_METHOD": application_limits_per_method,
            "APPLICATION_EXEMPT_WHEN": application_limits_exempt_when,
            "APPLICATION_COST": application_limits_cost,
            "HEADERS_ENABLED": headers_enabled,
            "SWALLOW_ERRORS": swallow_errors,
            "FAIL_ON_FIRST_BREACH": fail_on_first_breach,
        }
        self._strategy, self._storage_uri, self._retry_after = strategy, storage_uri, retry_after
        self._storage_options = storage_options or {}
        self._defaults: list[Rule] = []
        self._application: list[Rule] = []
        self._decorated: dict[str, list[Rule]] = {}
        self._exempt: set[str] = set()
        #: decorated functions that are called by the views of endpoints
        self._hints: dict[str, dict[str, None]] = {}
        self._filters: list[Callable[[], bool]] = []
        self.storage: Any = None
        self.limiter: Any = None
        if app:
            self.init_app(app)

    def init_app(self, app: Any) -> None:
        """Count the requests of a server, as its settings say.

        Raises:
            ConfigurationError: there is no such strategy or storage.
        """
        config = app.config
        self.enabled = config.setdefault("RATELIMIT_ENABLED", self.enabled)
        if not self.enabled:
            return

        def setting(name: str, default: Any = None) -> Any:
            given = self._options.get(name)
            return config.get(f"RATELIMIT_{name}", default) if given is None else given

        self._headers_enabled = setting("HEADERS_ENABLED", False)
        self._swallow_errors = setting("SWALLOW_ERRORS", False)
        self._fail_on_first_breach = setting("FAIL_ON_FIRST_BREACH", True)
        uri = self._storage_uri or config.get("RATELIMIT_STORAGE_URI")
        if not uri:
            warnings.warn("Using the in-memory storage for tracking rate limits.", stacklevel=2)
        options = {**self._storage_options, **config.get("RATELIMIT_STORAGE_OPTIONS", {})}
        self.storage = storage_from_string(uri or "memory://", **options)
        strategy = self._strategy or config.setdefault("RATELIMIT_STRATEGY", "fixed-window")
        if strategy not in STRATEGIES:
            raise ConfigurationError(f"Invalid rate limiting strategy {strategy}")
        self.limiter = STRATEGIES[strategy](self.storage)
        self._names = {
            name: config.get(f"RATELIMIT_HEADER_{name}", header)
            for name, header in (
                ("LIMIT", "X-RateLimit-Limit"),
                ("REMAINING", "X-RateLimit-Remaining"),
                ("RESET", "X-RateLimit-Reset"),
                ("RETRY_AFTER", "Retry-After"),
            )
        }
        self._retry_after = self._retry_after or config.get("RATELIMIT_HEADER_RETRY_AFTER_VALUE")
        self._key_prefix = self._key_prefix or config.get("RATELIMIT_KEY_PREFIX", "")
        for kind, plural, rules in (
            ("DEFAULT", "DEFAULTS", self._defaults),
            ("APPLICATION", "APPLICATION", self._application),
        ):
            everywhere = kind == "APPLICATION"
            for text in self._texts[kind] or [t for t in [config.get(f"RATELIMIT_{kind}")] if t]:
                rule = Rule(
                    text,
                    self._key_func,
                    scope="global" if everywhere else None,
                    shared=everywhere,
                    per_method=bool(setting(f"{plural}_PER_METHOD", False)),
                    exempt_when=setting(f"{plural}_EXEMPT_WHEN"),
                    cost=setting(f"{plural}_COST", 1) or 1,
                )
                rules.append(rule)
        if self not in app.extensions.setdefault("limiter", set()):
            app.before_request(self._before)
            app.after_request(self._after)
        app.extensions["limiter"].add(self)
        self.initialized = True

    # rules

    def limit(
        self,
        limit_value: Any,
        *,
        key_func: Any = None,
        per_method: bool = False,
        methods: Iterable[str] | None = None,
        error_message: Any = None,
        exempt_when: Any = None,
        override_defaults: bool = True,
        cost: Any = 1,
        scope: Any = None,
        shared: bool = False,
    ) -> Any:
        """A decorator for functions with limits of their own."""
        only = None if methods is None else tuple(method.lower() for method in methods)
        rule = Rule(
            limit_value, key_func or self._key_func, scope, shared, per_method, only, error_message, exempt_when,
            override_defaults, cost or 1,
        )  # fmt: skip

        def decorator(function: Any) -> Any:
            name = name_of(function)
            rules = self._decorated.setdefault(name, [])
            if rule not in rules:
                rules.append(rule)
            counted = getattr(function, "rate_limiter", None) is self  # under the same name, all at once
            made = guarded(function, lambda: None if counted else self._enter(name))
            made.rate_limiter = self
            return made

        return decorator

    def shared_limit(self, limit_value: Any, scope: Any, **options: Any) -> Any:
        """A decorator for functions that are counted together."""
        return self.limit(limit_value, scope=scope, shared=True, **options)

    def exempt(self, function: Any) -> Any:
        """A function without limits."""
        self._exempt.add(name_of(function))
        return function

    def request_filter(self, function: Any) -> Any:
        """Do not count requests for which a function gives True."""
        self._filters.append(function)
        return function

    # requests

    def _state(self) -> State:
        state: State = context_values().setdefault(f"_rate_limits_{id(self)}", State())
        return state

    @property
    def current_limit(self) -> RequestLimit | None:
        """The limit that matters most for the current request."""
        return self._state().shown

    @property
    def current_limits(self) -> list[RequestLimit]:
        """Every limit that was looked at for the current request."""
        return self._state().limits

    def reset(self) -> None:
        """Begin anew."""
        try:
            self.storage.reset()
        except NotImplementedError:
            log.warning("This storage type does not support being reset")

    def _before(self) -> None:
        endpoint, name = request.endpoint, name_of(current_view())
        hints = self._hints.get(endpoint or "", {})
        if self._is_exempt(endpoint):
            return
        rules = [] if name in self._exempt else list(self._application)
        hinted = [limit for hint in hints for limit in self._limits_of(hint)]
        decorated = name in self._decorated or bool(hints)
        beside = bool(hinted) and all(not limit.rule.override_defaults for limit in hinted)
        if beside or not (decorated or name in self._exempt):
            rules += self._defaults
        self._check(endpoint, self._unseen(rules))

    def _enter(self, name: str) -> None:
        """A decorated function is about to run."""
        if not (self.enabled and self.initialized):
            return
        endpoint, view = request.endpoint, name_of(current_view())
        if endpoint and view and view != name:
            self._hints.setdefault(endpoint, {})[name] = None
        if self._is_exempt(endpoint):
            return
        own = self._limits_of(name)
        beside = all(limit.is_for_others() for limit in own) or all(not limit.rule.override_defaults for limit in own)
        rules = self._defaults if beside and view not in self._exempt else []
        self._check(endpoint, [*self._unseen(rules), *own])

    def _is_exempt(self, endpoint: str | None) -> bool:
        active = self.enabled and self.initialized and endpoint
        return not active or endpoint.split(".")[-1] == "static" or any(f() for f in self._filters)  # type: ignore[union-attr]

    def _limits_of(self, name: str) -> list[Limit]:
        rules = [] if name in self._exempt else self._decorated.get(name, [])
        found: list[Limit] = []
        for rule in rules:
            try:
                found += rule.limits()
            except ValueError as error:
                log.error("failed to load ratelimit for function %s: %s", name, error)
        return found

    def _unseen(self, rules: list[Rule]) -> list[Limit]:
        limits = list(dict.fromkeys(limit for rule in rules for limit in rule.limits()))
        seen = self._state().seen
        new = [limit for limit in limits if limit not in seen]
        seen.update(limits)
        return new

    def _check(self, endpoint: Any, limits: list[Limit]) -> None:
        try:
            self._count(endpoint, limits)
        except RateLimitExceeded:
            raise
        except Exception:
            if not self._swallow_errors:
                raise
            log.exception("Failed to rate limit. Swallowing error")

    def _count(self, endpoint: str, limits: list[Limit]) -> None:
        failed: list[Limit] = []
        asked: list[RequestLimit] = []
        shown: RequestLimit | None = None
        for limit in sorted(limits, key=lambda one: one.limit):
            rule = limit.rule
            if (rule.exempt_when and rule.exempt_when()) or limit.is_for_others():
                continue
            args = [rule.key_func(), limit.place(endpoint)]
            if not all(args):
                log.error("Skipping limit: %s. Empty value found in parameters.", limit.limit)
                continue
            args = [self._key_prefix, *args] if self._key_prefix else args
            asked.append(RequestLimit(self.limiter, limit.limit, args, rule.shared))
            if not self.limiter.hit(limit.limit, *args, cost=rule.cost() if callable(rule.cost) else rule.cost):
                log.info("ratelimit %s (%s) exceeded at endpoint: %s", limit.limit, args[-2], args[-1])
                failed.append(limit)
                asked[-1].breached, shown = True, asked[-1]
                if self._fail_on_first_breach:
                    break
        if shown is None and asked:
            shown = next((one for one in asked if not one.shared), asked[0])
        state = self._state()
        state.shown, state.limits = shown, asked
        if failed:
            raise RateLimitExceeded(min(failed, key=lambda one: one.limit))

    def _after(self, response: Any) -> Any:
        shown = self.current_limit
        if not (self.enabled and self._headers_enabled and shown):
            return response
        try:
            self._add_headers(response, shown)
        except Exception:
            if not self._swallow_errors:
                raise
            log.exception("Failed to update rate limit headers. Swallowing error")
        return response

    def _add_headers(self, response: Any, shown: RequestLimit) -> None:
        reset_at = shown.reset_at
        response.headers.add(self._names["LIMIT"], str(shown.limit.amount))
        response.headers.add(self._names["REMAINING"], str(shown.remaining))
        response.headers.add(self._names["RESET"], str(reset_at))
        known = response.headers.get("Retry-After")
        if known is not None:
            date = parse_date(known)
            after = time.mktime(date.timetuple()) if isinstance(date, datetime) else time.time() + int(known)
            reset_at = max(int(after), reset_at)
        wanted = http_date(reset_at) if self._retry_after == "http-date" else int(reset_at - time.time())
        response.headers.set(self._names["RETRY_AFTER"], str(wanted))


__all__ = ["Limiter", "RateLimitExceeded", "RequestLimit", "get_remote_address"]
