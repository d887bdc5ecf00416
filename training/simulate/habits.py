"""Players that need no model, compiled: a rule over what a CRM sees, and the clear-sighted.

Both look at every open thread once a day, at the person's own hour, and differ only in what they
see: the rule the columns of the CRM and its own touches, the clear-sighted the true chances.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from training.simulate.compiled import inline, jit
from training.simulate.draws import uniform
from training.simulate.dynamics import chances
from training.simulate.reactions import advance, touch
from training.simulate.records import DAY, LINKEDIN, NEVER, NONE, STILL_OPEN

#: What a rule is made of, per thread: the touches it may make, the days between them (the first
#: gap, and by what factor each next one grows), the channels in order, and the days it rests
#: after a "not now". A cap of 0 leaves the thread alone.
RULE = np.dtype(
    [
        ("cap", "i4"),
        ("gap", "f8"),
        ("growth", "f8"),
        ("rest", "f8"),
        ("channels", "i4", (4,)),
    ]
)
_CHANNELS = LINKEDIN + 1


@inline
def _next_channel(rule: Any, th: Any, bounced: int) -> int:
    """The next channel in order whose address is not known to be wrong, or NONE."""
    for k in range(_CHANNELS):
        channel = rule.channels[(th.touches + k) % _CHANNELS]
        if not (bounced >> channel) & 1:
            return int(channel)
    return NONE


@inline
def _due(rule: Any, th: Any, p: Any, channel: int, t: int) -> int:
    """When, as far as is known at `t`, the rule may touch; NEVER when it is done."""
    if channel < 0 or th.touches >= rule.cap or min(th.ended_known, p.opted_out_known) <= t:
        return NEVER
    due = max(th.opens_at, th.next_touch)
    if th.neutral_known <= t:
        due = max(due, th.neutral_known + int(rule.rest * DAY))
    return int(due)


@inline
def _touched(scene: Any, out: Any, n: int, p: Any, th: Any, channel: int, t: int) -> int:
    personal = 1 if uniform(p) < th.personal_share else 0
    return int(touch(scene, out, n, p, th, channel, t, personal))


@jit
def play_rules(
    scene: Any, people: Any, threads: Any, first: Any, looks: Any, rules: Any, days: int, out: Any
) -> None:
    """Every thread under its own rule for `days` daily looks, from `looks[person]` on.

    `people` and `threads` are advanced in place; `out` is room for what happens to one person
    between two touches. Looks at which nothing can be due are passed over.
    """
    for i in range(len(people)):
        p, own = people[i], threads[first[i] : first[i + 1]]
        for k in range(len(own)):
            own[k].next_touch = 0
        day = 0
        while day < days:
            t = looks[i] + day * DAY
            n = advance(scene, out, 0, p, own, t)
            bounced, soonest = p.bounced, NEVER
            for k in range(len(own)):
                th, rule = own[k], rules[first[i] + k]
                channel = _next_channel(rule, th, bounced)
                due = _due(rule, th, p, channel, t)
                if due <= t:
                    n = _touched(scene, out, n, p, th, channel, t)
                    wait = rule.gap * rule.growth ** (th.touches - 1)
                    due = t + int((min(wait, 120.0) - 0.5) * DAY)
                    th.next_touch = due
                soonest = min(soonest, due)
            day = max(day + 1, -((looks[i] - soonest) // DAY))
        advance(scene, out, 0, p, own, looks[i] + days * DAY)


@inline
def _best_worth(scene: Any, p: Any, th: Any, t: int, utility: Any) -> Any:
    """The channel with the highest true worth of a touch at `t`, and that worth."""
    w = scene.constants[0]
    best, most = NONE, -math.inf
    for channel in range(_CHANNELS):
        if (p.bounced >> channel) & 1:
            continue
        within = 0.0 if (p.dead_channels >> channel) & 1 else 1.0 - w.late_share[channel]
        share = th.personal_share
        plain = chances(scene, p, th, channel, t, 0)
        by_hand = chances(scene, p, th, channel, t, 1)
        land = within * (plain[0] + share * (by_hand[0] - plain[0]))
        annoy = plain[2] + share * (by_hand[2] - plain[2])
        worth = utility[0] * land - utility[1] * annoy - utility[2]
        if worth > most:
            best, most = channel, worth
    return best, most


@jit
def play_clear_sighted(
    scene: Any, people: Any, threads: Any, first: Any, looks: Any, threshold: float,
    utility: Any, days: int, out: Any,
) -> None:  # fmt: skip
    """Touch whenever the true worth of a touch now exceeds `threshold`; knows who has ended."""
    for i in range(len(people)):
        p, own = people[i], threads[first[i] : first[i + 1]]
        for day in range(days):
            t = looks[i] + day * DAY
            n = advance(scene, out, 0, p, own, t)
            for k in range(len(own)):
                th = own[k]
                if th.opens_at > t or th.ended != STILL_OPEN or p.opted_out:
                    continue
                channel, worth = _best_worth(scene, p, th, t, utility)
                if worth > threshold:
                    n = _touched(scene, out, n, p, th, channel, t)
        advance(scene, out, 0, p, own, looks[i] + days * DAY)
