"""The first moment at which a channel may be used, for compiled planners."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from features.compiled import inline
from models.decision import Request
from models.hours import Windows, year_of
from models.rules import Rulebook

Ints = npt.NDArray[np.int64]


class Openings(NamedTuple):
    """Open windows of all cases of a batch: those of case i from `first[i]` to `last[i]`."""

    windows: Windows
    first: Ints
    last: Ints


def openings(
    rulebook: Rulebook,
    requests: Sequence[Request],
    channels: Sequence[tuple[str, ...]],
    earliest: Sequence[int],
) -> Openings:
    """When each request's channels are open, in the year of `earliest` and in the next.

    `earliest`: the first moment, microseconds since 1970 UTC, that all other rules allow.
    """
    found: dict[tuple[int, int], tuple[int, Windows]] = {}
    of_case: list[tuple[int, int]] = []
    end = 0
    for r, usable, at in zip(requests, channels, earliest, strict=True):
        zones, year = r.zones, year_of(at)
        for channel in usable:
            hours = rulebook.hours(channel, zones, r.country)
            key = (id(hours), year)
            if key not in found:
                windows = hours.two_years(year)
                found[key] = (end, windows)
                end += len(windows[0])
            first, windows = found[key]
            of_case.append((first, first + len(windows[0])))
    parts = [windows for _, windows in found.values()]
    starts, ends = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    bounds = np.array(of_case, np.int64)
    return Openings((starts, ends), bounds[:, 0], bounds[:, 1])


@inline
def opened(windows: Any, first: int, last: int, time: int) -> Any:
    """The first open moment from `time` on; `time` itself where no window is left.

    The rules have the last word then, and say that the channel is never allowed.
    """
    starts, ends = windows
    low, high = first, last
    while low < high:
        middle = (low + high) >> 1
        if ends[middle] <= time:
            low = middle + 1
        else:
            high = middle
    return time if low == last else max(time, starts[low])
