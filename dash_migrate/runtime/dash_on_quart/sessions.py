"""Sessions in the cookie that Flask writes."""

from __future__ import annotations

from typing import Any

from flask.json.tag import TaggedJSONSerializer
from quart.json import dumps
from quart.sessions import SecureCookieSessionInterface


class Serializer(TaggedJSONSerializer):
    """Flask's, asking this app how it writes JSON: keys in order, types of its own."""

    def dumps(self, value: Any) -> str:
        return dumps(self.tag(value), separators=(",", ":"))


class Sessions(SecureCookieSessionInterface):
    """Quart's, with Flask's serializer."""

    serializer = Serializer()
