"""Contacts are independent of each other: work on ranges of them runs on all cores at once."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np

from features.histories import Ints

#: Below this many entries a second thread costs more than it saves.
WORTH_A_THREAD = 50_000


def cores() -> int:
    """Cores this process may use, at most 8."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(available or 1, 8)


def ranges(starts: Ints, parts: int) -> list[tuple[int, int]]:
    """Split contacts into at most `parts` ranges `(first, last)` with about equally many entries.

    `starts` are the first entry of each contact and, at the end, the number of entries.
    """
    parts = max(min(parts, int(starts[-1]) // WORTH_A_THREAD), 1)
    cuts = np.searchsorted(starts, np.linspace(0, starts[-1], parts + 1)[1:-1]).tolist()
    edges = [0, *cuts, len(starts) - 1]
    return list(pairwise(edges))


def over_contacts(work: Callable[[int, int], object], starts: Ints, parts: int) -> list[object]:
    """The results of `work(first, last)` for each range; `work` gives up the interpreter lock."""
    first, *others = ranges(starts, parts)
    if not others:
        return [work(*first)]
    with ThreadPoolExecutor(len(others)) as pool:
        waiting = [pool.submit(work, *r) for r in others]
        return [work(*first), *(w.result() for w in waiting)]
