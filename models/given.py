"""What is given of a touch before it is made, counted linearly.

That is the message, the person, and how the sender and the client have fared. Trees need many
outcomes to tell a message that fits from one that does not, or a source of contacts from another,
and shrink what they find; a straight line learns it from few.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from features.catalog.columns import POSITION, TIDE_DAYS
from features.compiled import inline
from models.base_rates import GIVEN, UNWELCOME, WELCOME, Term

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Rows = npt.NDArray[np.float32]

#: Columns that the message alone decides: the same for every touch of a course.
OF_MESSAGE = [POSITION["relevance"], POSITION["personalized"]]
#: How the touches of a sender and a client have landed, and their threads annoyed.
HAVE_LANDED = [POSITION["actor_touch_land_excess"], POSITION["account_touch_land_excess"]]
#: How the organisation's touches land these days, in the order of `TIDE_DAYS`.
TIDES = [POSITION[f"tide_{name}"] for name in TIDE_DAYS]
HAVE_ANNOYED = [POSITION["actor_annoy_excess"], POSITION["account_annoy_excess"]]
#: A value counts as no further from the centre than this many standard deviations.
FARTHEST = 3.0


@dataclass(frozen=True, slots=True)
class Given:
    """Columns counted from their `centres` in units of their `scales`, all of shape (columns,)."""

    columns: Ints
    centres: Floats
    scales: Floats

    @classmethod
    def of(cls, columns: Sequence[int], x: Rows) -> Given:
        """Means and standard deviations where known; columns that never vary are left out."""
        chosen, centres, scales = [], [], []
        for column in columns:
            known = x[:, column].astype(np.float64)
            known = known[~np.isnan(known)]
            if len(known) and known.max() > known.min():
                chosen.append(column)
                centres.append(known.mean())
                scales.append(known.std())
        return cls(np.array(chosen, np.int64), np.array(centres, float), np.array(scales, float))

    @classmethod
    def none(cls) -> Given:
        """Nothing counts."""
        return cls(np.zeros(0, np.int64), np.zeros(0), np.zeros(0))

    def __len__(self) -> int:
        return len(self.columns)

    def arrays(self) -> tuple[Any, ...]:
        """What compiled routines read, for `standing`."""
        return self.columns, self.centres, self.scales

    def __call__(self, x: Rows) -> Floats:
        """How far each row stands from the centre, shape (rows, columns); 0 where not known."""
        off = (x[:, self.columns].astype(np.float64) - self.centres) / self.scales
        return np.asarray(np.clip(np.nan_to_num(off, nan=0.0), -FARTHEST, FARTHEST))


def priors_of(given: Given) -> list[Term]:
    """What is assumed of each column's weight before any data."""
    one_way = {**dict.fromkeys((*OF_MESSAGE, *HAVE_LANDED, *TIDES), WELCOME),
               **dict.fromkeys(HAVE_ANNOYED, UNWELCOME)}  # fmt: skip
    return [one_way.get(column, GIVEN) for column in given.columns]


@inline
def standing(x: Any, given: Any, j: int) -> float:
    """How far one row stands from the centre of one column; `given`: as `Given.arrays` has it."""
    columns, centres, scales = given
    off = (np.float64(x[columns[j]]) - centres[j]) / scales[j]
    return 0.0 if np.isnan(off) else min(max(off, -FARTHEST), FARTHEST)
