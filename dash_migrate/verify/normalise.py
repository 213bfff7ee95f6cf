"""What differs between two runs of the same app, or by Dash's own doing, and says nothing about the app."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

CONFIG_KEYS_TO_DROP = {
    "end_id": "a random token, signed anew for each page load",
    "websocket": "written by Dash only on backends that can do websocket callbacks",
    "hot_reload": "set by the way the server was started, not by the app",
    "python_version": "a fact about the interpreter",
}
"""Keys of the renderer's config (in the index page) that are not compared, each with its reason."""

_CONFIG = re.compile(r'(<script id="_dash-config" type="application/json">)(.*?)(</script>)', re.DOTALL)
_MTIME = re.compile(r"(?<=[?&]m=)\d+(?:\.\d+)?")
_FINGERPRINT = re.compile(r"(_dash-component-suites/[^\"'\s]*?)\.v[0-9A-Za-z_-]+m[0-9a-z]+(?=\.)")
_RELOAD_HASH = re.compile(r'("reloadHash":\s*)(?:"[^"]*"|null)')


@dataclass(frozen=True)
class Normalisation:
    """One replacement in bodies of the given media types (empty: all text)."""

    name: str
    why: str
    media: frozenset[str]
    apply: Callable[[str], str]


def _config(text: str) -> str:
    def without(match: re.Match[str]) -> str:
        try:
            config: Any = json.loads(match[2])
        except ValueError:
            return match[0]
        if not isinstance(config, dict):
            return match[0]
        kept = {key: value for key, value in config.items() if key not in CONFIG_KEYS_TO_DROP}
        return match[1] + json.dumps(kept, sort_keys=True) + match[3]

    return _CONFIG.sub(without, text)


_HTML = frozenset({"text/html"})
_JSON = frozenset({"application/json"})

NORMALISATIONS: tuple[Normalisation, ...] = (
    Normalisation(
        "renderer-config",
        "; ".join(f"{key}: {why}" for key, why in CONFIG_KEYS_TO_DROP.items()),
        _HTML,
        _config,
    ),
    Normalisation(
        "asset-mtime",
        "?m= in asset URLs is the file's modification time, and the two sides are different copies",
        _HTML,
        lambda text: _MTIME.sub("0", text),
    ),
    Normalisation(
        "suite-fingerprint",
        "the fingerprint of component suites holds package version and installation time",
        _HTML,
        lambda text: _FINGERPRINT.sub(r"\1", text),
    ),
    Normalisation(
        "reload-hash",
        "a random value of the process, in the answer of _reload-hash only",
        _JSON,
        lambda text: _RELOAD_HASH.sub(r"\1null", text),
    ),
)


def normalised(text: str, media: str) -> str:
    """The text of a body of media type ``media`` with everything volatile replaced."""
    for item in NORMALISATIONS:
        if media in item.media:
            text = item.apply(text)
    return text
