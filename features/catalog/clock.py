"""Arithmetic on moments shared by the features."""

from __future__ import annotations

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
