"""Pages of a query's objects."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import Any

import sqlalchemy as sa
import sqlalchemy.orm as sa_orm

from .context import abort, has_request, request


class Pagination:
    """One page: its ``items``, and where it is among the others."""

    def __init__(
        self,
        page: int | None = None,
        per_page: int | None = None,
        max_per_page: int | None = 100,
        error_out: bool = True,
        count: bool = True,
        **query: Any,
    ) -> None:
        self._query = query
        self.page = _number("page", page, 1, error_out)
        self.per_page = _number("per_page", per_page, 20, error_out, max_per_page)
        self.max_per_page = max_per_page
        self.items = self._items()
        if not self.items and self.page != 1 and error_out:
            abort(404)
        #: how many objects there are on all pages; None if they were not counted
        self.total: int | None = self._count() if count else None

    def _items(self) -> list[Any]:
        raise NotImplementedError

    def _count(self) -> int:
        raise NotImplementedError

    @property
    def _offset(self) -> int:
        return (self.page - 1) * self.per_page

    @property
    def first(self) -> int:
        """The number of the first object of this page, from 1; 0 if it is empty."""
        return self._offset + 1 if self.items else 0

    @property
    def last(self) -> int:
        """The number of the last object of this page."""
        return max(self.first, self.first + len(self.items) - 1)

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return ceil(self.total / self.per_page) if self.total else 0

    @property
    def has_prev(self) -> bool:
        """Whether there is a page before."""
        return self.page > 1

    @property
    def prev_num(self) -> int | None:
        """The number of the page before."""
        return self.page - 1 if self.has_prev else None

    @property
    def has_next(self) -> bool:
        """Whether there is a page after."""
        return self.page < self.pages

    @property
    def next_num(self) -> int | None:
        """The number of the page after."""
        return self.page + 1 if self.has_next else None

    def prev(self, *, error_out: bool = False) -> Pagination:
        """The page before."""
        return self._other(self.page - 1, error_out)

    def next(self, *, error_out: bool = False) -> Pagination:
        """The page after."""
        return self._other(self.page + 1, error_out, max_per_page=self.max_per_page)

    def _other(self, page: int, error_out: bool, **options: Any) -> Pagination:
        made = type(self)(page=page, per_page=self.per_page, error_out=error_out, count=False, **options, **self._query)
        made.total = self.total
        return made

    def iter_pages(
        self, *, left_edge: int = 2, left_current: int = 2, right_current: int = 4, right_edge: int = 2
    ) -> Iterator[int | None]:
        """Numbers for links to pages; None where some are left out."""
        end = self.pages + 1
        if end == 1:
            return
        left_end = min(1 + left_edge, end)
        yield from range(1, left_end)
        if left_end == end:
            return
        start = max(left_end, self.page - left_current)
        stop = min(self.page + right_current + 1, end)
        if start > left_end:
            yield None
        yield from range(start, stop)
        if stop == end:
            return
        right_start = max(stop, end - right_edge)
        if right_start > stop:
            yield None
        yield from range(right_start, end)

    def __iter__(self) -> Iterator[Any]:
        yield from self.items


def _number(name: str, given: int | None, default: int, error_out: bool, most: int | None = None) -> int:
    """A number of the request's query string, if it is not given."""
    value = given
    if value is None:
        try:
            value = int(request.args.get(name, default)) if has_request() else default
        except (TypeError, ValueError):
            if error_out:
                abort(404)
            value = default
    if most is not None:
        value = min(value, most)
    if value < 1:
        if error_out:
            abort(404)
        value = default
    return value


class SelectPagination(Pagination):
    """A page of ``select()``."""

    def _items(self) -> list[Any]:
        select = self._query["select"].limit(self.per_page).offset(self._offset)
        return list(self._query["session"].execute(select).unique().scalars())

    def _count(self) -> int:
        inner = self._query["select"].options(sa_orm.lazyload("*")).order_by(None).subquery()
        total: int = self._query["session"].execute(sa.select(sa.func.count()).select_from(inner)).scalar()
        return total


class QueryPagination(Pagination):
    """A page of ``Model.query``."""

    def _items(self) -> list[Any]:
        return list(self._query["query"].limit(self.per_page).offset(self._offset).all())

    def _count(self) -> int:
        return int(self._query["query"].order_by(None).count())
