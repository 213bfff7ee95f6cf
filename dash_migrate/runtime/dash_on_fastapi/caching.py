"""A cache for views, callbacks and other functions: Flask-Caching's ``Cache``, on cachelib."""

from __future__ import annotations

import base64
import hashlib
import inspect
import logging
import uuid
from collections.abc import Callable
from typing import Any

from .caching_parts import Rules, arguments_of, make_cache, names_of, query_pairs, seconds
from .context import (
    HTTP_ERRORS,
    after_this_request,
    as_answer,
    current_app,
    has_request,
    plain,
    request,
    same_signature,
    url_for,
    without_request,
)

log = logging.getLogger(__name__)


def _forwarded(name: str) -> Callable[..., Any]:
    def method(self: Cache, *args: Any, **kwargs: Any) -> Any:
        return getattr(self.cache, name)(*args, **kwargs)

    return method


class Cache:
    """What was worked out once, for as long as it lasts."""

    def __init__(self, app: Any = None, config: dict[str, Any] | None = None) -> None:
        self.config = config
        self.app: Any = None
        self.hash_method: Any = hashlib.sha256
        self.source_check = False
        if app is not None:
            self.init_app(app, config)

    def init_app(self, app: Any, config: dict[str, Any] | None = None) -> None:
        """Set the cache up for a server; settings given here come before the server's own.

        Raises:
            ValueError: ``CACHE_TYPE`` is not one of cachelib's.
        """
        settings = {**app.config, **(self.config or {}), **(config or {})}
        self.app = app
        self.hash_method = settings.get("CACHE_HASH_METHOD", hashlib.sha256)
        self.source_check = settings.get("CACHE_SOURCE_CHECK", False)
        app.extensions.setdefault("cache", {})[self] = make_cache(settings)

    @property
    def cache(self) -> Any:
        """The cachelib cache."""
        return (current_app if has_request() else self.app).extensions["cache"][self]

    # cachelib's methods
    get = _forwarded("get")
    has = _forwarded("has")
    set = _forwarded("set")
    add = _forwarded("add")
    delete = _forwarded("delete")
    delete_many = _forwarded("delete_many")
    clear = _forwarded("clear")
    get_many = _forwarded("get_many")
    set_many = _forwarded("set_many")
    get_dict = _forwarded("get_dict")

    # views

    def cached(
        self,
        timeout: Any = None,
        key_prefix: Any = "view/%s",
        unless: Any = None,
        forced_update: Any = None,
        is_stale: Any = None,
        response_filter: Any = None,
        query_string: bool = False,
        hash_method: Any = None,
        cache_none: bool = False,
        make_cache_key: Any = None,
        source_check: bool | None = None,
        response_hit_indication: bool = False,
    ) -> Any:
        """Keep what a view answers, by the path of the request, or what a function gives, by a key of its own."""

        def decorator(f: Any) -> Any:
            def key_of(path: Callable[[], str], query_args: Any = None) -> str:
                made = str(key_prefix()) if callable(key_prefix) else key_prefix
                if "%s" in made and not callable(key_prefix):
                    made = made % path()
                hashed = self._source(f, source_check)
                if query_string:
                    pairs = request.args.items(multi=True) if query_args is None else query_pairs(query_args)
                    hashed = str(tuple(sorted(pairs))).encode() + hashed
                return made + str((hash_method or self.hash_method)(hashed).hexdigest()) if hashed else made

            def key(*_args: Any, **_kwargs: Any) -> str:
                return key_of(lambda: str(request.path))

            def key_elsewhere(path: str | None = None, query_args: Any = None, **values: Any) -> str:
                return key_of(lambda: url_for(f.__name__, **values) if path is None else path, query_args)

            def mark(found: bool) -> None:
                if found and response_hit_indication:
                    after_this_request(_mark_hit)

            rules = Rules(unless, forced_update, is_stale, response_filter, cache_none)
            made = self._kept(f, timeout, rules, make_cache_key or key, mark, errors=HTTP_ERRORS)
            made.make_cache_key = key_elsewhere
            return made

        return decorator

    def delete_cached(self, f: Any, path: str | None = None, query_args: Any = None, **kwargs: Any) -> Any:
        """Forget what a view answered to a path."""
        return self.delete(f.make_cache_key(path=path, query_args=query_args, **kwargs))

    # functions

    def memoize(
        self,
        timeout: Any = None,
        make_name: Any = None,
        unless: Any = None,
        forced_update: Any = None,
        is_stale: Any = None,
        response_filter: Any = None,
        hash_method: Any = None,
        cache_none: bool = False,
        source_check: bool | None = None,
        args_to_ignore: list[str] | None = None,
    ) -> Any:
        """Keep what a function gives, by its arguments."""
        ignored = args_to_ignore or []

        def make_key(f: Any, *args: Any, **kwargs: Any) -> str:
            name, version = self._version(f, args, ignored=ignored)
            name = make_name(name) if callable(make_name) else name
            positional, named = arguments_of(f, args, kwargs, ignored)
            hashing = (hash_method or self.hash_method)(f"{name}{positional}{named}".encode())
            hashing.update(self._source(f, source_check))
            return base64.b64encode(hashing.digest())[:16].decode() + version

        def decorator(f: Any) -> Any:
            def key(*args: Any, **kwargs: Any) -> str:
                return make_key(f, *args, **kwargs)

            def keep_version(args: Any) -> None:
                self._version(f, args, refresh=True, timeout=seconds(made.cache_timeout), ignored=ignored)

            rules = Rules(unless, forced_update, is_stale, response_filter, cache_none)
            made = self._kept(f, timeout, rules, key, on_kept=keep_version)
            made.make_cache_key = make_key
            made.delete_memoized = lambda: self.delete_memoized(made)
            return made

        return decorator

    def delete_memoized(self, f: Any, *args: Any, **kwargs: Any) -> None:
        """Forget what a function gave: for some arguments, or for all."""
        if not (args or kwargs):
            self._version(f, reset=True)
            return
        owner = getattr(f, "__self__", None)
        if owner is not None and not inspect.isclass(owner) and args[:1] != (owner,):
            args = (owner, *args)
        self.delete(f.make_cache_key(f.uncached, *args, **kwargs))

    def delete_memoized_verhash(self, f: Any, *_args: Any) -> None:
        """Forget all that a function gave, and which version of it was kept."""
        name, of_object = names_of(f)
        self.delete((of_object or name) + "_memver")

    def _version(
        self, f: Any, args: Any = (), reset: bool = False, refresh: bool = False, timeout: Any = 0, ignored: Any = ()
    ) -> tuple[str, str]:
        """A function's name, and a part of its keys that changes when all it gave is forgotten."""
        name, of_object = names_of(f, args)
        keys = [n + "_memver" for n in (name, None if "self" in ignored else of_object) if n]
        keys = keys[-1:] if reset else keys
        known = [None] if reset else list(self.get_many(*keys))
        versions = [v or base64.b64encode(uuid.uuid4().bytes)[:6].decode() for v in known]
        if refresh or None in known:
            self.set_many(dict(zip(keys, versions, strict=True)), timeout=timeout)
        return name, "".join(versions)

    # both

    def _source(self, f: Any, wanted: bool | None) -> bytes:
        wanted = self.source_check if wanted is None else wanted
        return inspect.getsource(f).encode() if wanted else b""

    def _kept(
        self,
        f: Any,
        timeout: Any,
        rules: Rules,
        key: Callable[..., str],
        mark: Callable[[bool], None] = lambda found: None,
        on_kept: Callable[[Any], None] = lambda args: None,
        errors: tuple[type[Exception], ...] = (),
    ) -> Any:
        call = plain(f)

        def kept(*args: Any, **kwargs: Any) -> Any:
            given, named = without_request(args, kwargs)
            if rules.bypassed(f, given, named):
                return call(*args, **kwargs)
            try:
                place = key(*given, **named)
                forced = rules.forced(given, named)
                value = None if forced else self.get(place)
                found = value is not None or (rules.cache_none and not forced and self.has(place))
                found = found and not rules.stale(value, given, named)
            except Exception:
                if self.app.debug:
                    raise
                log.exception("Exception possibly due to cache backend.")
                return call(*args, **kwargs)
            mark(found)
            if not found:
                value = _outcome(call, args, kwargs, errors)
                if rules.worth(value):
                    self._keep(place, value, seconds(made.cache_timeout), given, on_kept)
            if isinstance(value, errors):
                raise value
            return as_answer(value) if found and errors else value

        made = same_signature(kept, f)
        if call is not f:
            del made.__wrapped__  # it is no coroutine function any more
        made.uncached, made.cache_timeout = f, timeout
        return made

    def _keep(self, place: str, value: Any, timeout: Any, args: Any, on_kept: Callable[[Any], None]) -> None:
        try:
            self.set(place, value, timeout=timeout)
            on_kept(args)
        except Exception:
            if self.app.debug:
                raise
            log.exception("Exception possibly due to cache backend.")


def _outcome(call: Any, args: Any, kwargs: Any, errors: tuple[type[Exception], ...]) -> Any:
    """What a function gives; a generator's parts in one, errors of some kinds as values."""
    try:
        value = call(*args, **kwargs)
    except errors as error:
        return error
    if not inspect.isgenerator(value):
        return value
    parts: list[Any] = list(value)
    if all(isinstance(part, str) for part in parts):
        return "".join(parts)
    return b"".join(parts) if all(isinstance(part, bytes) for part in parts) else parts


def _mark_hit(response: Any) -> Any:
    response.headers["hit_cache"] = "True"
    return response
