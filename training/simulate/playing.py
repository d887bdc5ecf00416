"""The compiled side of playing: act on threads, ask their truth, let time pass."""

from __future__ import annotations

from typing import Any

from training.simulate.compiled import jit
from training.simulate.draws import uniform
from training.simulate.dynamics import chances
from training.simulate.reactions import advance, touch
from training.simulate.records import STILL_OPEN


@jit
def act_on(scene: Any, out: Any, population: Any, rows: Any, channels: Any, times: Any) -> int:
    """Touch thread `rows[i]` on `channels[i]` at `times[i]`, ascending; returns rows written.

    `population` is `(people, threads, first)`.
    """
    people, threads, first = population
    n = 0
    for i in range(len(rows)):
        th = threads[rows[i]]
        p = people[th.contact]
        own = threads[first[th.contact] : first[th.contact + 1]]
        n = advance(scene, out, n, p, own, times[i])
        personal = 1 if uniform(p) < th.personal_share else 0
        n = touch(scene, out, n, p, th, channels[i], times[i], personal)
    return n


@jit
def truth_of(
    scene: Any, out: Any, population: Any, rows: Any, channels: Any, times: Any, answer: Any
) -> int:
    """Fill `answer[i]` with `(p_land, p_annoy)` within 30 days; returns event rows written."""
    people, threads, first = population
    w = scene.constants[0]
    n = 0
    for i in range(len(rows)):
        th = threads[rows[i]]
        p = people[th.contact]
        n = advance(scene, out, n, p, threads[first[th.contact] : first[th.contact + 1]], times[i])
        answer[i, 0] = answer[i, 1] = 0.0
        dead = (p.dead_channels >> channels[i]) & 1
        if th.ended == STILL_OPEN and not dead and th.opens_at <= times[i]:
            plain = chances(scene, p, th, channels[i], times[i], 0)
            by_hand = chances(scene, p, th, channels[i], times[i], 1)
            share, within = th.personal_share, 1.0 - w.late_share[channels[i]]
            answer[i, 0] = within * (plain[0] + share * (by_hand[0] - plain[0]))
            answer[i, 1] = plain[2] + share * (by_hand[2] - plain[2])
    return n


@jit
def let_pass(scene: Any, out: Any, population: Any, until: int) -> int:
    """Bring everybody who is not there yet to `until`; returns event rows written."""
    people, threads, first = population
    n = 0
    for i in range(len(people)):
        if people[i].clock < until:
            n = advance(scene, out, n, people[i], threads[first[i] : first[i + 1]], until)
    return n
