"""What earlier touches of a thread still bring once a further one was made."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.channels import channels_of
from models.outcome import Outcome

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Rows = npt.NDArray[np.float32]

#: So many of a thread's latest touches may still bring something.
RECALLED = 8


class Earlier(NamedTuple):
    """Pairs of a touch that is asked about and an earlier one of its thread.

    `asked`: the first of each pair, as a place among those asked about; `made`: the second, as a
    place among the rows `x`; `age`: days between them; shape (pairs,) each. `touches`: how many are
    asked about.
    """

    asked: Ints
    made: Ints
    age: Floats
    x: Rows
    touches: int


def carried(outcome: Outcome, earlier: Earlier, ends: Floats) -> Floats:
    """The hazard that earlier touches carry past a touch, from it until `ends` days after it.

    `ends` and the answer have shape (asked, k); `ends` of a row grow.
    """
    found = np.zeros((earlier.touches, ends.shape[1]))
    if not outcome.carry or not len(earlier.asked):
        return found
    made, place = np.unique(earlier.made, return_inverse=True)
    x = earlier.x[made]
    rate = outcome.carry * np.exp(outcome.score(x)[0])[place]
    channel, age = channels_of(x)[place], earlier.age
    before = outcome.baseline.at(age, channel)
    for k in range(ends.shape[1]):
        step = outcome.baseline.at(age + ends[earlier.asked, k], channel) - before
        found[:, k] = np.bincount(earlier.asked, rate * step, earlier.touches)
    return found
