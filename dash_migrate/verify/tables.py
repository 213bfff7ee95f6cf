"""Reading a TOML table key by key, with errors that name the place, and no key left unread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class RequestsFileError(ValueError):
    """A requests file that cannot be played; the message names the file, the table and the key."""


class Table:
    """One TOML table; every getter removes its key, ``done`` complains about what was not asked for."""

    def __init__(self, where: str, values: Mapping[str, Any]) -> None:
        self.where = where
        self._left = dict(values)
        self._known: list[str] = []

    def fail(self, message: str) -> RequestsFileError:
        return RequestsFileError(f"{self.where}: {message}")

    def __contains__(self, key: str) -> bool:
        return key in self._left

    def take(self, key: str) -> Any:
        """The value as it is, None if the key is missing."""
        self._known.append(key)
        return self._left.pop(key, None)

    def text(self, key: str, default: str | None = None) -> str:
        value = self.take(key)
        if value is None:
            if default is None:
                raise self.fail(f"key {key!r} is missing")
            return default
        if not isinstance(value, str):
            raise self.fail(f"key {key!r} must be a string, not {value!r}")
        return value

    def flag(self, key: str) -> bool:
        value = self.take(key)
        if not isinstance(value, bool | None):
            raise self.fail(f"key {key!r} must be true or false, not {value!r}")
        return bool(value)

    def whole(self, key: str, default: int, least: int = 1) -> int:
        value = self.take(key)
        if value is None:
            return default
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self.fail(f"key {key!r} must be a whole number of at least {least}, not {value!r}")
        return value

    def seconds(self, key: str, default: float) -> float:
        value = self.take(key)
        if value is None:
            return default
        if not isinstance(value, int | float) or isinstance(value, bool) or value <= 0:
            raise self.fail(f"key {key!r} must be a number of seconds above 0, not {value!r}")
        return float(value)

    def texts(self, key: str, default: Sequence[str] = ()) -> tuple[str, ...]:
        """A string or a list of strings."""
        value = self.take(key)
        if value is None:
            return tuple(default)
        if isinstance(value, str):
            return (value,)
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        raise self.fail(f"key {key!r} must be a string or a list of strings, not {value!r}")

    def choice(self, key: str, allowed: Sequence[str], default: str | None = None) -> str:
        value = self.text(key, default)
        if value not in allowed:
            raise self.fail(f"key {key!r} must be one of {', '.join(allowed)}, not {value!r}")
        return value

    def table(self, key: str) -> dict[str, Any]:
        value = self.take(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self.fail(f"key {key!r} must be a table, not {value!r}")
        return value

    def pairs(self, key: str) -> tuple[tuple[str, str], ...]:
        """A table of strings, or of lists of strings for names that are sent several times."""
        found: list[tuple[str, str]] = []
        for name, value in self.table(key).items():
            values = value if isinstance(value, list) else [value]
            for item in values:
                if isinstance(item, dict | list | bool) or item is None:
                    raise self.fail(f"key {key!r}: {name!r} must be a string, not {item!r}")
                found.append((name, str(item)))
        return tuple(found)

    def done(self) -> None:
        if self._left:
            unknown = ", ".join(repr(key) for key in self._left)
            known = ", ".join(sorted(set(self._known)))
            raise self.fail(f"unknown key {unknown}; known here: {known}")
