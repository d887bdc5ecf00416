"""Touches being watched: what was known of each, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.channels import channels_of
from models.lags import LONGEST, Baseline

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Watched:
    """Touches being watched: parallel arrays in order of time.

    `x`: features, float32, shape (n, columns); `time`: when made (days since 1970); `days`: how
    long each was watched; `why`: why the watch ended (features.outcomes); `contact`: codes;
    `number`: the touch's number in its thread.
    """

    x: Rows
    time: Floats
    days: Floats
    why: npt.NDArray[np.int8]
    contact: npt.NDArray[np.int32]
    number: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.time)

    @property
    def channel(self) -> npt.NDArray[np.int64]:
        """Channel codes, shape (n,)."""
        return channels_of(self.x)

    def exposure(self, baseline: Baseline, most: float = LONGEST) -> Floats:
        """The baseline hazard each touch was exposed to within `most` days, shape (n,)."""
        return baseline.at(np.minimum(self.days, most), self.channel)

    def take(self, rows: Any) -> Watched:
        """The given rows."""
        return Watched(
            self.x[rows], self.time[rows], self.days[rows], self.why[rows],
            self.contact[rows], self.number[rows],
        )  # fmt: skip

    def as_of(self, moment: float) -> Watched:
        """Touches made before `moment`, watched no longer than until then."""
        known = self.take(self.time < moment)
        cut = known.time + known.days > moment
        days = np.where(cut, moment - known.time, known.days)
        return Watched(
            known.x, known.time, days, np.where(cut, 0, known.why).astype(np.int8),
            known.contact, known.number,
        )  # fmt: skip
