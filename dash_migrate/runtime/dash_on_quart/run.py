"""Starts the server in place; put here as the same file the bridge has."""

from ..dash_flask_bridge.run import serve

__all__ = ["serve"]
