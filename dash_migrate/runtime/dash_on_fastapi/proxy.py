"""Believes the headers of as many proxies as stand in front of the app, as werkzeug's ``ProxyFix`` does."""

from __future__ import annotations

from typing import Any


class ProxyFix:
    """``server.add_middleware(ProxyFix, x_for=1, x_proto=1)``: the number of proxies to believe per header."""

    def __init__(
        self, app: Any, x_for: int = 1, x_proto: int = 1, x_host: int = 0, x_port: int = 0, x_prefix: int = 0
    ) -> None:
        self.app = app
        self.trusted = {"for": x_for, "proto": x_proto, "host": x_host, "port": x_port, "prefix": x_prefix}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] in ("http", "websocket"):
            scope = self._fixed(scope)
        await self.app(scope, receive, send)

    def _fixed(self, scope: Any) -> Any:
        fixed = {**scope, "headers": list(scope["headers"])}
        client = self._value(scope, "for")
        if client:
            fixed["client"] = (client, 0)
        proto = self._value(scope, "proto")
        if proto:
            fixed["scheme"] = (
                {"http": "ws", "https": "wss"}.get(proto, proto) if scope["type"] == "websocket" else proto
            )
        host, port = self._value(scope, "host"), self._value(scope, "port")
        if host or port:
            name = host or dict(scope["headers"]).get(b"host", b"").decode("latin-1")
            if port:
                name = name.rsplit(":", 1)[0] if ":" in name and not name.endswith("]") else name
                name = f"{name}:{port}"
            kept = [(k, v) for k, v in scope["headers"] if k != b"host"]
            fixed["headers"] = [*kept, (b"host", name.encode("latin-1"))]
        prefix = self._value(scope, "prefix")
        if prefix:
            fixed["root_path"] = prefix
            fixed["path"] = prefix + scope["path"]
        return fixed

    def _value(self, scope: Any, kind: str) -> str | None:
        """The value the outermost believed proxy gave."""
        name = f"x-forwarded-{kind}".encode()
        lines = [v.decode("latin-1") for k, v in scope["headers"] if k == name]
        values = [part.strip() for part in ",".join(lines).split(",")] if lines else []
        count = self.trusted[kind]
        return values[-count] if count and len(values) >= count else None
