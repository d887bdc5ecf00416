"""Touches being watched: what was known of each, and what became of it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from features.outcomes import OPEN_END
from models.channels import channels_of
from models.lags import LONGEST, Baseline

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Watched:
    """Touches being watched: parallel arrays in order of time.

    `x`: features, float32, shape (n, columns); `time`: when made (days since 1970); `days`: how
    long each was its thread's latest; `why`: why that ended (features.outcomes); `contact`: codes;
    `number`: the touch's number in its thread; `thread`: codes; `left`: days from the touch until
    its thread ended or was lost sight of; `end`: by what.
    """

    x: Rows
    time: Floats
    days: Floats
    why: npt.NDArray[np.int8]
    contact: npt.NDArray[np.int32]
    number: npt.NDArray[np.int32]
    thread: npt.NDArray[np.int64]
    left: Floats
    end: npt.NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.time)

    @property
    def channel(self) -> npt.NDArray[np.int64]:
        """Channel codes, shape (n,)."""
        return channels_of(self.x)

    def exposure(
        self, baseline: Baseline, most: float = LONGEST, carry: float = 0.0
    ) -> Floats:  # fmt: skip
        """The baseline hazard each touch was exposed to within `most` days, shape (n,).

        Of what it was exposed to after a further touch of the thread, the share `carry` counts.
        """
        as_latest = baseline.at(np.minimum(self.days, most), self.channel)
        if not carry:
            return as_latest
        to_the_end = baseline.at(np.minimum(self.left, most), self.channel)
        return as_latest + carry * (to_the_end - as_latest)

    def came_to(self, why: int) -> npt.NDArray[np.bool_]:
        """Which touches came to an outcome as their thread's latest, shape (n,)."""
        return np.asarray((self.why == why) & (self.days < LONGEST))

    def take(self, rows: Any) -> Watched:
        """The given rows."""
        return Watched(*(getattr(self, f.name)[rows] for f in dataclasses.fields(self)))

    def as_of(self, moment: float) -> Watched:
        """Touches made before `moment`, watched no longer than until then."""
        known = self.take(self.time < moment)
        age = moment - known.time
        return dataclasses.replace(
            known,
            days=np.minimum(known.days, age),
            why=np.where(known.days > age, OPEN_END, known.why).astype(np.int8),
            left=np.minimum(known.left, age),
            end=np.where(known.left > age, OPEN_END, known.end).astype(np.int8),
        )
