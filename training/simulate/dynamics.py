"""The hidden side of a person: how it moves with time, and what a touch would bring now."""

from __future__ import annotations

import math
from typing import Any

from training.simulate.compiled import inline
from training.simulate.draws import drift_uniform, drift_wait
from training.simulate.records import ACTIVE, COLD, DAY, HOUR, NEVER, PASSIVE

_YEAR_DAYS = 365.2425
_NOT_NOW_DAYS = 21


@inline
def local_time(zones: Any, zone: int, t: int) -> int:
    """Wall-clock microseconds since 1970 at `t` in a zone of an `OffsetTable`."""
    low, high = zones.first[zone], zones.first[zone + 1]
    while high - low > 1:
        middle = (low + high) // 2
        if zones.at_us[middle] <= t:
            low = middle
        else:
            high = middle
    return int(t + zones.offset_us[low])


@inline
def _jump(w: Any, p: Any, at: int) -> None:
    """Interest moves one step along cold, passive, active; a wake goes straight to active."""
    if p.wake_at <= at:
        p.wake_at = NEVER
        p.interest = ACTIVE
    elif p.interest == PASSIVE:
        p.interest = ACTIVE if drift_uniform(p) < w.passive_to_active else COLD
    else:
        p.interest = PASSIVE
    p.next_jump = at + drift_wait(p, w.sojourn_days[p.interest])


@inline
def _fade(w: Any, p: Any, t: int) -> None:
    kept = math.exp2(-float(t - p.clock) / DAY / w.half_life)
    p.pressure *= kept
    p.unseen *= kept
    p.clock = t


@inline
def drift(w: Any, p: Any, t: int) -> None:
    """Advance a person to `t`, whatever the organisation does."""
    if t <= p.clock:
        return
    # In order of time, so that the stream is used alike however finely time is cut.
    while min(p.next_jump, p.wake_at, p.next_unseen) <= t:
        move = min(p.next_jump, p.wake_at)
        if move <= p.next_unseen:
            _jump(w, p, move)
        else:
            _fade(w, p, p.next_unseen)
            p.unseen += 1.0
            p.next_unseen += drift_wait(p, 1.0 / p.unseen_rate)
    _fade(w, p, t)


@inline
def lull(local: int) -> float:
    """How deep in a lull a local time lies, 0..1: mid-August (two weeks) or late December."""
    day = (float(local) / DAY) % _YEAR_DAYS
    winter = min(abs(day - 360.0), abs(day - 360.0 + _YEAR_DAYS))
    return math.exp(-(((day - 225.0) / 14.0) ** 2)) + math.exp(-((winter / 7.0) ** 2))


@inline
def _answering(w: Any, p: Any, channel: int, local: int) -> float:
    """What landing and "not now" share: spread between people, channel and hour."""
    angle = 2.0 * math.pi * (float(local % DAY) / HOUR - p.usual_hour) / 24.0
    liked = w.preference if channel == p.prefers else 0.0
    spread = w.responsive_weight[channel] * p.responsive
    return float(spread + liked + w.hour_effect * math.cos(angle))


@inline
def _ignored_not_now(th: Any, p: Any, t: int) -> bool:
    return bool(t - th.neutral_known < _NOT_NOW_DAYS * DAY and p.wake_at > t)


@inline
def annoy_hazard(w: Any, p: Any, th: Any, channel: int, personal: int, quiet: float) -> float:
    """Log hazard of annoyance: rises with every touch and all pressure, seen and unseen.

    `quiet` is how deep in a lull the moment lies.
    """
    counted = max(0.0, th.touches - w.patience)
    return float(
        w.annoy[channel]
        + p.touchy
        + p.sore
        + th.annoy_shift
        + w.interest_annoy[p.interest]
        + w.sting * p.pressure
        + w.sting_count * counted
        + w.unseen_sting * p.unseen
        + w.personal_annoy * personal
        + w.lull_annoy * quiet
    )


@inline
def hazards(scene: Any, p: Any, th: Any, channel: int, t: int, personal: int) -> Any:
    """`(land, neutral, annoy)`: what a touch at `t` can bring, for a person advanced to `t`."""
    w = scene.constants[0]
    local = local_time(scene.zones, p.zone, t)
    quiet = lull(local)
    shared = _answering(w, p, channel, local)
    worn = w.wear_weight[channel]
    land = w.land[channel] + w.interest_weight[channel] * w.interest_land[p.interest]
    land += shared + th.land_shift + w.personal_land * personal
    land -= worn * w.wear_land * p.pressure + w.unseen_wear * p.unseen + w.lull * quiet
    land += w.season * math.cos(2.0 * math.pi * (float(local) / DAY - 20.0) / _YEAR_DAYS)
    # 1970-01-01 was a Thursday.
    land -= w.weekend if (local // DAY + 3) % 7 >= 5 else 0.0
    neutral = w.neutral[channel] + w.interest_weight[channel] * w.interest_neutral[p.interest]
    neutral += shared - worn * w.wear_neutral * p.pressure
    annoy = annoy_hazard(w, p, th, channel, personal, quiet)
    if _ignored_not_now(th, p, t):
        annoy += w.not_listening
    return math.exp(min(land, 3.0)), math.exp(min(neutral, 3.0)), math.exp(min(annoy, 3.0))


@inline
def chances(scene: Any, p: Any, th: Any, channel: int, t: int, personal: int) -> Any:
    """`(land, neutral, annoy)` as probabilities that compete, at any lag."""
    land, neutral, annoy = hazards(scene, p, th, channel, t, personal)
    total = land + neutral + annoy
    share = -math.expm1(-total) / total
    return land * share, neutral * share, annoy * share
