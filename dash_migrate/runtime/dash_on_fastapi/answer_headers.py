"""Headers of answers that take what werkzeug's take."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import MutableHeaders


class AnswerHeaders(MutableHeaders):
    """Starlette's; values need not be strings, as with werkzeug's."""

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, _header_value(value))

    def setdefault(self, key: str, value: Any) -> str:
        return super().setdefault(key, _header_value(value))

    def append(self, key: str, value: Any) -> None:
        super().append(key, _header_value(value))


def _header_value(value: Any) -> str:
    """The text of a header's value.

    Raises:
        ValueError: it has a line break.
    """
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    if "\n" in text or "\r" in text:
        raise ValueError("Header values must not contain newline characters.")
    return text
