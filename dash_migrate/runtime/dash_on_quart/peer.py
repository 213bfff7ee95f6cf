"""Who is really connected; put here as the same file that dash_on_fastapi has."""

from ..dash_on_fastapi.peer import as_connected

__all__ = ["as_connected"]
