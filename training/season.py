"""The time of year, and the trend that a season must not be taken for."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from features.catalog.columns import POSITION
from training.watched import Watched

#: The time of year: of a history the backbone alone learns it. Trees would take it for the date,
#: and what they found in one season would come round a year later.
OF_YEAR = [POSITION["year_cos"], POSITION["year_sin"]]
#: Days from the first touch to the last from which on a model learns seasons.
WHOLE_YEAR = 300.0


def by_season(w: Watched) -> Watched:
    """The touches, without their time of year where they span too little of one.

    In half a year a season cannot be told from how things went.
    """
    if _a_year(w):
        return w
    x = w.x.copy()
    x[:, OF_YEAR] = 0.0
    return dataclasses.replace(w, x=x)


def trend(w: Watched, columns: Sequence[int]) -> npt.NDArray[np.float64]:
    """From -1 at the first touch to 0 at the last, shape (n,); 0 where no season is learned.

    Fitted beside `columns` and left out of what is promised: a year in which things got better and
    better has taught no spring by it.
    """
    if not _a_year(w) or set(OF_YEAR).isdisjoint(columns):
        return np.zeros(len(w))
    return np.asarray((w.time - w.time[-1]) / (w.time[-1] - w.time[0]))


def _a_year(w: Watched) -> bool:
    return bool(len(w) and w.time[-1] - w.time[0] >= WHOLE_YEAR)
