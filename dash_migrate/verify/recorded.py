"""Requests that were recorded elsewhere: a browser's HAR file, a server's access log."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from dash_migrate.verify.steps import Request

HOST = "localhost:8050"
SESSION = "recorded"
#: not sent as they were recorded: they belong to the connection, or would be answered with 304
_DROPPED = frozenset(
    [
        "host",
        "connection",
        "content-length",
        "accept-encoding",
        "keep-alive",
        "transfer-encoding",
        "upgrade",
        "cookie",
        "if-none-match",
        "if-modified-since",
        "upgrade-insecure-requests",
    ]
)
_LOGGED = re.compile(r'"(?P<method>[A-Z]+) (?P<path>/[^\s"]*)(?: HTTP/[\d.]+)?"')
REPEATABLE = ("GET", "HEAD", "OPTIONS")


class RecordError(ValueError):
    """A recording that cannot be read; the message names the file."""


def from_har(path: Path, timeout: float = 10.0) -> list[Request]:
    """The requests of a HAR file to the host that most of them went to, in order, as one client.

    Raises:
        RecordError: it is no HAR file, or holds no request.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8-sig"))["log"]["entries"]
        requests = [one["request"] for one in entries]
        hosts = Counter(urlsplit(one["url"]).netloc for one in requests)
    except (OSError, UnicodeDecodeError) as error:
        raise RecordError(f"{path}: cannot be read: {error}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RecordError(f"{path}: not a HAR file ({type(error).__name__}: {error})") from None
    if not hosts:
        raise RecordError(f"{path}: holds no requests")
    host = hosts.most_common(1)[0][0]
    set_here = {name for one in entries for name in _cookies_set(one)}
    found = []
    for one in requests:
        parts = urlsplit(one["url"])
        if parts.netloc != host or parts.scheme not in ("http", "https"):
            continue
        target = quote(parts.path or "/", safe="/:@!$&'()*+,;=%~-._") + (f"?{parts.query}" if parts.query else "")
        found.append(
            Request(
                name=f"{one['method']} {target}",
                path=target,
                method=str(one["method"]).upper(),
                headers=tuple(_headers(one, host, set_here)),
                body=_body(one),
                session=SESSION,
                timeout=timeout,
            )
        )
    return found


def _headers(request: dict[str, Any], host: str, set_here: set[str]) -> Iterator[tuple[str, str]]:
    for one in request.get("headers", ()):
        name, value = str(one["name"]), str(one["value"])
        if name.lower() in _DROPPED or name.startswith(":") or not value.isprintable():
            continue
        if name.lower() in ("origin", "referer"):
            value = re.sub(rf"^https?://{re.escape(host)}", f"http://{HOST}", value)
        yield name, value
    kept = [one for one in request.get("cookies", ()) if one.get("name") not in set_here]
    if kept:
        yield "Cookie", "; ".join(f"{one['name']}={one['value']}" for one in kept)


def _body(request: dict[str, Any]) -> bytes | None:
    posted = request.get("postData")
    if not isinstance(posted, dict):
        return None
    if posted.get("text") is not None:
        return str(posted["text"]).encode()
    return urlencode([(one["name"], one.get("value", "")) for one in posted.get("params", ())]).encode()


def _cookies_set(entry: dict[str, Any]) -> Iterator[str]:
    for one in entry.get("response", {}).get("cookies", ()):
        yield str(one.get("name"))


def from_access_log(path: Path, most: int = 500, timeout: float = 10.0) -> tuple[list[Request], int]:
    """The requests of an access log (common, combined, Werkzeug's, uvicorn's), each once; how many were left out.

    A log holds no bodies: only what has none is asked again.

    Raises:
        RecordError: it cannot be read, or holds nothing that can be asked again.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise RecordError(f"{path}: cannot be read: {error}") from None
    logged = [(match["method"], match["path"]) for match in _LOGGED.finditer(text)]
    usable = [one for one in logged if one[0] in REPEATABLE and one[1].isascii()]
    if not usable:
        raise RecordError(f"{path}: no request without a body in it")
    unique = list(dict.fromkeys(usable))
    left = len(set(logged) - set(unique[:most]))
    return [Request(f"{method} {target}", target, method, timeout=timeout) for method, target in unique[:most]], left
