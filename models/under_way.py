"""Touches under way: what those that were made, and those of a course, still bring.

Each goes on bringing what it does, by the baseline of its channel, at its rate; once a further
touch was made, the share that the outcome carries over (models.outcome).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from features.compiled import inline

#: A touch that may still bring something: when it was made or will be, in days from now, its rates,
#: and how far the baseline's hazards have gone since then.
GOING = np.dtype(
    [
        ("channel", "i8"),
        ("made", "f8"),
        ("land", "f8"),
        ("annoy", "f8"),
        ("seen_land", "f8"),
        ("seen_annoy", "f8"),
    ]
)


@inline
def cumulative(edges: Any, hazard: Any, days: float) -> Any:
    """The baseline's cumulative hazard after `days`, piecewise linear, flat after the last."""
    if days >= edges[-1]:
        return hazard[-1]
    k = 0
    while edges[k + 1] <= days:
        k += 1
    part = (days - edges[k]) / (edges[k + 1] - edges[k])
    return hazard[k] + part * (hazard[k + 1] - hazard[k])


@inline
def split(land: float, annoy: float) -> Any:
    """Chances that land, and annoy, come first, and that neither does, from their hazards."""
    total = land + annoy
    if total <= 0:
        return 0.0, 0.0, 1.0
    ended = -np.expm1(-total)
    return ended * land / total, ended * annoy / total, 1.0 - ended


@inline
def take_up(made: Any, hazards: Any, going: Any) -> None:
    """Put the touches that were `made` (dtype `MADE`) under way, in `going` (dtype `GOING`).

    `hazards`: edges of the lags in days, cumulative baselines of landing and of annoyance by
    channel, and the shares of either that are carried over.
    """
    edges, h_land, h_annoy, _, _ = hazards
    for j in range(len(made)):
        g, m = going[j], made[j]
        g.channel, g.made, g.land, g.annoy = m.channel, -m.lag, m.land, m.annoy
        g.seen_land = cumulative(edges, h_land[m.channel], m.lag)
        g.seen_annoy = cumulative(edges, h_annoy[m.channel], m.lag)


@inline
def add(going: Any, n: int, channel: int, made: float, land: float, annoy: float) -> int:
    """Put a touch made so many days from now under way; how many there are then."""
    g = going[n]
    g.channel, g.made, g.land, g.annoy = channel, made, land, annoy
    g.seen_land, g.seen_annoy = 0.0, 0.0
    return n + 1


@inline
def coming(
    going: Any, n: int, hazards: Any, now: float, days: float, open_for: float, go_on: bool
) -> Any:  # fmt: skip
    """Hazards of landing and of annoyance over `days` from `now` by the `n` touches under way.

    Landings come while the role is `open_for` days; time moves on where told to `go_on`.
    """
    edges, h_land, h_annoy, carry_land, carry_annoy = hazards
    land, annoy = 0.0, 0.0
    for j in range(n):
        g = going[j]
        age, latest = now - g.made, j == n - 1
        seen_land = cumulative(edges, h_land[g.channel], age + days)
        seen_annoy = cumulative(edges, h_annoy[g.channel], age + days)
        while_open = seen_land
        if open_for < days:
            while_open = cumulative(edges, h_land[g.channel], age + max(open_for, 0.0))
        land += g.land * (1.0 if latest else carry_land) * (while_open - g.seen_land)
        annoy += g.annoy * (1.0 if latest else carry_annoy) * (seen_annoy - g.seen_annoy)
        if go_on:
            g.seen_land, g.seen_annoy = seen_land, seen_annoy
    return land, annoy
