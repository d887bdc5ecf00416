"""What a policy is worth, with 95 % intervals; differences are paired by contact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: Half-width of a 95 % interval in standard errors.
Z95 = 1.96


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its standard error.

    `terms`: what each contact brings to it, whose mean it is, shape (contacts,); `parties`: as
    `mean_of` takes them.
    """

    mean: float
    error: float
    terms: Floats = field(default_factory=lambda: np.empty(0), compare=False, repr=False)
    parties: Ints | None = field(default=None, compare=False, repr=False)

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


def mean_of(x: Floats, parties: Ints | None = None) -> Estimate:
    """The mean over contacts, shape (contacts,), by the central limit theorem.

    `parties`: codes of the recruiter and of the client of each contact, shape (contacts, 2) or
    longer. Contacts who share one are not independent: what is meant is a mean over other
    recruiters and clients as well. Never surer than without them. Multi-way clustering:
    A. C. Cameron, J. B. Gelbach, D. L. Miller, J. Business & Economic Statistics 29, 2011.
    """
    n = len(x)
    variance = float(x.var(ddof=1)) / n if n > 1 else float("nan")
    if parties is not None and n > 1:
        recruiter, client = parties[:n].T
        pair = recruiter * (int(client.max()) + 1) + client
        rest = x - x.mean()
        one, other, both = (_clustered(rest, c) for c in (recruiter, client, pair))
        variance = max(variance, one + other - both)
    return Estimate(float(x.mean()), float(variance**0.5), x, parties)


def _clustered(rest: Floats, cluster: Ints) -> float:
    """The variance of a mean where all of a cluster may err alike; 0 of a single cluster."""
    sums = np.bincount(np.unique(cluster, return_inverse=True)[1], rest)
    clusters = len(sums)
    return float((sums**2).sum() / len(rest) ** 2 * clusters / max(clusters - 1, 1))


def difference(a: Floats, b: Floats, parties: Ints | None = None) -> Estimate:
    """How much more `a` comes to than `b` with the same people; the longer one is cut."""
    n = min(len(a), len(b))
    return mean_of(a[:n] - b[:n], parties)


def share_of_the_way(
    value: Floats, start: Floats, goal: Floats, parties: Ints | None = None
) -> Estimate:
    """How far `value` goes from `start` to `goal`: 0 not at all, 1 all the way.

    The error is that of a ratio of two paired means (delta method).
    """
    n = min(len(value), len(start), len(goal))
    way, whole = value[:n] - start[:n], goal[:n] - start[:n]
    share = float(way.mean() / whole.mean())
    return mean_of(share + (way - share * whole) / whole.mean(), parties)


def average(estimates: Sequence[Estimate]) -> Estimate:
    """The plain mean of estimates of the same contacts, met in several worlds.

    They have the same recruiters, clients and luck in all of them, so it is not surer than that.
    """
    return mean_of(np.mean([e.terms for e in estimates], axis=0), estimates[0].parties)
