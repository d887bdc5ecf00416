"""Counts of touches and what came of them, with intervals that say how little they may be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scipy.special import betaincinv

#: Intervals are 90 %: this much is left out on either side.
_TAIL = 0.05
Interval = tuple[float, float]


def share_interval(happened: float, of: float) -> Interval:
    """Jeffreys' interval of a share, 90 %; from 0 where nothing happened, to 1 where all did.

    >>> [round(x, 3) for x in share_interval(2, 20)], share_interval(0, 0)
    ([0.029, 0.25], (0.0, 1.0))
    """
    low, high = (
        float(betaincinv(happened + 0.5, of - happened + 0.5, q)) for q in (_TAIL, 1 - _TAIL)
    )
    return (low if happened else 0.0), (high if happened < of else 1.0)


@dataclass(frozen=True, slots=True)
class Tally:
    """Touches, and how many of them landed and annoyed."""

    touches: int = 0
    landed: int = 0
    annoyed: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.touches + other.touches, self.landed + other.landed, self.annoyed + other.annoyed
        )

    @classmethod
    def sum(cls, tallies: Iterable[Tally]) -> Tally:
        """All together."""
        return sum(tallies, cls())

    @property
    def ratio(self) -> float | None:
        """Annoyed people for each landed one; None where nobody landed."""
        return self.annoyed / self.landed if self.landed else None

    @property
    def ratio_interval(self) -> tuple[float, float | None]:
        """90 %, from the share of the annoyed among those that answered; None is without end.

        >>> few = Tally(100, 20, 2).ratio_interval
        >>> round(few[0], 3), round(few[1], 3)
        (0.027, 0.298)
        """
        low, high = share_interval(self.annoyed, self.annoyed + self.landed)
        return low / (1 - low) if low < 1 else 0.0, high / (1 - high) if high < 1 else None
