"""ASGI scopes of requests that are not sent; put here as the same file that dash_on_fastapi has."""

from ..dash_on_fastapi.scopes import scope_of

__all__ = ["scope_of"]
