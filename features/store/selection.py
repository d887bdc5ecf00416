"""Lists of ids cut to what one statement may hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

#: SQLite takes 32,766 values in a statement, PostgreSQL 65,535.
_MOST = 10_000


def chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """`ids` in lists of at most 10,000.

    >>> [list(c) for c in chunks(["a", "b"])]
    [['a', 'b']]
    """
    for start in range(0, len(ids), _MOST):
        yield ids[start : start + _MOST]
