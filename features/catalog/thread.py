"""The thread: what this approach has been like so far."""
# A feature runs compiled and unannotated: t is the thread's state, p the person's, m the moment.
# mypy: disable-error-code="no-untyped-def, no-untyped-call, no-any-return"

from __future__ import annotations

import numpy as np

from features.catalog.clock import FOREVER, days_since, decayed
from features.catalog.registry import feature
from features.state import DAY


@feature(unit="touches", under_touch="up", words="{count} touch(es) in this thread so far")
def thread_touches(t, p, m):
    """Touches made in this thread so far."""
    return float(t.touches)


@feature(unit="touches", under_touch="up", words="{count} touch(es) on this channel so far")
def thread_touches_on_channel(t, p, m):
    """Touches made in this thread on the candidate channel."""
    return float(t.by_channel[m.channel])


@feature(unit="touches", under_touch="up", words="{count} e-mail(s) in this thread so far")
def thread_emails(t, p, m):
    """E-mails sent in this thread."""
    return float(t.by_channel[0])


@feature(unit="touches", under_touch="up", words="{count} call(s) in this thread so far")
def thread_calls(t, p, m):
    """Phone calls made in this thread."""
    return float(t.by_channel[1])


@feature(unit="channels", under_touch="up", words="{count} channel(s) tried in this thread")
def thread_channels_tried(t, p, m):
    """Different channels used in this thread."""
    tried = 0.0
    for c in range(len(t.by_channel)):
        tried += t.by_channel[c] > 0
    return tried


@feature(
    unit="days",
    under_touch="down",
    missing="3650 before the first touch",
    words="{value:.1f} days since the last touch of this thread",
)
def thread_days_since_touch(t, p, m):
    """Days since the last touch of this thread."""
    return days_since(t.last_touch, m.time)


@feature(
    unit="days",
    under_touch="either",
    missing="3650 before the first touch",
    words="this approach began {value:.0f} days ago",
)
def thread_days_since_first_touch(t, p, m):
    """Days since the thread's first touch."""
    return days_since(t.first_touch, m.time)


@feature(
    unit="days",
    under_touch="down",
    missing="3650 before the first touch on the channel",
    words="{value:.1f} days since the last touch on this channel",
)
def thread_days_since_channel(t, p, m):
    """Days since this thread's last touch on the candidate channel."""
    return days_since(t.last_by_channel[m.channel], m.time)


@feature(
    unit="days",
    under_touch="down",
    missing="3650 before the first e-mail",
    words="{value:.1f} days since the last e-mail",
)
def thread_days_since_email(t, p, m):
    """Days since this thread's last e-mail."""
    return days_since(t.last_by_channel[0], m.time)


@feature(
    unit="0/1",
    under_touch="either",
    words="the last touch was {yes:on another channel}{no:on this channel}",
)
def thread_channel_switch(t, p, m):
    """1 if the last touch of this thread was made on another channel than the candidate."""
    return 1.0 if t.last_channel >= 0 and t.last_channel != m.channel else 0.0


@feature(
    unit="days",
    under_touch="either",
    missing="3650 before the second touch",
    words="the last two touches were {value:.1f} days apart",
)
def thread_last_gap(t, p, m):
    """Days between the last two touches of this thread."""
    return FOREVER if t.touches < 2 else min(t.last_gap, FOREVER)


@feature(
    unit="days",
    under_touch="either",
    missing="3650 before the second touch",
    words="touches came {value:.1f} days apart on average",
)
def thread_mean_gap(t, p, m):
    """Mean days between consecutive touches of this thread."""
    if t.touches < 2:
        return FOREVER
    return (t.last_touch - t.first_touch) / DAY / (t.touches - 1)


@feature(
    unit="days",
    under_touch="either",  # a touch learned of late may fall in a gap no longer known
    missing="3650 before the second touch",
    words="two touches came only {value:.1f} days apart",
)
def thread_shortest_gap(t, p, m):
    """Shortest time between two consecutive touches of this thread."""
    return FOREVER if t.touches < 2 else min(t.shortest_gap, FOREVER)


@feature(
    unit="days",
    under_touch="either",
    missing="0 before the second touch",
    words="the longest pause was {value:.1f} days",
)
def thread_longest_gap(t, p, m):
    """Longest time between two consecutive touches of this thread, as it was known then."""
    return t.longest_gap


@feature(
    unit="ratio",
    under_touch="either",
    missing="1 before the second touch",
    words="the pause is {value:.1f} times this thread's usual gap",
)
def thread_pause_to_gap(t, p, m):
    """Days since the last touch, relative to the mean gap so far (both plus an hour)."""
    if t.touches < 2:
        return 1.0
    mean = (t.last_touch - t.first_touch) / DAY / (t.touches - 1)
    return (days_since(t.last_touch, m.time) + 1 / 24) / (mean + 1 / 24)


@feature(
    unit="hours",
    under_touch="either",
    missing="12 before the first touch",
    words="{value:.1f} hours off the time of day of the last touch",
)
def thread_hours_off_last(t, p, m):
    """How far, round the clock, this moment is from the time of day of the last touch."""
    if t.touches == 0:
        return 12.0
    days = (m.time - t.last_touch) / DAY
    off = (days - np.floor(days)) * 24
    return min(off, 24 - off)


@feature(unit="touches", under_touch="up", words="a burst of {value:.1f} touches within the hour")
def thread_pressure_45m(t, p, m):
    """Touches of this thread, each counting half after every 45 minutes."""
    return decayed(t.pressure[0], m.thread_fade[0])


@feature(unit="touches", under_touch="up", words="{value:.1f} touches within hours")
def thread_pressure_3h(t, p, m):
    """Touches of this thread, each counting half after every 3 hours."""
    return decayed(t.pressure[1], m.thread_fade[1])


@feature(unit="touches", under_touch="up", words="{value:.1f} touches within the day")
def thread_pressure_12h(t, p, m):
    """Touches of this thread, each counting half after every 12 hours."""
    return decayed(t.pressure[2], m.thread_fade[2])


@feature(unit="touches", under_touch="up", words="{value:.1f} touches within days")
def thread_pressure_2d(t, p, m):
    """Touches of this thread, each counting half after every 2 days."""
    return decayed(t.pressure[3], m.thread_fade[3])


@feature(unit="touches", under_touch="up", words="{value:.1f} touches within a week or so")
def thread_pressure_8d(t, p, m):
    """Touches of this thread, each counting half after every 8 days."""
    return decayed(t.pressure[4], m.thread_fade[4])


@feature(unit="touches", under_touch="up", words="{value:.1f} touches within a month or so")
def thread_pressure_32d(t, p, m):
    """Touches of this thread, each counting half after every 32 days."""
    return decayed(t.pressure[5], m.thread_fade[5])


@feature(unit="opens", under_touch="same", words="{count} open(s) in this thread")
def thread_opens(t, p, m):
    """Opens recorded in this thread."""
    return float(t.opens)


@feature(unit="clicks", under_touch="same", words="{count} click(s) in this thread")
def thread_clicks(t, p, m):
    """Clicks recorded in this thread."""
    return float(t.clicks)


@feature(
    unit="days",
    under_touch="same",
    missing="3650 if never opened",
    words="opened or clicked {value:.1f} days ago",
)
def thread_days_since_open(t, p, m):
    """Days since the last open or click in this thread."""
    return days_since(t.last_open, m.time)


@feature(unit="replies", under_touch="same", words='{count} earlier "not now" in this thread')
def thread_not_now(t, p, m):
    """Neutral replies ("not now") in this thread."""
    return float(t.not_now)


@feature(
    unit="days",
    under_touch="same",
    missing="3650 without one",
    words='"not now" came {value:.0f} days ago',
)
def thread_days_since_not_now(t, p, m):
    """Days since the last neutral reply in this thread."""
    return days_since(t.last_not_now, m.time)


@feature(
    unit="days",
    under_touch="same",
    missing="3650 without one",
    words="an automatic answer came {value:.0f} days ago",
)
def thread_days_since_auto_reply(t, p, m):
    """Days since the last automatic answer in this thread."""
    return days_since(t.last_auto_reply, m.time)


@feature(unit="bounces", under_touch="same", words="{count} bounce(s) in this thread")
def thread_bounces(t, p, m):
    """Messages of this thread that bounced."""
    return float(t.bounces)


@feature(unit="changes", under_touch="up", words="the sender changed {count} time(s)")
def thread_handovers(t, p, m):
    """How often this thread passed from one actor to another, in the order it was learned of."""
    return float(t.handovers)


@feature(
    unit="0/1",
    under_touch="either",
    words="the sender is {yes:the same as last time}{no:another than last time}",
)
def thread_same_actor(t, p, m):
    """1 if the candidate's actor also made the last touch (or neither is known)."""
    return 1.0 if t.last_actor == m.actor else 0.0
