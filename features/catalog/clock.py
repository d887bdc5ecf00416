"""Arithmetic on moments shared by the features."""

from __future__ import annotations

import numpy as np

from features.compiled import inline
from features.state import DAY, NEVER

#: What a "days since" says of something that never happened: ten years.
FOREVER = 3650.0


@inline
def days_since(then: int, now: int) -> float:
    """Days from `then` to `now`, at most `FOREVER`, which also stands for never."""
    if then == NEVER:
        return FOREVER
    return min(max(now - then, 0) / DAY, FOREVER)


@inline
def decayed(total: float, left: float) -> float:
    """A decayed sum brought forward by what is `left` of it; below 1e-9 counts as nothing."""
    value = total * left
    return value if value > 1e-9 else 0.0


@inline
def share(part: float, whole: float, prior: float, weight: float) -> float:
    """`part / whole` shrunk towards `prior` by `weight` imagined trials."""
    return (part + prior * weight) / (whole + weight)


@inline
def excess(
    part: float, whole: float, usual_part: float, usual_whole: float, weight: float
) -> float:
    """`part / whole` less what is usual, shrunk towards it by `weight` imagined trials.

    Of counts, and exactly 0 where the whole of them are one's own.
    """
    if usual_whole <= 0:
        return 0.0
    return (part * usual_whole - whole * usual_part) / (usual_whole * (whole + weight))


@inline
def tide(part: float, whole: float, usual_part: float, usual_whole: float, weight: float) -> float:
    """Logarithm of `part / whole` over what is usual, shrunk by `weight` imagined usual trials.

    0 while nothing usual is known, and the nearer to it the less there is of `whole`.
    """
    if usual_part <= 0 or usual_whole <= 0:
        return 0.0
    usual = usual_part / usual_whole
    return float(np.log((part + weight * usual) / ((whole + weight) * usual)))


@inline
def ebbed(days: float, half: float) -> float:
    """What is left of a tide after so many days, of which `half` take half of it."""
    return float(np.exp2(-days / half))
