"""One split is luck: the same history split at other moments, all that came after judged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.state import DAY
from models.attributes import Encoding
from training import plain
from training.dataset import Dataset, known_before, prepare
from training.evaluate import OUTCOMES, before_next, happened
from training.train import fit_model

#: Shares of the mature touches by time that are learned from; the yardstick's own is not among
#: them.
SHARES = (0.45, 0.5, 0.55, 0.6, 0.65, 0.75, 0.8)
#: Members of a model that needs no interval.
MEMBERS = 2


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What was measured of one outcome at each split, as `training.plain.measured` gives it.

    `fineline` and the plain `baseline`, both of the chance before the next touch and by what was
    recorded by then.
    """

    fineline: list[dict[str, Any]] = field(default_factory=list)
    baseline: list[dict[str, Any]] = field(default_factory=list)


def cutoff_at(whole: Dataset, share: float) -> int:
    """The moment (microseconds) before which so large a share of the mature touches was made."""
    times = np.sort(whole.watched.time[whole.mature() & ~whole.closed])
    return round(float(times[int(share * len(times))]) * DAY)


def at_other_moments(
    events: pa.Table, contacts: pa.Table | None, whole: Dataset, encoding: Encoding
) -> dict[str, Elsewhere]:
    """By outcome; those that never happen are left out."""
    found: dict[str, Elsewhere] = {}
    every = whole.mature() & ~whole.closed
    for share in SHARES:
        cutoff = cutoff_at(whole, share)
        early, _ = prepare(known_before(events, cutoff), contacts, encoding, cutoff)
        asked = every & (whole.watched.time * DAY >= cutoff - 0.5)
        for name, mine, plainly in _measured(whole, asked, early, encoding):
            there = found.setdefault(name, Elsewhere())
            there.fineline.append(mine)
            there.baseline.append(plainly)
    return found


def _measured(
    whole: Dataset, rows: npt.NDArray[np.bool_], early: Dataset, encoding: Encoding
) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Of each outcome what fineline and the baseline, learned from `early`, do on some `rows`."""
    asked = whole.watched.take(rows)
    by_then = early.watched.take(early.mature() & ~early.closed)
    model = fit_model(early, encoding, {}, members=MEMBERS)
    for (name, why), mine in zip(OUTCOMES, before_next(model, whole, rows), strict=True):
        hit, known = happened(asked, why), happened(by_then, why)
        if hit.any() and known.any():
            plainly = plain.chances(by_then.x, known, asked.x)
            number = asked.number
            yield name, plain.measured(hit, mine, number), plain.measured(hit, plainly, number)
