"""Where sessions are kept: files, other caches of cachelib's, Redis. Keys and formats are Flask-Session's."""

from __future__ import annotations

import contextlib
import os
import pickle
from typing import Any

import msgspec


class _Files:
    """A store of cachelib's, as it is."""

    def __init__(self, cache: Any) -> None:
        self.cache = cache

    def get(self, key: str) -> Any:
        return self.cache.get(key)

    def set(self, key: str, value: Any, seconds: int) -> None:
        self.cache.set(key, value, timeout=seconds)

    def delete(self, key: str) -> None:
        self.cache.delete(key)


class _Redis:
    """Redis, with values as bytes."""

    def __init__(self, client: Any, form: str) -> None:
        self.client = client
        formats = [msgspec.msgpack, msgspec.json]
        self.formats: list[Any] = formats if form == "msgpack" else formats[::-1]

    def get(self, key: str) -> Any:
        data = self.client.get(key)
        if not data:
            return None
        for form in self.formats:
            with contextlib.suppress(msgspec.DecodeError):
                return form.decode(data)
        return pickle.loads(data)

    def set(self, key: str, value: Any, seconds: int) -> None:
        self.client.set(name=key, value=self.formats[0].encode(value), ex=seconds)

    def delete(self, key: str) -> None:
        self.client.delete(key)


def store_of(config: Any) -> Any:
    """The store that a server's settings name.

    Raises:
        ValueError: it is none that is known here.
    """
    kind = str(config.get("SESSION_TYPE", "null")).lower()
    if kind == "redis":
        from redis import Redis  # type: ignore[import-not-found,unused-ignore]

        form = config.setdefault("SESSION_SERIALIZATION_FORMAT", "msgpack")
        return _Redis(config.get("SESSION_REDIS") or Redis(), form)
    if kind in ("filesystem", "cachelib"):
        from cachelib.file import FileSystemCache

        if kind == "cachelib":
            return _Files(config.get("SESSION_CACHELIB") or FileSystemCache("flask_session", threshold=500))
        folder = config.get("SESSION_FILE_DIR", os.path.join(os.getcwd(), "flask_session"))
        threshold, mode = config.get("SESSION_FILE_THRESHOLD", 500), config.get("SESSION_FILE_MODE", 0o600)
        return _Files(FileSystemCache(cache_dir=folder, threshold=threshold, mode=mode))
    raise ValueError(f"Unrecognized value for SESSION_TYPE: {kind}")
