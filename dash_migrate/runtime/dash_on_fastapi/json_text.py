"""JSON as Flask writes it."""

from __future__ import annotations

import dataclasses
import decimal
import json
import uuid
from datetime import date
from typing import Any

from werkzeug.http import http_date

from .current import current_request, has_request


class Json:
    """How an app writes JSON: ``server.json.sort_keys = False`` and so on."""

    sort_keys = True
    ensure_ascii = True
    compact: bool | None = None
    mimetype = "application/json"

    def dumps(self, content: Any, **options: Any) -> str:
        """JSON, with what Flask adds to it."""
        own = {"sort_keys": self.sort_keys, "ensure_ascii": self.ensure_ascii, "default": _plain}
        return json.dumps(content, **{**own, **options})

    def loads(self, text: str | bytes, **options: Any) -> Any:
        """What JSON says."""
        return json.loads(text, **options)

    def page(self, content: Any) -> str:
        """JSON as an answer."""
        options: dict[str, Any] = {"separators": (",", ":")} if self.compact in (None, True) else {"indent": 2}
        return self.dumps(content, **options) + "\n"


def settings() -> Json:
    """How the app being served writes JSON."""
    server = current_request().app if has_request() else None
    return getattr(server, "json", None) or Json()


def dumps(content: Any, **options: Any) -> str:
    """``flask.json.dumps``."""
    return settings().dumps(content, **options)


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return http_date(value)
    if isinstance(value, (decimal.Decimal, uuid.UUID)):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if hasattr(value, "__html__"):
        return str(value.__html__())
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
