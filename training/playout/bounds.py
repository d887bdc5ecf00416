"""How often the bounds of `if_nudged` hold the truth, by what `evidence` says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.playout.coverage import NOTED

LEVELS = ("strong", "fair", "weak", "none")
#: Decisions that are alike in chance, and on one channel, are averaged over so many.
GROUP = 50
_PLACE = {name: i for i, name in enumerate(NOTED)}
Notes = Sequence[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Held:
    """Shares of decisions, and of averages over alike decisions, whose truth lies in the bounds.

    `below`, `above`: shares of averages whose truth is under the lower, over the upper bound.
    """

    decisions: int
    single: float
    average: float
    below: float
    above: float


def held(notes: Notes, outcome: str) -> Held | None:
    """Coverage of the bounds of `outcome` ("land" or "annoy"); None for too few notes."""
    if len(notes) < GROUP:
        return None
    names = (f"p_{outcome}", f"low_{outcome}", f"high_{outcome}", f"true_{outcome}")
    x = np.array([[note[_PLACE[name]] for name in names] for note in notes], float)
    channel = np.array([note[_PLACE["channel"]] for note in notes])
    groups = [x[rows].mean(axis=0) for rows in _alike(x[:, 0], channel)]
    _, low, high, truth = np.array(groups).T
    inside = (x[:, 1] <= x[:, 3]) & (x[:, 3] <= x[:, 2])
    return Held(
        len(notes),
        float(inside.mean()),
        float(((low <= truth) & (truth <= high)).mean()),
        float((truth < low).mean()),
        float((truth > high).mean()),
    )


def _alike(p: NDArray[np.float64], channel: NDArray[Any]) -> Iterable[NDArray[np.int64]]:
    """Rows on one channel, next to each other in chance."""
    for name in np.unique(channel):
        rows = np.flatnonzero(channel == name)
        rows = rows[np.argsort(p[rows], kind="stable")]
        yield from np.array_split(rows, max(len(rows) // GROUP, 1))


def by_level(notes: Notes) -> dict[str, Notes]:
    """The notes of each level of evidence."""
    return {level: [n for n in notes if n[_PLACE["level"]] == level] for level in LEVELS}
