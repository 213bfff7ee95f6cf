"""``server.view_functions``: what stands around a route's view, to be read and replaced by the route's name."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

from .routing import Proceed, flask_name, routes_with_owners


class ViewFunctions(MutableMapping[str, Any]):
    """A function per route. One that is put around it (``login_required(…)``) answers, or lets the view do so."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._around: dict[str, Any] = {}

    def names(self) -> list[str]:
        """The names of all routes."""
        found = (getattr(route, "name", None) for route, _, _ in routes_with_owners(self._server.router))
        return list(dict.fromkeys(flask_name(name) for name in found if name))

    def around(self, name: str | None) -> Any:
        """What was put around a route; None for nothing."""
        return self._around.get(flask_name(name or ""))

    def __getitem__(self, name: str) -> Any:
        if name in self._around:
            return self._around[name]
        if name not in self.names():
            raise KeyError(name)

        def view(*_args: Any, **_kwargs: Any) -> Any:
            return Proceed()

        view.__name__ = view.__qualname__ = name
        return view

    def __setitem__(self, name: str, function: Any) -> None:
        self._around[name] = function

    def __delitem__(self, name: str) -> None:
        del self._around[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def __len__(self) -> int:
        return len(self.names())
