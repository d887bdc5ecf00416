"""The state of a thread, a person and a party, and the one routine that advances each by an event.

A *person* is a contact across all senders; a *party* is whoever reaches out: an actor, an account,
or the organisation as a whole. Times are int64 microseconds since 1970 (UTC), `NEVER` if it has
not happened. Decayed sums are kept as of the last update and brought forward when read: one
exponential for the longest half-life, each shorter one being the fourth power of the next.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from features.compiled import inline

NEVER = np.int64(np.iinfo(np.int64).min)
DAY = np.int64(86_400_000_000)

#: Half-lives of the decayed sums, shortest first; in days. Each is four times the one before.
HALF_LIVES = (1 / 32, 1 / 8, 1 / 2, 2.0, 8.0, 32.0)
HALF_LIFE_NAMES = ("45m", "3h", "12h", "2d", "8d", "32d")
N_DECAYS = len(HALF_LIVES)

# Codes of kinds and channels are their positions in features.events.schema.
TOUCH, OPEN, CLICK, REPLY, AUTO_REPLY, MEETING, PLACEMENT, OPT_OUT, COMPLAINT, BOUNCE = range(10)
N_CHANNELS = 5
PHONE = 1
POSITIVE, NEUTRAL, NEGATIVE = range(3)
# What an event means for its thread.
NOTHING, LAND, ANNOY, NOT_NOW = range(4)

#: Where each quarter of an hour stands on the round of a day.
QUARTER_COS = np.cos(2 * np.pi * (np.arange(96) + 0.5) / 96)
QUARTER_SIN = np.sin(2 * np.pi * (np.arange(96) + 0.5) / 96)

_decays = ("f8", (N_DECAYS,))

THREAD = np.dtype(
    [
        ("touches", "i8"),
        ("by_channel", "i8", (N_CHANNELS,)),
        ("last_by_channel", "i8", (N_CHANNELS,)),
        ("first_touch", "i8"),
        ("last_touch", "i8"),
        ("last_gap", "f8"),
        ("shortest_gap", "f8"),
        ("longest_gap", "f8"),
        ("last_channel", "i8"),
        ("last_actor", "i8"),
        ("handovers", "i8"),
        ("personalized", "i8"),
        ("decay_time", "i8"),
        ("pressure", *_decays),
        ("opens", "i8"),
        ("clicks", "i8"),
        ("last_open", "i8"),
        ("not_now", "i8"),
        ("last_not_now", "i8"),
        ("auto_replies", "i8"),
        ("last_auto_reply", "i8"),
        ("bounces", "i8"),
        ("ended", "i8"),
        ("campaign", "i8"),
    ]
)

PERSON = np.dtype(
    [
        ("touches", "i8"),
        ("last_touch", "i8"),
        ("last_actor", "i8"),
        ("actor_changes", "i8"),
        ("decay_time", "i8"),
        ("pressure", *_decays),
        ("threads", "i8"),
        ("lands", "i8"),
        ("annoys", "i8"),
        ("not_now", "i8"),
        ("last_not_now", "i8"),
        ("answers", "i8"),
        ("last_answer", "i8"),
        ("answered_touches", "i8"),
        ("answer_decay_time", "i8"),
        ("answer_pressure", *_decays),
        ("answer_log_lag", "f8"),
        ("calls", "i8"),
        ("opens", "i8"),
        ("clicks", "i8"),
        ("last_activity", "i8"),
        ("auto_replies", "i8"),
        ("bounces", "i8"),
        ("hour_cos", "f8"),
        ("hour_sin", "f8"),
        ("activities", "i8"),
        ("stopped", "i8"),
    ]
)

PARTY = np.dtype(
    [
        ("touches", "i8"),
        ("threads", "i8"),
        ("lands", "i8"),
        ("annoys", "i8"),
        ("last_touch", "i8"),
        ("last_land", "i8"),
        ("decay_time", "i8"),
        ("volume", *_decays),
        ("land_decay_time", "i8"),
        ("land_volume", *_decays),
    ]
)


@inline
def clear_thread(t: Any, campaign: int) -> None:
    """Make `t` the state of a thread in which nothing has happened."""
    t.touches = 0
    for c in range(N_CHANNELS):
        t.by_channel[c] = 0
        t.last_by_channel[c] = NEVER
    t.first_touch = NEVER
    t.last_touch = NEVER
    t.last_gap = np.inf
    t.shortest_gap = np.inf
    t.longest_gap = 0.0
    t.last_channel = -1
    t.last_actor = -1
    t.handovers = 0
    t.personalized = 0
    t.decay_time = NEVER
    for k in range(N_DECAYS):
        t.pressure[k] = 0.0
    t.opens = 0
    t.clicks = 0
    t.last_open = NEVER
    t.not_now = 0
    t.last_not_now = NEVER
    t.auto_replies = 0
    t.last_auto_reply = NEVER
    t.bounces = 0
    t.ended = NOTHING
    t.campaign = campaign


@inline
def clear_person(p: Any) -> None:
    """Make `p` the state of a person of whom nothing is known."""
    p.touches = 0
    p.last_touch = NEVER
    p.last_actor = -1
    p.actor_changes = 0
    p.decay_time = NEVER
    p.threads = 0
    p.lands = 0
    p.annoys = 0
    p.not_now = 0
    p.last_not_now = NEVER
    p.answers = 0
    p.last_answer = NEVER
    p.answered_touches = 0
    p.answer_decay_time = NEVER
    for k in range(N_DECAYS):
        p.pressure[k] = 0.0
        p.answer_pressure[k] = 0.0
    p.answer_log_lag = 0.0
    p.calls = 0
    p.opens = 0
    p.clicks = 0
    p.last_activity = NEVER
    p.auto_replies = 0
    p.bounces = 0
    p.hour_cos = 0.0
    p.hour_sin = 0.0
    p.activities = 0
    p.stopped = NOTHING


@inline
def clear_party(a: Any) -> None:
    """Make `a` the state of a party that has never reached out."""
    a.touches = 0
    a.threads = 0
    a.lands = 0
    a.annoys = 0
    a.last_touch = NEVER
    a.last_land = NEVER
    a.decay_time = NEVER
    a.land_decay_time = NEVER
    for k in range(N_DECAYS):
        a.volume[k] = 0.0
        a.land_volume[k] = 0.0


@inline
def fade(since: int, now: int) -> Any:
    """What is left at `now` of one unit as of `since`, at each half-life, shortest first."""
    if since == NEVER:
        return (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    f = np.exp2(-max(now - since, 0) / (HALF_LIVES[N_DECAYS - 1] * DAY))
    e = f * f * f * f
    d = e * e * e * e
    c = d * d * d * d
    b = c * c * c * c
    return (b * b * b * b, b, c, d, e, f)


@inline
def meaning(kind: int, sentiment: int) -> int:
    """LAND, ANNOY, NOT_NOW or NOTHING: what an event of this kind says about its thread."""
    if kind == REPLY:
        if sentiment == NEGATIVE:
            return ANNOY
        return NOT_NOW if sentiment == NEUTRAL else LAND
    if kind in (MEETING, PLACEMENT):
        return LAND
    return ANNOY if kind in (OPT_OUT, COMPLAINT) else NOTHING


@inline
def add_decayed(sums: Any, since: int, time: int) -> int:
    """Add one unit of `time` to sums kept as of `since`; the moment they are then kept as of.

    A unit that is learned of late is added at what is left of it.
    """
    if since != NEVER and time < since:
        left = fade(time, since)
        for k in range(N_DECAYS):
            sums[k] += left[k]
        return since
    add_faded(sums, fade(since, time), time)
    return time


@inline
def add_faded(sums: Any, left: Any, time: int) -> int:
    """Add one unit of `time` to sums of which this much is `left` by then; `time`."""
    for k in range(N_DECAYS):
        sums[k] = sums[k] * left[k] + 1.0
    return time


@inline
def note_gap(t: Any, time: int) -> None:
    """Remember the gap that a touch at `time` opens.

    One learned of late splits the last gap if it falls there; older gaps are no longer known.
    """
    if t.touches == 0:
        return
    gap = abs(time - t.last_touch) / DAY
    if time < t.last_touch:
        if gap >= t.last_gap:
            return
        t.shortest_gap = min(t.shortest_gap, t.last_gap - gap)
    t.last_gap = gap
    t.shortest_gap = min(t.shortest_gap, gap)
    t.longest_gap = max(t.longest_gap, gap)


@inline
def note_actor(t: Any, p: Any, actor: int) -> None:
    """Remember who made the touch learned of last, and that it changed hands."""
    if actor < 0:
        return
    t.handovers += t.last_actor >= 0 and t.last_actor != actor
    p.actor_changes += p.last_actor >= 0 and p.last_actor != actor
    t.last_actor = actor
    p.last_actor = actor


@inline
def advance_by_touch(
    t: Any, p: Any, time: int, channel: int, actor: int, personalized: float
) -> None:
    """Advance a thread and its person by one outbound attempt at `time`."""
    t.decay_time = add_decayed(t.pressure, t.decay_time, time)
    p.decay_time = add_decayed(p.pressure, p.decay_time, time)
    note_touch(t, p, time, channel, actor, personalized)


@inline
def note_touch(t: Any, p: Any, time: int, channel: int, actor: int, personalized: float) -> None:
    """Remember everything of a touch but the pressure it makes."""
    note_gap(t, time)
    t.first_touch = time if t.touches == 0 else min(t.first_touch, time)
    p.threads += t.touches == 0
    t.touches += 1
    t.by_channel[channel] += 1
    t.last_by_channel[channel] = max(t.last_by_channel[channel], time)
    if time >= t.last_touch:
        t.last_channel = channel
    note_actor(t, p, actor)
    t.last_touch = max(t.last_touch, time)
    t.personalized += personalized > 0
    p.touches += 1
    p.calls += channel == PHONE
    p.last_touch = max(p.last_touch, time)


@inline
def quarter_of(local_day: float) -> int:
    """The quarter of an hour, 0 to 95, that a moment on the local clock (in days) falls into."""
    return min(int((local_day - np.floor(local_day)) * 96), 95)


@inline
def note_activity(p: Any, time: int, local: int) -> None:
    """Remember that the person did something, and at what hour of their own day."""
    k = quarter_of(local / DAY)
    p.hour_cos += QUARTER_COS[k]
    p.hour_sin += QUARTER_SIN[k]
    p.activities += 1
    p.last_activity = max(p.last_activity, time)


@inline
def note_answer(t: Any, p: Any, time: int) -> None:
    """Remember an answer (any reply a person wrote, or a meeting) and how long it took."""
    p.answers += 1
    p.answered_touches = p.touches
    p.last_answer = max(p.last_answer, time)
    if t.last_touch != NEVER:
        p.answer_log_lag += np.log1p(max(time - t.last_touch, 0) / DAY)
    p.answer_decay_time = add_decayed(p.answer_pressure, p.answer_decay_time, time)


@inline
def advance_by_response(t: Any, p: Any, time: int, local: int, kind: int, sentiment: int) -> None:
    """Advance a thread and its person by anything that is not a touch."""
    if kind == AUTO_REPLY:
        t.auto_replies += 1
        t.last_auto_reply = max(t.last_auto_reply, time)
        p.auto_replies += 1
        return
    if kind == BOUNCE:
        t.bounces += 1
        p.bounces += 1
        return
    note_activity(p, time, local)
    if kind == OPEN:
        t.opens += 1
        t.last_open = max(t.last_open, time)
        p.opens += 1
        return
    if kind == CLICK:
        t.clicks += 1
        t.last_open = max(t.last_open, time)
        p.clicks += 1
        return
    if kind in (REPLY, MEETING, PLACEMENT):
        note_answer(t, p, time)
    what = meaning(kind, sentiment)
    if what == NOT_NOW:
        t.not_now += 1
        t.last_not_now = max(t.last_not_now, time)
        p.not_now += 1
        p.last_not_now = max(p.last_not_now, time)
    elif t.ended == NOTHING:
        t.ended = what
        p.lands += what == LAND
        p.annoys += what == ANNOY
    if kind in (OPT_OUT, COMPLAINT):
        p.stopped = ANNOY


@inline
def advance_party_by_touch(a: Any, time: int, opens_thread: bool) -> None:
    """Advance a party by one attempt it made; `opens_thread` if it is a thread's first."""
    note_party_touch(a, fade(a.decay_time, time), time, opens_thread)


@inline
def note_party_touch(a: Any, left: Any, time: int, opens_thread: bool) -> None:
    """The same, knowing how much is `left` of the party's volume by `time`, its latest moment."""
    a.decay_time = add_faded(a.volume, left, time)
    a.last_touch = max(a.last_touch, time)
    a.touches += 1
    a.threads += opens_thread


@inline
def advance_party_by_outcome(a: Any, time: int, outcome: int) -> None:
    """Advance a party by what one of its threads came to."""
    if outcome == LAND:
        a.land_decay_time = add_decayed(a.land_volume, a.land_decay_time, time)
        a.last_land = max(a.last_land, time)
        a.lands += 1
    elif outcome == ANNOY:
        a.annoys += 1
