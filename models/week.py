"""Hours of a week as people write them: `mon-fri`, `10:00-13:00, 14:00-20:00`."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTES_A_DAY = 24 * 60

#: Hours of one day as `(first minute, minute after the last)`, ascending and apart.
Ranges = tuple[tuple[int, int], ...]


def day_span(span: str) -> tuple[int, ...]:
    """Weekday numbers of `mon` or `mon-fri`; raises ValueError for anything else."""
    first, dash, last = span.partition("-")
    if not dash:
        last = first
    if first not in DAYS or last not in DAYS:
        raise ValueError(f"{span!r} is no day; write 'workdays', 'sat' or 'mon-fri'")
    start, end = DAYS.index(first), DAYS.index(last)
    if end < start:
        raise ValueError(f"{span!r} runs backwards; write two entries instead")
    return tuple(range(start, end + 1))


def parse_ranges(text: Any) -> Ranges:
    """Minutes of `"10:00-13:00, 14:00-20:00"`; raises ValueError unless ascending and apart."""
    if isinstance(text, tuple):
        return text
    try:
        ranges = tuple(_range(part) for part in str(text).split(","))
        edges = [edge for pair in ranges for edge in pair]
        if any(a >= b for a, b in pairwise(edges)) or edges[-1] > MINUTES_A_DAY:
            raise ValueError
    except ValueError:
        raise ValueError(
            f'{text!r} are no hours; write "10:00-13:00, 14:00-20:00", ascending, to 24:00 at most'
        ) from None
    return ranges


def _range(text: str) -> tuple[int, int]:
    first, last = text.strip().split("-")
    return _minute(first), _minute(last)


def _minute(clock: str) -> int:
    hour, minute = clock.split(":")
    if not (hour + minute).isdecimal() or len(minute) != 2 or int(minute) > 59:
        raise ValueError
    return int(hour) * 60 + int(minute)


def spoken(ranges: Ranges) -> str:
    """The hours in words.

    >>> spoken(((600, 780), (840, 1200)))
    'from 10:00 to 13:00 and from 14:00 to 20:00'
    """
    return " and ".join(f"from {clock(first)} to {clock(last)}" for first, last in ranges)


def clock(minute: int) -> str:
    """A minute of the day as people write it: 372 is `6:12`."""
    return f"{minute // 60}:{minute % 60:02d}"
