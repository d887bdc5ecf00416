"""Time since a touch, in bins, and the baseline hazard over it.

Discrete-time hazards with right-censoring: a touch is at risk from the moment it is made until it
lands, annoys, is followed up, or the data end. With a proportional score eta the chance to be
still open after T days is exp(-H0(T) exp(eta)), H0 growing linearly inside each bin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: Edges of the lag bins, in days: minutes and hours at first, then days, then weeks, to 90 days.
LAG_EDGES = np.array([0, 1 / 288, 1 / 24, 1 / 4, 1, 2, 3, 5, 7, 10, 14, 21, 30, 45, 60, 90], float)
LONGEST = 90.0
HORIZON = 30.0

#: Share of all answers that have come by each edge, where nothing is known: half within hours,
#: nine in ten within days, one in twenty after a month (see docs/base-rates.md).
PRIOR_SHAPE = np.array(
    [0, 0.03, 0.2, 0.47, 0.64, 0.74, 0.8, 0.86, 0.89, 0.905, 0.92, 0.935, 0.95, 0.97, 0.98, 1.0]
)


@dataclass(frozen=True, slots=True)
class Baseline:
    """Cumulative baseline hazard at `LAG_EDGES`, shape (16,), non-decreasing from 0."""

    cumulative: Floats

    def at(self, days: Floats | float) -> Floats:
        """H0 after `days` (clipped to 0..90), piecewise linear."""
        return np.asarray(np.interp(days, LAG_EDGES, self.cumulative))

    @classmethod
    def prior(cls, chance: float) -> Baseline:
        """The prior shape at the level that gives `chance` within the horizon at score 0."""
        within = float(np.interp(HORIZON, LAG_EDGES, PRIOR_SHAPE))
        return cls(PRIOR_SHAPE * (-np.log1p(-chance) / within))


def breslow(
    days: Floats, happened: npt.NDArray[np.bool_], risk: Floats, prior: Baseline, weight: float
) -> Baseline:
    """Breslow's estimate of H0 on the bins, shrunk to `prior` by `weight` imagined events.

    `days`: at risk, shape (n,); `happened`: ended by the outcome; `risk`: exp(eta) times any
    sampling weight, shape (n,).
    """
    widths = np.diff(LAG_EDGES)
    position = np.searchsorted(LAG_EDGES, np.minimum(days, LONGEST - 1e-9), side="right") - 1
    events = np.bincount(position[happened & (days < LONGEST)], minlength=len(widths))
    # Exposure per bin: full width for bins passed, the rest in the bin where the watch ended.
    by_bin = np.bincount(position, weights=risk, minlength=len(widths))
    partial = np.minimum(days, LONGEST) - LAG_EDGES[position]
    inside = np.bincount(position, weights=risk * partial, minlength=len(widths))
    passed = by_bin[::-1].cumsum()[::-1] - by_bin
    exposure = passed * widths + inside
    prior_steps = np.diff(prior.cumulative)
    imagined = weight * prior_steps / prior_steps.sum()
    rate = (events + imagined) / (exposure + imagined * widths / prior_steps)
    return Baseline(np.concatenate([[0.0], np.cumsum(rate * widths)]))
