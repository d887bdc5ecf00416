"""Time since a touch, in bins, and the baseline hazard over it.

Discrete-time hazards with right-censoring: a touch is at risk from the moment it is made until it
lands, annoys, is followed up, or the data end. With a proportional score eta the chance to be
still open after T days is exp(-H0(T) exp(eta)), H0 growing linearly inside each bin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.events.schema import CHANNELS

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Edges of the lag bins, in days: minutes and hours at first, then days, then weeks, to 90 days.
LAG_EDGES = np.array([0, 1 / 288, 1 / 24, 1 / 4, 1, 2, 3, 5, 7, 10, 14, 21, 30, 45, 60, 90], float)
LONGEST = 90.0
HORIZON = 30.0
#: Imagined outcomes by which the lags of a channel are shrunk to those of all.
CHANNEL_EVENTS = 20.0

#: Share of all answers that have come by each edge, where nothing is known: half within hours,
#: nine in ten within days, one in twenty after a month (see docs/base-rates.md).
PRIOR_SHAPE = np.array(
    [0, 0.03, 0.2, 0.47, 0.64, 0.74, 0.8, 0.86, 0.89, 0.905, 0.92, 0.935, 0.95, 0.97, 0.98, 1.0]
)


@dataclass(frozen=True, slots=True)
class Baseline:
    """Cumulative baseline hazard at `LAG_EDGES`, shape (16,), non-decreasing from 0.

    `by_channel`, shape (channels, 16): the same by channel, equal at the horizon. An answer to a
    call comes at once, one to a letter in days; how likely it is at all is the score's to say.
    """

    cumulative: Floats
    by_channel: Floats

    @classmethod
    def common(cls, cumulative: Floats) -> Baseline:
        """The same for every channel."""
        return cls(cumulative, np.repeat(cumulative[None, :], len(CHANNELS), axis=0))

    def at(self, days: Floats | float, channel: Ints | None = None) -> Floats:
        """H0 after `days` (clipped to 0..90), piecewise linear; of channel codes if given.

        `days` and `channel` have the same shape.
        """
        if channel is None:
            return np.asarray(np.interp(days, LAG_EDGES, self.cumulative))
        out = np.empty(np.shape(days))
        for code in set(channel.ravel().tolist()):
            own = channel == code
            out[own] = np.interp(np.asarray(days)[own], LAG_EDGES, self.by_channel[code])
        return out

    def scaled(self, level: float) -> Baseline:
        """The same shapes at another level."""
        return Baseline(self.cumulative * level, self.by_channel * level)

    @classmethod
    def prior(cls, chance: float) -> Baseline:
        """The prior shape at the level that gives `chance` within the horizon at score 0."""
        within = float(np.interp(HORIZON, LAG_EDGES, PRIOR_SHAPE))
        return cls.common(PRIOR_SHAPE * (-np.log1p(-chance) / within))


def breslow_by_channel(
    days: Floats,
    came: Floats,
    risk: Floats,
    channel: Ints,
    prior: Baseline,
    weight: float,
) -> Baseline:
    """`breslow` over all touches, and its shape by channel (codes, shape (n,)).

    Each channel's shape is shrunk to that of all by `CHANNEL_EVENTS` imagined events.
    """
    of_all = breslow(days, came, risk, prior.cumulative, weight)
    within = np.interp(HORIZON, LAG_EDGES, of_all)
    shapes = []
    for code in range(len(CHANNELS)):
        own = channel == code
        curve = breslow(days[own], came[own], risk[own], of_all, CHANNEL_EVENTS)
        shapes.append(curve * (within / np.interp(HORIZON, LAG_EDGES, curve)))
    return Baseline(of_all, np.array(shapes))


def breslow(days: Floats, came: Floats, risk: Floats, prior: Floats, weight: float) -> Floats:
    """Breslow's estimate of H0 on the bins, shrunk to `prior` by `weight` imagined events.

    `days`: at risk, shape (n,); `came`: the share of an outcome that came at their end; `risk`:
    exp(eta) times any sampling weight, shape (n,).
    """
    widths = np.diff(LAG_EDGES)
    position = np.searchsorted(LAG_EDGES, np.minimum(days, LONGEST - 1e-9), side="right") - 1
    events = np.bincount(position, came * (days < LONGEST), len(widths))
    # Exposure per bin: full width for bins passed, the rest in the bin where the watch ended.
    by_bin = np.bincount(position, weights=risk, minlength=len(widths))
    partial = np.minimum(days, LONGEST) - LAG_EDGES[position]
    inside = np.bincount(position, weights=risk * partial, minlength=len(widths))
    passed = by_bin[::-1].cumsum()[::-1] - by_bin
    exposure = passed * widths + inside
    prior_steps = np.diff(prior)
    imagined = weight * prior_steps / prior_steps.sum()
    rate = (events + imagined) / (exposure + imagined * widths / prior_steps)
    return np.concatenate([[0.0], np.cumsum(rate * widths)])
