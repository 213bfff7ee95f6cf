"""The request that hooks, error handlers and callbacks are given."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import URL
from starlette.requests import Request


class AskedURL(URL):
    """Starlette's; its path is the whole path that was asked for, decoded, also if it holds ``?`` or ``#``.

    A gate that compares paths must not take ``/login%3Fx`` for ``/login``.
    """

    def __init__(self, url: str = "", scope: Any = None, **components: Any) -> None:
        super().__init__(url, scope, **components)
        self._asked = None if scope is None else str(scope["path"])

    @property
    def path(self) -> str:
        return super().path if self._asked is None else self._asked


class AskedRequest(Request):
    """Starlette's, with such an URL."""

    @property
    def url(self) -> URL:
        if not hasattr(self, "_asked_url"):
            self._asked_url = AskedURL(scope=self.scope)
        return self._asked_url
