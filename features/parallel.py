"""Contacts are independent of each other: work on ranges of them runs on all cores at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from typing import TypeVar

import numpy as np

from features.histories import Ints

T = TypeVar("T")
R = TypeVar("R")

#: Below this many entries a second thread costs more than it saves.
WORTH_A_THREAD = 50_000


@cache
def cores() -> int:
    """Cores this process might use when it first asked, at most 8."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(available or 1, 8)


def worth(entries: int, parts: int) -> int:
    """Into how many of `parts` it pays to split so many entries; at least 1."""
    return max(min(parts, entries // WORTH_A_THREAD), 1)


def ranges(starts: Ints, parts: int) -> list[tuple[int, int]]:
    """Split contacts into at most `parts` ranges `(first, last)` with about equally many entries.

    `starts` are the first entry of each contact and, at the end, the number of entries.
    """
    parts = worth(int(starts[-1]), parts)
    if parts == 1:
        return [(0, len(starts) - 1)]
    cuts = np.searchsorted(starts, np.linspace(0, starts[-1], parts + 1)[1:-1]).tolist()
    edges = [0, *cuts, len(starts) - 1]
    return list(pairwise(edges))


def together(work: Callable[[T], R], parts: Iterable[T]) -> list[R]:
    """The results of `work(part)` for each part; `work` gives up the interpreter lock."""
    first, *others = parts
    if not others:
        return [work(first)]
    with ThreadPoolExecutor(len(others)) as pool:
        waiting = [pool.submit(work, part) for part in others]
        return [work(first), *(w.result() for w in waiting)]


def over_contacts(work: Callable[[int, int], R], starts: Ints, parts: int) -> list[R]:
    """The results of `work(first, last)` for each range of contacts."""
    return together(lambda r: work(*r), ranges(starts, parts))
