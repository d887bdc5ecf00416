"""What a policy is worth, with 95 % intervals over contacts; differences are paired by contact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: Half-width of a 95 % interval in standard errors.
Z95 = 1.96


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its standard error."""

    mean: float
    error: float

    @property
    def low(self) -> float:
        """Lower bound of the 95 % interval."""
        return self.mean - Z95 * self.error

    @property
    def high(self) -> float:
        """Upper bound of the 95 % interval."""
        return self.mean + Z95 * self.error

    def as_dict(self) -> dict[str, float]:
        """JSON-ready."""
        return {name: round(getattr(self, name), 5) for name in ("mean", "low", "high")}


def mean_of(x: Floats) -> Estimate:
    """The mean over contacts, shape (contacts,), by the central limit theorem."""
    spread = float(x.std(ddof=1)) if len(x) > 1 else float("nan")
    return Estimate(float(x.mean()), spread / len(x) ** 0.5)


def difference(a: Floats, b: Floats) -> Estimate:
    """How much more `a` comes to than `b` with the same people; the longer one is cut."""
    n = min(len(a), len(b))
    return mean_of(a[:n] - b[:n])


def share_of_the_way(value: Floats, start: Floats, goal: Floats) -> Estimate:
    """How far `value` goes from `start` to `goal`: 0 not at all, 1 all the way.

    The error is that of a ratio of two paired means (delta method).
    """
    n = min(len(value), len(start), len(goal))
    way, whole = value[:n] - start[:n], goal[:n] - start[:n]
    share = float(way.mean() / whole.mean())
    return Estimate(share, mean_of((way - share * whole) / whole.mean()).error)


def average(estimates: Sequence[Estimate]) -> Estimate:
    """The plain mean of independent estimates."""
    errors = np.array([e.error for e in estimates])
    means = np.array([e.mean for e in estimates])
    return Estimate(float(means.mean()), float(np.sqrt((errors**2).sum()) / len(errors)))
