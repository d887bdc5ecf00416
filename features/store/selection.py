"""Which ids a statement is about: lists cut to what one may hold, and ranges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, and_

#: SQLite takes 32,766 values in a statement, PostgreSQL 65,535.
_MOST = 10_000


def in_range(ids: Column[Any], first: str, until: str | None) -> ColumnElement[bool]:
    """Ids from `first` to before `until`, if there is one."""
    return ids >= first if until is None else and_(ids >= first, ids < until)


def chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """`ids` in lists of at most 10,000.

    >>> [list(c) for c in chunks(["a", "b"])]
    [['a', 'b']]
    """
    for start in range(0, len(ids), _MOST):
        yield ids[start : start + _MOST]
