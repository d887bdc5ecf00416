"""How the agency's recruiters work: the mixture of cadences that wrote the history."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.simulate.compiled import inline, jit
from training.simulate.draws import uniform
from training.simulate.dynamics import local_time
from training.simulate.reactions import advance, touch
from training.simulate.records import (
    DAY,
    EMAIL,
    EVENTS_PER_END,
    EVENTS_PER_TOUCH,
    HOUR,
    LINKEDIN,
    NEVER,
    NONE,
    PHONE,
    SMS,
)
from training.simulate.world import World

HABIT, BRIEF, MIXED, SLOW, PHONE_FIRST, DAILY = range(6)

#: The channels of successive touches, by style; a longer cadence begins again.
SEQUENCES = np.array(
    [
        [EMAIL] * 5,
        [EMAIL, LINKEDIN, EMAIL, LINKEDIN, EMAIL],
        [EMAIL, LINKEDIN, PHONE, EMAIL, SMS],
        [EMAIL, EMAIL, LINKEDIN, EMAIL, PHONE],
        [PHONE, EMAIL, PHONE, PHONE, SMS],
        [EMAIL, LINKEDIN, EMAIL, PHONE, EMAIL],
    ]
)
#: Days between touches and number of touches: least and most, by style.
GAPS = np.array([[3, 3], [3, 7], [2, 6], [7, 14], [2, 6], [1, 2]], dtype=np.float64)
CAPS = np.array([[5, 5], [1, 2], [3, 7], [2, 6], [2, 6], [3, 8]], dtype=np.float64)
WIDEST_GAP, MOST_TOUCHES = 14.0, 10
_OWN_STYLE = 0.7


def plan(
    threads: NDArray[np.void], promise: NDArray[np.float64], world: World, rng: np.random.Generator
) -> None:
    """Give each thread its recruiter's cadence, harder on those who look promising.

    `promise` is the recruiter's impression, about standard normal; shape (threads,).
    """
    n, actors = len(threads), int(threads["actor"].max(initial=0)) + 1
    shares = np.array(world.styles) / sum(world.styles)
    own = rng.choice(len(shares), size=actors, p=shares)
    drawn = rng.choice(len(shares), size=n, p=shares)
    style = np.where(rng.random(n) < _OWN_STYLE, own[threads["actor"]], drawn)
    push = np.exp(world.selectivity * promise)
    gap = GAPS[style, 0] + (GAPS[style, 1] - GAPS[style, 0]) * rng.random(n)
    cap = CAPS[style, 0] + (CAPS[style, 1] - CAPS[style, 0]) * rng.random(n)
    threads["style"] = style
    threads["gap"] = np.clip(gap / np.sqrt(push), 1.0, WIDEST_GAP)
    threads["cap"] = np.clip(np.rint(cap * push), 1, MOST_TOUCHES)
    threads["listens"] = (rng.random(actors) < 0.5)[threads["actor"]]
    threads["hour"] = rng.uniform(8.5, 16.5, actors)[threads["actor"]]


def follow(threads: NDArray[np.void], gap_days: float, cap: int) -> None:
    """Give every thread the same plain cadence of one style, which nothing but an end stops."""
    threads["style"] = threads["listens"] = 0
    threads["gap"], threads["cap"], threads["hour"] = gap_days, cap, 10.0


@inline
def _at_work(scene: Any, p: Any, th: Any, t: int) -> int:
    """The recruiter's hour on the day of `t`, moved off the weekend, in the contact's zone."""
    local = local_time(scene.zones, p.zone, t)
    weekday = (local // DAY + 3) % 7
    days = 7 - weekday if weekday >= 5 else 0
    hour = th.hour + 1.5 * uniform(p)
    return int(t - local % DAY + days * DAY + int(hour * HOUR))


@inline
def _channel(p: Any, th: Any, sequences: Any) -> int:
    """The next channel of the cadence that has not bounced, or NONE."""
    sequence = sequences[th.style]
    for k in range(len(sequence)):
        channel = sequence[(th.touches + k) % len(sequence)]
        # A dead channel shows itself at the first touch on it.
        if th.touches == 0 or not (p.dead_channels >> channel) & 1:
            return int(channel)
    return NONE


@inline
def _work(scene: Any, out: Any, n: int, p: Any, th: Any, sequences: Any, t: int) -> int:
    """The recruiter of a thread comes to its next touch: makes it, waits, or stops."""
    th.next_touch = NEVER
    if min(th.ended_known, p.opted_out_known) <= t or th.touches >= th.cap:
        return n
    pause = th.neutral_known + int((30.0 + 45.0 * uniform(p)) * DAY)
    if th.listens and t - th.neutral_known < 28 * DAY and th.neutral_known <= t:
        th.next_touch = _at_work(scene, p, th, pause)
        return n
    channel = _channel(p, th, sequences)
    if channel < 0:
        return n
    personal = 1 if uniform(p) < th.personal_share else 0
    n = touch(scene, out, n, p, th, channel, t, personal)
    gap = th.gap * (0.85 + 0.3 * uniform(p)) if th.gap > 1.0 else 1.0
    th.next_touch = max(_at_work(scene, p, th, t + int(gap * DAY)), t + 12 * HOUR)
    return n


@inline
def _live(scene: Any, out: Any, n: int, p: Any, threads: Any, sequences: Any, until: int) -> int:
    """One person's whole history, all threads in order of time."""
    for i in range(len(threads)):
        threads[i].next_touch = _at_work(scene, p, threads[i], threads[i].opens_at + DAY)
    while True:
        k = 0
        for i in range(1, len(threads)):
            if threads[i].next_touch < threads[k].next_touch:
                k = i
        t = threads[k].next_touch
        if t > until:
            return int(advance(scene, out, n, p, threads, until))
        n = advance(scene, out, n, p, threads, t)
        n = _work(scene, out, n, p, threads[k], sequences, t)


@jit
def write_history(
    scene: Any,
    people: Any,
    threads: Any,
    first: Any,
    begin: int,
    until: int,
    out: Any,
    sequences: Any,
) -> Any:
    """Live people from `begin` on while `out` has room: `(people done, rows written)`.

    Thread rows `first[i]:first[i + 1]` belong to person `i`.
    """
    n = 0
    for i in range(begin, len(people)):
        own = threads[first[i] : first[i + 1]]
        most = 0
        for k in range(len(own)):
            most += own[k].cap * (EVENTS_PER_TOUCH + 1) + EVENTS_PER_END
        if n + most > len(out):
            return i, n
        n = _live(scene, out, n, people[i], own, sequences, until)
    return len(people), n
