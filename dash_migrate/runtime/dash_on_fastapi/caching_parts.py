"""Parts of ``caching``: cachelib's caches by Flask-Caching's settings, and names and arguments of functions."""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
import math
import re
from collections import OrderedDict
from collections.abc import Mapping
from datetime import timedelta
from importlib import import_module
from typing import Any
from urllib.parse import parse_qsl

import cachelib
from werkzeug.datastructures import MultiDict

from .context import is_request_parameter


class NullCache(cachelib.BaseCache):
    """Keeps nothing."""

    def has(self, key: str) -> bool:
        return False


def make_cache(settings: dict[str, Any]) -> Any:
    """The cachelib cache for settings with Flask-Caching's names.

    Raises:
        ValueError: ``CACHE_TYPE`` is none of null, simple, filesystem, redis and memcached.
    """
    wanted = str(settings.get("CACHE_TYPE") or "null")
    kind = wanted.rpartition(".")[2].lower().removesuffix("cache")
    options = {"default_timeout": settings.get("CACHE_DEFAULT_TIMEOUT", 300), **(settings.get("CACHE_OPTIONS") or {})}
    options["default_timeout"] = seconds(options["default_timeout"])
    threshold, prefix = settings.get("CACHE_THRESHOLD", 500), settings.get("CACHE_KEY_PREFIX", "flask_cache_")
    args = list(settings.get("CACHE_ARGS") or [])
    caches: Any = cachelib
    made: Any
    if kind == "null":
        made = NullCache(**options)
    elif kind == "simple":
        made = caches.SimpleCache(*args, **{"threshold": threshold, **options})
    elif kind == "filesystem":
        hashing = settings.get("CACHE_FILE_HASH_METHOD", hashlib.sha256)
        options = {"threshold": threshold, "mode": 0o600, "hash_method": hashing, **options}
        made = caches.FileSystemCache(settings.get("CACHE_DIR"), *args, **options)
    elif kind == "redis":
        made = caches.RedisCache(*args, **_redis_options(settings), key_prefix=prefix or None, **options)
    elif kind == "memcached":
        made = caches.MemcachedCache(settings.get("CACHE_MEMCACHED_SERVERS"), *args, key_prefix=prefix, **options)
    else:
        raise ValueError(f"CACHE_TYPE {wanted!r} is not supported here")
    if settings.get("CACHE_SERIALIZER") is not None:
        serializer = settings["CACHE_SERIALIZER"]
        made.serializer = serializer() if isinstance(serializer, type) else serializer
    return made


def _redis_options(settings: dict[str, Any]) -> dict[str, Any]:
    port, db = settings.get("CACHE_REDIS_PORT", 6379), settings.get("CACHE_REDIS_DB", 0)
    password = {"password": settings["CACHE_REDIS_PASSWORD"]} if settings.get("CACHE_REDIS_PASSWORD") else {}
    if not settings.get("CACHE_REDIS_URL"):
        return {"host": settings.get("CACHE_REDIS_HOST", "localhost"), "port": port, "db": db, **password}
    from_url = import_module("redis").from_url
    more = settings.get("CACHE_OPTIONS") or {}
    return {"host": from_url(settings["CACHE_REDIS_URL"], db=db, **more), "port": port, **password}


def seconds(timeout: Any) -> Any:
    """A timeout as cachelib wants it."""
    if isinstance(timeout, timedelta):
        return math.ceil(timeout.total_seconds())
    return int(timeout) if isinstance(timeout, str) else timeout


@dataclasses.dataclass
class Rules:
    """When a function is run although its value is kept, and which values are kept."""

    unless: Any
    forced_update: Any
    is_stale: Any
    response_filter: Any
    cache_none: bool

    def bypassed(self, f: Any, args: Any, kwargs: Any) -> bool:
        """Whether the cache is left out."""
        if not callable(self.unless):
            return False
        return (self.unless(f, *args, **kwargs) if _takes(self.unless, 1) else self.unless()) is True

    def forced(self, args: Any, kwargs: Any) -> bool:
        """Whether the value is to be made anew."""
        if not callable(self.forced_update):
            return False
        return (self.forced_update(*args, **kwargs) if _takes(self.forced_update, 1) else self.forced_update()) is True

    def stale(self, value: Any, args: Any, kwargs: Any) -> bool:
        """Whether a kept value is too old."""
        if not callable(self.is_stale):
            return False
        return (self.is_stale(value, *args, **kwargs) if _takes(self.is_stale, 2) else self.is_stale(value)) is True

    def worth(self, value: Any) -> bool:
        """Whether a value is kept."""
        return self.response_filter is None or bool(self.response_filter(value))


def _takes(function: Any, count: int) -> bool:
    kinds = [p.kind for p in inspect.signature(function).parameters.values()]
    return sum(kind != inspect.Parameter.KEYWORD_ONLY for kind in kinds) >= count


def _parameters(f: Any) -> list[inspect.Parameter]:
    """The parameters that make a key; FastAPI's request is none of them."""
    parameters = inspect.signature(f).parameters.values()
    return [p for p in parameters if p.kind == p.POSITIONAL_OR_KEYWORD and not is_request_parameter(p)]


def names_of(f: Any, args: Any = ()) -> tuple[str, str | None]:
    """A function's name, and for a method also one with its object.

    Raises:
        ValueError: a class method is asked for without its class.
    """
    owner = getattr(f, "__self__", None)
    first = next((p.name for p in _parameters(f)), None)
    of_object = None
    if owner is not None and not inspect.isclass(owner):
        of_object = _identity(owner)
    elif first == "self" and args:
        of_object = _identity(args[0])
    elif first == "cls" and not (args and inspect.isclass(args[0])):
        raise ValueError("A class method needs its class as the first argument")
    name = f"{f.__module__}.{f.__qualname__}"
    return _plain(name), _plain(f"{name}.{of_object}") if of_object else None


def _plain(name: str) -> str:
    return re.sub(r"[^\w.]", "", name, flags=re.ASCII)


def _identity(obj: Any) -> str:
    own = getattr(obj, "__caching_id__", None)
    return repr(obj) if own is None else str(own())


def arguments_of(f: Any, args: Any, kwargs: dict[str, Any], ignored: list[str]) -> tuple[Any, Any]:
    """Arguments as a function sees them, however they were given."""
    parameters, given, made = _parameters(f), list(args), []
    left = {name: value for name, value in sorted(kwargs.items()) if name not in ignored}
    for place, parameter in enumerate(parameters):
        name, default = parameter.name, parameter.default
        if name in ignored or (name not in left and not given):
            made.append(None if name in ignored or default is parameter.empty else default)
            del given[:1]
        elif place == 0 and name in ("self", "cls"):
            made.append(_identity(given.pop(0)))
        else:
            made.append(left.pop(name) if name in left else given.pop(0))
    return (*made, *given), OrderedDict(left)


def query_pairs(query: Any) -> list[tuple[str, str]]:
    """A query given as text, mapping or pairs."""
    if isinstance(query, str):
        return parse_qsl(query.lstrip("?"), keep_blank_values=True)
    if isinstance(query, MultiDict):
        return list(query.items(multi=True))
    return [(key, str(value)) for key, value in (query.items() if isinstance(query, Mapping) else query)]
