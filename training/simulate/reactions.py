"""What touches set in motion, and how it arrives: the transition every player shares."""

from __future__ import annotations

import math
from typing import Any

from training.simulate.compiled import inline
from training.simulate.draws import lag, normal, uniform
from training.simulate.dynamics import chances, drift, local_time
from training.simulate.records import (
    AUTO_REPLY,
    BOUNCE,
    CLICK,
    CLOSED,
    COMPLAINED,
    COMPLAINT,
    DAY,
    EMAIL,
    HOUR,
    LANDED,
    LINKEDIN,
    MEETING,
    MINUTE,
    NEGATIVE,
    NEGATIVE_REPLY,
    NEUTRAL,
    NEVER,
    NONE,
    OPEN,
    OPT_OUT,
    OPTED_OUT,
    PHONE,
    PLACEMENT,
    POSITIVE,
    REPLY,
    STILL_OPEN,
    TOUCH,
)

_STOPS_BY_HAND = 0.15
_SYNCED_NIGHTLY = 0.2


@inline
def _recorded(w: Any, p: Any, kind: int, channel: int, t: int) -> int:
    """When the CRM learns of an event: calls are logged late, stops partly handled by hand."""
    if channel == PHONE and uniform(p) < w.phone_logged_late:
        return int(t + (2.0 + 166.0 * uniform(p) ** 2) * HOUR)
    if kind in (OPT_OUT, COMPLAINT) and uniform(p) < _STOPS_BY_HAND:
        return int(t + 48.0 * uniform(p) * HOUR)
    if channel == LINKEDIN and kind == REPLY and uniform(p) < _SYNCED_NIGHTLY:
        return int(t + 24.0 * uniform(p) * HOUR)
    return t


@inline
def _write(w: Any, out: Any, n: int, p: Any, th: Any, kind: int, channel: int, t: int) -> int:
    """Append an event at row `n`; returns when it is recorded."""
    e = out[n]
    e.occurred = t
    e.recorded = _recorded(w, p, kind, channel, t)
    e.contact, e.actor, e.account, e.campaign = th.contact, th.actor, th.account, th.campaign
    e.number, e.kind, e.channel = p.events, kind, channel
    e.sentiment = e.personalized = NONE
    e.relevance = math.nan
    p.events += 1
    return int(e.recorded)


@inline
def _side_effects(w: Any, out: Any, n: int, p: Any, th: Any, channel: int, t: int) -> int:
    """Automatic answers, opens and clicks; returns the next free row."""
    if channel == EMAIL and uniform(p) < w.auto_reply:
        _write(w, out, n, p, th, AUTO_REPLY, channel, t + MINUTE)
        n += 1
    if channel in (EMAIL, LINKEDIN) and uniform(p) < w.open_rate[p.interest]:
        opened = t + max(MINUTE, int(min(4.0 * math.exp(1.2 * normal(p)), 72.0) * HOUR))
        _write(w, out, n, p, th, OPEN, channel, opened)
        n += 1
        if uniform(p) < w.click_rate[p.interest]:
            _write(w, out, n, p, th, CLICK, channel, opened + MINUTE)
            n += 1
    return n


@inline
def _arrival(scene: Any, p: Any, t: int, after: int) -> int:
    """`t + after`, moved into the person's usual hours when the answer is not a quick one."""
    if after < 6 * HOUR:
        return int(t + after)
    local = local_time(scene.zones, p.zone, t + after)
    hour = p.usual_hour + 1.5 * normal(p)
    moved = t + after + int(hour * HOUR) - local % DAY
    return int(max(moved, t + 6 * HOUR))


@inline
def _kind_of_annoyance(w: Any, p: Any) -> int:
    drawn = uniform(p)
    if drawn < w.complaint_share:
        return COMPLAINED
    return NEGATIVE_REPLY if drawn < w.complaint_share + w.negative_share else OPTED_OUT


@inline
def _set_in_motion(scene: Any, p: Any, th: Any, channel: int, t: int, personal: int) -> None:
    """Draw what the touch brings; of several ends on their way the earliest will count."""
    w = scene.constants[0]
    land, neutral, annoy = chances(scene, p, th, channel, t, personal)
    drawn = uniform(p)
    landed, annoyed = drawn < land, land <= drawn < land + annoy
    if th.end_at == NEVER:
        th.luck_land += (1.0 if landed else 0.0) - land
        th.luck_annoy += (1.0 if annoyed else 0.0) - annoy
    if landed or annoyed:
        end_as = LANDED if landed else _kind_of_annoyance(w, p)
        after = lag(p, w, channel, w.late_share[channel] if landed else 0.0)
        at = _arrival(scene, p, t, after)
        if at < th.end_at:
            th.end_at, th.end_as, th.end_channel = at, end_as, channel
    elif drawn < land + annoy + neutral:
        at = _arrival(scene, p, t, lag(p, w, channel, w.late_share[channel]))
        if at < th.neutral_at:
            th.neutral_at, th.neutral_channel = at, channel


@inline
def touch(
    scene: Any, out: Any, n: int, p: Any, th: Any, channel: int, t: int, personal: int
) -> int:
    """A touch at `t` on a person advanced to `t`; returns the next free row of `out`."""
    w = scene.constants[0]
    _write(w, out, n, p, th, TOUCH, channel, t)
    out[n].personalized = personal
    out[n].relevance = th.relevance
    n += 1
    if (p.dead_channels >> channel) & 1:
        _write(w, out, n, p, th, BOUNCE, channel, t + MINUTE)
        p.bounced |= 1 << channel
        n += 1
    else:
        if th.ended == STILL_OPEN:
            n = _side_effects(w, out, n, p, th, channel, t)
            _set_in_motion(scene, p, th, channel, t, personal)
        p.pressure += w.weight[channel]
    th.touches += 1
    return n


@inline
def _land(w: Any, out: Any, n: int, p: Any, th: Any, t: int) -> int:
    th.ended_known = _write(w, out, n, p, th, REPLY, th.end_channel, t)
    out[n].sentiment = NONE if uniform(p) < w.unknown_sentiment else POSITIVE
    n += 1
    if uniform(p) < w.meeting:
        met = t + int((1.0 + 9.0 * uniform(p)) * DAY)
        _write(w, out, n, p, th, MEETING, NONE, met)
        n += 1
        if uniform(p) < w.placement:
            _write(w, out, n, p, th, PLACEMENT, NONE, met + int((30.0 + 60.0 * uniform(p)) * DAY))
            n += 1
    return n


@inline
def _push_back(w: Any, out: Any, n: int, p: Any, th: Any, t: int) -> int:
    stops = th.end_as != NEGATIVE_REPLY
    if not stops:
        th.ended_known = _write(w, out, n, p, th, REPLY, th.end_channel, t)
        out[n].sentiment = NEGATIVE
        n += 1
        p.sore += 0.7
        stops = uniform(p) < w.negative_opt_out
    if stops:
        kind = COMPLAINT if th.end_as == COMPLAINED else OPT_OUT
        known = _write(w, out, n, p, th, kind, th.end_channel, t)
        n += 1
        p.opted_out = 1
        p.opted_out_known = known
        th.ended_known = min(th.ended_known, known)
    return n


@inline
def _not_now(w: Any, out: Any, n: int, p: Any, th: Any, t: int) -> int:
    th.neutral_known = _write(w, out, n, p, th, REPLY, th.neutral_channel, t)
    out[n].sentiment = NEUTRAL
    th.neutral_at = NEVER
    if uniform(p) < w.not_now_wakes:
        wakes = t + int((w.wake_days[0] + (w.wake_days[1] - w.wake_days[0]) * uniform(p)) * DAY)
        p.wake_at = min(p.wake_at, wakes)
    return n + 1


@inline
def _arrive(scene: Any, out: Any, n: int, p: Any, threads: Any, k: int, t: int) -> int:
    """What is on its way in thread `k` of the person's threads arrives at `t`."""
    w = scene.constants[0]
    th = threads[k]
    if th.neutral_at <= th.end_at:
        return int(_not_now(w, out, n, p, th, t))
    th.ended = th.end_as
    if th.ended == LANDED:
        return int(_land(w, out, n, p, th, t))
    n = _push_back(w, out, n, p, th, t)
    if p.opted_out:
        for i in range(len(threads)):
            if threads[i].ended == STILL_OPEN:
                threads[i].ended = CLOSED
    return n


@inline
def advance(scene: Any, out: Any, n: int, p: Any, threads: Any, t: int) -> int:
    """Bring a person and all their threads to `t`; returns the next free row of `out`."""
    while True:
        first, at = -1, t
        for i in range(len(threads)):
            due = min(threads[i].end_at, threads[i].neutral_at)
            if threads[i].ended == STILL_OPEN and due <= at:
                first, at = i, due
        if first < 0:
            break
        drift(scene.constants[0], p, at)
        n = _arrive(scene, out, n, p, threads, first, at)
    drift(scene.constants[0], p, t)
    return n
