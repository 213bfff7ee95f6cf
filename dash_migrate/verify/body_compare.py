"""Compare two bodies: bytes first, then as what their content types say they are."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Sequence
from typing import Any

from dash_migrate.verify.client import Answer
from dash_migrate.verify.normalise import normalised

EXCERPT = 160
"""Characters of each body that a difference shows, from shortly before the first difference on."""


def body_difference(before: Answer, after: Answer, mask: Sequence[str] = ()) -> tuple[str, str] | None:
    """Excerpts of the two bodies where they differ, None if they are equal but for what is volatile.

    JSON is compared as parsed JSON, types included (1 is neither 1.0 nor true); objects are unordered.
    """
    if before.method == "HEAD" or before.body == after.body:
        return None if before.body == after.body else _excerpts(_text(before), _text(after))
    media = {_media(before), _media(after)}
    texts = [_masked(_neutral(answer), mask) for answer in (before, after)]
    if texts[0] == texts[1]:
        return None
    if any(kind.endswith("json") for kind in media):
        parsed = [_parsed(text) for text in texts]
        if parsed[0] is not None and parsed[0] == parsed[1]:
            return None
    return _excerpts(*texts)


def comparable_text(answer: Answer, mask: Sequence[str] = ()) -> str:
    """The body as it is compared: decompressed, without what is volatile by nature, JSON with its keys in order."""
    text = _masked(_neutral(answer), mask)
    if _media(answer).endswith("json"):
        try:
            return json.dumps(json.loads(text), sort_keys=True)
        except (ValueError, RecursionError):
            pass
    return text


def _media(answer: Answer) -> str:
    return answer.get("content-type").partition(";")[0].strip().lower()


def _text(answer: Answer) -> str:
    """The body as text, decompressed if that can be done; latin-1 keeps bytes apart that are no UTF-8."""
    body = _plain(answer.body, answer.get("content-encoding").lower())
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("latin-1")


def _plain(body: bytes, encoding: str) -> bytes:
    try:
        if encoding == "gzip":
            return gzip.decompress(body)
        if encoding == "deflate":
            return zlib.decompress(body)
        if encoding == "br":
            import brotli  # type: ignore[import-untyped]  # the app's own: only compressed answers need it

            return bytes(brotli.decompress(body))
        if encoding == "zstd":
            from backports import zstd  # as brotli

            return bytes(zstd.decompress(body))
    except (OSError, EOFError, zlib.error, ImportError):
        pass
    return body


def _neutral(answer: Answer) -> str:
    return normalised(_text(answer), _media(answer))


def _masked(text: str, mask: Sequence[str]) -> str:
    for pattern in mask:
        text = re.sub(pattern, "<masked>", text)
    return text


def _parsed(text: str) -> Any | None:
    """Parsed JSON in a form whose equality is that of JSON with types; None if it is no JSON."""
    try:
        return _typed(json.loads(text))
    except (ValueError, RecursionError):
        return None


def _typed(value: Any) -> Any:
    if isinstance(value, dict):
        return ("object", frozenset((key, _typed(item)) for key, item in value.items()))
    if isinstance(value, list):
        return ("array", tuple(_typed(item) for item in value))
    return (type(value).__name__, repr(value))


def _excerpts(one: str, other: str) -> tuple[str, str]:
    start = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        start += 1
    start = max(0, start - 40)
    return _excerpt(one, start), _excerpt(other, start)


def _excerpt(text: str, start: int) -> str:
    piece = text[start : start + EXCERPT]
    dots = ("…" if start else "", "…" if start + EXCERPT < len(text) else "")
    return f"{len(text)} characters: {dots[0]}{piece!r}{dots[1]}"
