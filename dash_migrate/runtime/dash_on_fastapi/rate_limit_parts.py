"""The limits of Flask-Limiter: what they are for, what is left of them, and the answer to those beyond."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from limits import parse_many
from werkzeug.exceptions import TooManyRequests

from .context import request


def get_remote_address() -> str:
    """The address of the client."""
    return request.remote_addr or "127.0.0.1"


@dataclass(frozen=True)
class Rule:
    """Limits, and what they are for."""

    text: str | Callable[[], str]
    key_func: Callable[[], str]
    scope: str | Callable[[str], str] | None = None
    shared: bool = False
    per_method: bool = False
    methods: tuple[str, ...] | None = None
    error_message: str | Callable[[], str] | None = None
    exempt_when: Callable[[], bool] | None = None
    override_defaults: bool = False
    cost: int | Callable[[], int] = 1

    def limits(self) -> list[Limit]:
        """Each of the limits by itself."""
        text = self.text() if callable(self.text) else self.text
        return [Limit(item, self) for item in parse_many(text)] if text else []


@dataclass(frozen=True)
class Limit:
    limit: Any
    rule: Rule

    def is_for_others(self) -> bool:
        """Whether the limit is for other methods than that of the request."""
        return self.rule.methods is not None and request.method.lower() not in self.rule.methods

    def place(self, endpoint: str) -> str:
        """What is counted under one name."""
        rule = self.rule
        scope = rule.scope(request.endpoint or "") if callable(rule.scope) else rule.scope
        name = (scope if rule.shared else f"{endpoint}:{scope}") if scope else endpoint
        return f"{name}:{request.method.upper()}" if rule.per_method else name


class RateLimitExceeded(TooManyRequests):
    """The answer 429; ``limit.limit`` is what was exceeded."""

    def __init__(self, limit: Limit) -> None:
        self.limit = limit
        message = limit.rule.error_message
        super().__init__((message() if callable(message) else message) if message else str(limit.limit))


class RequestLimit:
    """What is left of a limit for a client."""

    def __init__(self, limiter: Any, limit: Any, args: list[str], shared: bool) -> None:
        self.limit, self.request_args, self.shared, self.breached = limit, args, shared, False
        self.key = limit.key_for(*args)
        self._limiter = limiter
        self._window: Any = None

    @property
    def window(self) -> Any:
        """When it begins anew, and what is left until then."""
        if self._window is None:
            self._window = self._limiter.get_window_stats(self.limit, *self.request_args)
        return self._window

    @property
    def reset_at(self) -> int:
        """When it begins anew, in seconds since 1970."""
        return int(self.window[0] + 1)

    @property
    def remaining(self) -> int:
        """How often the client may still ask."""
        return int(self.window[1])


@dataclass
class State:
    """What is known of one request."""

    limits: list[RequestLimit] = field(default_factory=list)
    shown: RequestLimit | None = None
    seen: set[Limit] = field(default_factory=set)


def name_of(function: Any) -> str:
    """What a function's limits are kept under, whatever is wrapped around it."""
    if function is None:
        return ""
    parts = (getattr(function, name, "") for name in ("__module__", "__name__", "__qualname__"))
    return ".".join(parts)
