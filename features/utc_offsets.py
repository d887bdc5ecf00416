"""A zone's UTC offsets as two sorted arrays, read once through `zoneinfo`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from features.moments import MICROSECOND

Int64s = NDArray[np.int64]

#: Seconds between two looks at a zone's offset: just under the shortest time any zone has kept one
#: since 1970 (6.96 days: Recife in October 2000, Gaza in October 2040).
STEP = 6 * 86_400
#: The years whose offsets are kept: every accepted event and what is planned after it.
FIRST_YEAR, LAST_YEAR = 1970, 2201


@lru_cache(maxsize=1024)
def utc_offsets(zone: str) -> tuple[Int64s, Int64s]:
    """When the zone's offset changes and what it becomes: `(at_us, offset_us)`, both int64.

    `at_us[0]` is the least int64, so `searchsorted(at_us, t, side="right") - 1` finds the row for
    every moment. Raises ZoneInfoNotFoundError for a name that is no zone.
    """
    info = ZoneInfo(zone)
    start, end = (int(datetime(y, 1, 1, tzinfo=UTC).timestamp()) for y in (FIRST_YEAR, LAST_YEAR))
    changes = [int(np.iinfo(np.int64).min)]
    offsets = [_offset(info, start)]
    for second in _changes(info, start, end):
        changes.append(second * 1_000_000)
        offsets.append(_offset(info, second))
    offset_us = [offset // MICROSECOND for offset in offsets]
    return np.array(changes, dtype=np.int64), np.array(offset_us, dtype=np.int64)


def _offset(info: ZoneInfo, second: int) -> timedelta:
    # A zone always has an offset: the `or` is for the type checker.
    return datetime.fromtimestamp(second, info).utcoffset() or timedelta()


def _changes(info: ZoneInfo, start: int, end: int) -> Iterator[int]:
    """Seconds in `(start, end]` at which another offset begins: strides, then bisection."""
    before, old = start, _offset(info, start)
    for after in range(start + STEP, end + STEP, STEP):
        new = _offset(info, after)
        if new != old:
            low, high = before, after
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if _offset(info, middle) == old else (low, middle)
            yield high
        before, old = after, new
