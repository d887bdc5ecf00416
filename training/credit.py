"""By which touch of its thread an outcome came, and how much is carried over past a further touch.

An answer that follows the third message within the hour may still be one to the second. Credited to
the latest touch alone, follow-ups are promised what would have come without them. Here the hazards
of a thread's touches add up: a touch goes on for the share `carry` of its hazard once a further one
was made, and an outcome is shared out among the touches by how large their hazards were when it
came. The first is found by the likelihood, the second by expectation and maximisation, as causes of
one event in superposed Poisson processes. With 0 the latest touch takes all; with 1 touches know
nothing of each other.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.lags import LAG_EDGES, LONGEST, Baseline
from training.watched import Watched

Floats = npt.NDArray[np.float64]

#: Imagined outcomes that were due after further touches, of which none came: published base rates
#: credit the latest touch with all.
IMAGINED = 5.0
#: Shares that are tried, and how often the rest is fitted anew to each.
TRIED, ROUNDS = np.linspace(0.0, 1.0, 6), 2
_TINY = 1e-300


class Credited(NamedTuple):
    """`share`: of its thread's outcome that came by each touch, shape (touches,); and `carry`."""

    share: Floats
    carry: float

    @property
    def outcomes(self) -> int:
        """How many outcomes were shared out."""
        return round(float(self.share.sum()))


class Claims:
    """Threads that came to an outcome, and the touches that may have brought it.

    `w`: touches of open threads; `why`: the outcome (features.outcomes).
    """

    def __init__(self, w: Watched, why: int) -> None:
        self.w = w
        self.of = np.flatnonzero((w.end == why) & (w.left < LONGEST))
        self.late = w.left[self.of] > w.days[self.of]
        self.thread = np.unique(w.thread[self.of], return_inverse=True)[1]
        self.channel = w.channel
        bins = np.searchsorted(LAG_EDGES, w.left[self.of], side="right") - 1
        self.at = (self.channel[self.of], np.minimum(bins, len(LAG_EDGES) - 2))

    def of_the_latest(self) -> Floats:
        """Every outcome credited to the latest touch before it, shape (touches,)."""
        return self._spread(np.where(self.late, 0.0, 1.0))

    def by_hazard(self, score: Floats, baseline: Baseline, carry: float) -> Floats:
        """Every outcome shared out by the touches' hazards at its moment, shape (touches,)."""
        rate = self._rate(score, baseline, carry)
        total = np.bincount(self.thread, rate)[self.thread]
        return self._spread(rate / np.maximum(total, _TINY))

    def log_likelihood(self, score: Floats, baseline: Baseline, carry: float) -> float:
        """Of the outcomes and of all that did not come, with `IMAGINED` ones that did not."""
        total = np.bincount(self.thread, self._rate(score, baseline, carry))
        due = self.w.exposure(baseline, carry=carry) @ np.exp(score)
        return float(np.log(np.maximum(total, _TINY)).sum() - due - IMAGINED * carry)

    def _rate(self, score: Floats, baseline: Baseline, carry: float) -> Floats:
        """Hazards at the moment of the outcome, of each touch that may have brought it."""
        density = np.diff(baseline.by_channel, axis=1) / np.diff(LAG_EDGES)
        return np.asarray(density[self.at] * np.exp(score[self.of])
                          * np.where(self.late, carry, 1.0))  # fmt: skip

    def _spread(self, share: Floats) -> Floats:
        whole = np.zeros(len(self.w))
        whole[self.of] = share
        return whole


def peak(tried: Floats, values: Floats) -> float:
    """Where a parabola through the highest value and its neighbours is highest."""
    k = int(np.clip(values.argmax(), 1, len(values) - 2))
    (a, b, c), step = values[k - 1 : k + 2], tried[1] - tried[0]
    bend = a - 2.0 * b + c
    ahead = 0.5 * (a - c) / bend if bend < 0 else (1.0 if c > a else -1.0)
    return float(np.clip(tried[k] + step * np.clip(ahead, -1.0, 1.0), tried[0], tried[-1]))
