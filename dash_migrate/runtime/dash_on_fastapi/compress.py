"""Smaller answers for those who can read them: Flask-Compress, with its settings and its choice of algorithms."""

from __future__ import annotations

import gzip
import sys
import zlib
from typing import Any

import brotli  # type: ignore[import-untyped]

from .context import after_this_request, body_of, guarded, is_streamed, make_conditional, pass_through, request

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_DEFAULTS: dict[str, Any] = {
    "COMPRESS_MIMETYPES": [
        "text/html", "text/css", "text/plain", "text/xml", "text/x-component", "text/javascript",
        "application/x-javascript", "application/javascript", "application/json", "application/manifest+json",
        "application/vnd.api+json", "application/xml", "application/xhtml+xml", "application/rss+xml",
        "application/atom+xml", "application/vnd.ms-fontobject", "application/x-font-ttf",
        "application/x-font-opentype", "application/x-font-truetype", "image/svg+xml", "image/x-icon",
        "image/vnd.microsoft.icon", "font/ttf", "font/eot", "font/otf", "font/opentype",
    ],
    "COMPRESS_LEVEL": 6,
    "COMPRESS_BR_LEVEL": 4,
    "COMPRESS_BR_MODE": 0,
    "COMPRESS_BR_WINDOW": 22,
    "COMPRESS_BR_BLOCK": 0,
    "COMPRESS_ZSTD_LEVEL": 3,
    "COMPRESS_DEFLATE_LEVEL": -1,
    "COMPRESS_MIN_SIZE": 500,
    "COMPRESS_CACHE_KEY": None,
    "COMPRESS_CACHE_BACKEND": None,
    "COMPRESS_REGISTER": True,
    "COMPRESS_STREAMS": True,
    "COMPRESS_EVALUATE_CONDITIONAL_REQUEST": True,
    "COMPRESS_STREAMING_ENDPOINT_CONDITIONAL": ["static"],
    "COMPRESS_ALGORITHM": ["zstd", "br", "gzip", "deflate"],
    "COMPRESS_ALGORITHM_STREAMING": ["zstd", "br", "deflate"],
}  # fmt: skip


class Compress:
    """Compresses answers of a server."""

    def __init__(self, app: Any = None) -> None:
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Any) -> None:
        """Compress what a server answers, as its settings say."""
        for key, value in _DEFAULTS.items():
            app.config.setdefault(key, value)
        self.config = config = app.config
        self.cache = config["COMPRESS_CACHE_BACKEND"]() if config["COMPRESS_CACHE_BACKEND"] else None
        self.cache_key = config["COMPRESS_CACHE_KEY"]
        self.mimetypes = frozenset(config["COMPRESS_MIMETYPES"])
        self.algorithms = _names(config["COMPRESS_ALGORITHM"])
        self.streaming_algorithms = _names(config["COMPRESS_ALGORITHM_STREAMING"])
        if config["COMPRESS_REGISTER"] and config["COMPRESS_MIMETYPES"]:
            app.after_request(self.after_request)

    def after_request(self, response: Any) -> Any:
        """Compress an answer, if that is worth it and allowed."""
        vary = response.headers.get("Vary")
        if not vary:
            response.headers["Vary"] = "Accept-Encoding"
        elif "accept-encoding" not in vary.lower():
            response.headers["Vary"] = f"{vary}, Accept-Encoding"
        streamed, config = is_streamed(response), self.config
        algorithms = self.streaming_algorithms if streamed and config["COMPRESS_STREAMS"] else self.algorithms
        algorithm = _choice(algorithms, request.headers.get("Accept-Encoding", ""))
        length = response.content_length
        if (
            algorithm is None
            or response.mimetype not in self.mimetypes
            or not 200 <= response.status_code < 300
            or (streamed and not config["COMPRESS_STREAMS"])
            or "Content-Encoding" in response.headers
            or (length is not None and length < config["COMPRESS_MIN_SIZE"])
        ):
            return response
        response.headers["Content-Encoding"] = algorithm
        if streamed:
            response.headers.pop("Content-Length", None)
            pass_through(response, _parts(config, algorithm))
        else:
            response.set_data(self._compressed(body_of(response), algorithm))
        etag, is_weak = response.get_etag()
        if etag and not is_weak:
            response.set_etag(f"{etag}:{algorithm}", weak=False)
        conditional = not streamed or request.endpoint in config["COMPRESS_STREAMING_ENDPOINT_CONDITIONAL"]
        if config["COMPRESS_EVALUATE_CONDITIONAL_REQUEST"] and conditional:
            make_conditional(response)
        return response

    def compressed(self) -> Any:
        """A decorator for views whose answers are compressed."""

        def check() -> None:
            after_this_request(self.after_request)

        return lambda view: guarded(view, check)

    def _compressed(self, data: bytes, algorithm: str) -> bytes:
        if self.cache is None:
            return _whole(self.config, algorithm, data)
        key = f"{algorithm};{self.cache_key(request)}"
        known = self.cache.get(key)
        if known is None:
            known = _whole(self.config, algorithm, data)
        self.cache.set(key, known)
        return bytes(known)


def _names(algorithms: Any) -> tuple[str, ...]:
    return tuple(name.strip() for name in algorithms.split(",")) if isinstance(algorithms, str) else tuple(algorithms)


def _choice(algorithms: tuple[str, ...], accepted: str) -> str | None:
    """The algorithm with the highest quality, the server's first among equals; None for no compression."""
    anything, by_quality = False, dict[float, list[str | None]]()
    for part in accepted.lower().split(","):
        name, semicolon, quality = part.strip().partition(";q=")
        try:
            q = float(quality.strip()) if semicolon else 1.0
        except ValueError:
            q = 1.0
        name = name.split(";")[0].strip() if semicolon else name
        if name == "*":
            anything = anything or q > 0
        elif name == "identity" or name in algorithms:
            by_quality.setdefault(q, []).append(None if name == "identity" else name)
    for _, names in sorted(by_quality.items(), reverse=True):
        if len(set(names)) == 1:
            return names[0]
        return next(name for name in algorithms if name in names)
    return algorithms[0] if anything else None


def _whole(config: Any, algorithm: str, data: bytes) -> bytes:
    if algorithm == "zstd":
        return bytes(zstd.compress(data, config["COMPRESS_ZSTD_LEVEL"]))
    if algorithm == "gzip":
        return gzip.compress(data, config["COMPRESS_LEVEL"])
    if algorithm == "deflate":
        return zlib.compress(data, config["COMPRESS_DEFLATE_LEVEL"])
    if algorithm == "br":
        return bytes(brotli.compress(data, **_brotli(config)))
    raise ValueError(f"Unknown compression algorithm: {algorithm}")


def _brotli(config: Any) -> dict[str, Any]:
    mode, quality = config["COMPRESS_BR_MODE"], config["COMPRESS_BR_LEVEL"]
    return {
        "mode": mode,
        "quality": quality,
        "lgwin": config["COMPRESS_BR_WINDOW"],
        "lgblock": config["COMPRESS_BR_BLOCK"],
    }


def _parts(config: Any, algorithm: str) -> Any:
    """Compresses a body part by part: a function of a part, and whether it is the last."""
    if algorithm == "zstd":
        made: Any = zstd.ZstdCompressor(level=config["COMPRESS_ZSTD_LEVEL"])
        compress, finish = made.compress, made.flush
    elif algorithm == "br":
        made = brotli.Compressor(**_brotli(config))
        compress, finish = made.process, made.finish
    elif algorithm in ("gzip", "deflate"):
        level = config["COMPRESS_LEVEL" if algorithm == "gzip" else "COMPRESS_DEFLATE_LEVEL"]
        made = zlib.compressobj(level, zlib.DEFLATED, zlib.MAX_WBITS + (16 if algorithm == "gzip" else 0))
        compress, finish = made.compress, made.flush
    else:
        raise ValueError(f"Unsupported streaming algorithm: {algorithm}")
    return lambda part, last: compress(part) + (finish() if last else b"")
