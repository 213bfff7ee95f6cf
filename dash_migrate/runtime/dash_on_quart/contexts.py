"""Contexts of the app and of requests, for ``with`` as well as for ``async with``."""

from __future__ import annotations

from typing import Any

from quart.ctx import AppContext as QuartAppContext
from quart.ctx import RequestContext as QuartRequestContext
from quart.globals import request_ctx

from .threads import at_once


class AppContext(QuartAppContext):
    """The context of the app."""

    def __enter__(self) -> AppContext:
        at_once(self.push())
        return self

    def __exit__(self, _kind: Any, error: Any, _trace: Any) -> None:
        at_once(self.pop(error))


class RequestContext(QuartRequestContext):
    """The context of a request."""

    #: whether the answer is still to be made when it is sent, see ``stream_with_context``
    streams = False
    _session: Any = None

    @classmethod
    def current(cls) -> RequestContext:
        """The context of the current request."""
        return request_ctx._get_current_object()  # type: ignore[attr-defined,no-any-return]

    @property
    def session(self) -> Any:
        """The session; looking at it makes the answer vary by cookie."""
        if self._session is not None:
            self._session.accessed = True
        return self._session

    @session.setter
    def session(self, session: Any) -> None:
        self._session = session

    async def push(self) -> None:
        first = self._session is None
        await super().push()
        if first:
            self._session.accessed = False  # only opened so far
        refused = getattr(self.request, "refused", None)
        if refused is not None:
            self.request.routing_exception = refused

    def __enter__(self) -> RequestContext:
        at_once(self.push())
        return self

    def __exit__(self, _kind: Any, error: Any, _trace: Any) -> None:
        at_once(self.auto_pop(error))
