"""Who reaches out: how the touches of an actor, a client account or the organisation fare.

All that somebody has ever done is counted beside what the organisation has (`m.all_*`): a rate of
its own would drift with everybody's, and tell the date where one sender or client is all there is.
"""
# mypy: disable-error-code="no-untyped-def, no-untyped-call, no-any-return"

from __future__ import annotations

from features.catalog.clock import days_since, decayed, excess, share, tide
from features.catalog.registry import party_feature
from features.compiled import inline


@party_feature(unit="touches", words="{who} has made {count} touch(es)")
def touches(a, m):
    """Touches made so far."""
    return float(a.touches)


@party_feature(unit="threads", words="{who} has begun {count} thread(s)")
def threads(a, m):
    """Threads begun so far."""
    return float(a.threads)


@party_feature(
    unit="share",
    missing="0 before the first thread",
    words="threads of {who} land {value:+.0%} against the usual",
)
def land_excess(a, m):
    """Share of threads that landed less the organisation's, shrunk by 5 imagined usual ones."""
    all_threads = max(m.all_threads, m.all_lands)
    return excess(a.lands, max(a.threads, a.lands), m.all_lands, all_threads, 5.0)


@party_feature(
    unit="share",
    missing="0 before the first touch",
    words="touches of {who} land {value:+.0%} against the usual",
)
def touch_land_excess(a, m):
    """Landed threads per touch less the organisation's, shrunk by 10 imagined usual touches."""
    return excess(a.lands, a.touches, m.all_lands, m.all_touches, 10.0)


@party_feature(
    unit="share",
    missing="0 before the first thread",
    words="threads of {who} annoy {value:+.1%} against the usual",
)
def annoy_excess(a, m):
    """Share of threads that annoyed less the organisation's, shrunk by 50 imagined usual ones."""
    all_threads = max(m.all_threads, m.all_annoys)
    return excess(a.annoys, max(a.threads, a.annoys), m.all_annoys, all_threads, 50.0)


@party_feature(
    unit="days",
    missing="3650 before the first touch",
    words="{who} last reached out {value:.1f} days ago",
)
def days_since_touch(a, m):
    """Days since the last touch made to anybody."""
    return days_since(a.last_touch, m.time)


@party_feature(
    unit="days",
    missing="3650 before the first landing",
    words="a thread of {who} last landed {value:.1f} days ago",
)
def days_since_land(a, m):
    """Days since a thread last landed."""
    return days_since(a.last_land, m.time)


@party_feature(unit="touches", words="{who} made {value:.0f} touches within the hour")
def volume_45m(a, m):
    """Touches made to anybody, each counting half after every 45 minutes."""
    return decayed(a.volume[0], m.fade[0])


@party_feature(unit="touches", words="{who} made {value:.0f} touches within hours")
def volume_3h(a, m):
    """Touches made to anybody, each counting half after every 3 hours."""
    return decayed(a.volume[1], m.fade[1])


@party_feature(unit="touches", words="{who} made {value:.0f} touches within the day")
def volume_12h(a, m):
    """Touches made to anybody, each counting half after every 12 hours."""
    return decayed(a.volume[2], m.fade[2])


@party_feature(unit="touches", words="{who} made {value:.0f} touches within days")
def volume_2d(a, m):
    """Touches made to anybody, each counting half after every 2 days."""
    return decayed(a.volume[3], m.fade[3])


@party_feature(unit="touches", words="{who} made {value:.0f} touches within a week or so")
def volume_8d(a, m):
    """Touches made to anybody, each counting half after every 8 days."""
    return decayed(a.volume[4], m.fade[4])


@party_feature(unit="touches", words="{who} made {value:.0f} touches within a month or so")
def volume_32d(a, m):
    """Touches made to anybody, each counting half after every 32 days."""
    return decayed(a.volume[5], m.fade[5])


@party_feature(unit="threads", words="{value:.1f} threads of {who} landed within hours")
def lands_3h(a, m):
    """Landed threads, each counting half after every 3 hours."""
    return decayed(a.land_volume[1], m.land_fade[1])


@party_feature(unit="threads", words="{value:.1f} threads of {who} landed within the day")
def lands_12h(a, m):
    """Landed threads, each counting half after every 12 hours."""
    return decayed(a.land_volume[2], m.land_fade[2])


@party_feature(unit="threads", words="{value:.1f} threads of {who} landed within days")
def lands_2d(a, m):
    """Landed threads, each counting half after every 2 days."""
    return decayed(a.land_volume[3], m.land_fade[3])


@party_feature(unit="threads", words="{value:.1f} threads of {who} landed within a week or so")
def lands_8d(a, m):
    """Landed threads, each counting half after every 8 days."""
    return decayed(a.land_volume[4], m.land_fade[4])


@party_feature(unit="threads", words="{value:.1f} threads of {who} landed within a month or so")
def lands_32d(a, m):
    """Landed threads, each counting half after every 32 days."""
    return decayed(a.land_volume[5], m.land_fade[5])


@party_feature(
    unit="share",
    missing="the prior 0.1 while there is nothing recent",
    words="today {value:.0%} of the touches of {who} land",
)
def land_rate_12h(a, m):
    """Landed threads per touch, both fading over 12 hours, shrunk by 3 imagined touches at 0.1."""
    lands = decayed(a.land_volume[2], m.land_fade[2])
    return share(lands, decayed(a.volume[2], m.fade[2]), 0.1, 3.0)


@party_feature(
    unit="share",
    missing="the prior 0.1 while there is nothing recent",
    words="these days {value:.0%} of the touches of {who} land",
)
def land_rate_2d(a, m):
    """Landed threads per touch, both fading over 2 days, shrunk by 3 imagined touches at 0.1."""
    lands = decayed(a.land_volume[3], m.land_fade[3])
    return share(lands, decayed(a.volume[3], m.fade[3]), 0.1, 3.0)


@party_feature(
    unit="share",
    missing="the prior 0.1 while there is nothing recent",
    words="lately {value:.0%} of the touches of {who} land",
)
def land_rate_8d(a, m):
    """Landed threads per touch, both fading over 8 days, shrunk by 3 imagined touches at 0.1."""
    lands = decayed(a.land_volume[4], m.land_fade[4])
    return share(lands, decayed(a.volume[4], m.fade[4]), 0.1, 3.0)


@party_feature(
    unit="share",
    missing="the prior 0.1 while there is nothing recent",
    words="of late {value:.0%} of the touches of {who} land",
)
def land_rate_32d(a, m):
    """Landed threads per touch, both fading over 32 days, shrunk by 3 imagined touches at 0.1."""
    lands = decayed(a.land_volume[5], m.land_fade[5])
    return share(lands, decayed(a.volume[5], m.fade[5]), 0.1, 3.0)


@inline
def _tide(a, m, k):
    lands, touches = decayed(a.land_volume[k], m.land_fade[k]), decayed(a.volume[k], m.fade[k])
    return tide(lands, touches, m.all_lands, m.all_touches, 20.0)


@party_feature(
    unit="logarithm of a ratio",
    missing="0 before the first landing",
    words="today threads of {who} land {value:+.2f} against the usual",
)
def land_12h(a, m):
    """Landed threads per touch, both fading over 12 hours, beside those of all time.

    Shrunk by 20 imagined usual touches.
    """
    return _tide(a, m, 2)


@party_feature(
    unit="logarithm of a ratio",
    missing="0 before the first landing",
    words="these days threads of {who} land {value:+.2f} against the usual",
)
def land_2d(a, m):
    """Landed threads per touch, both fading over 2 days, beside those of all time.

    Shrunk by 20 imagined usual touches.
    """
    return _tide(a, m, 3)


@party_feature(
    unit="logarithm of a ratio",
    missing="0 before the first landing",
    words="lately threads of {who} land {value:+.2f} against the usual",
)
def land_8d(a, m):
    """Landed threads per touch, both fading over 8 days, beside those of all time.

    Shrunk by 20 imagined usual touches.
    """
    return _tide(a, m, 4)


@party_feature(
    unit="logarithm of a ratio",
    missing="0 before the first landing",
    words="of late threads of {who} land {value:+.2f} against the usual",
)
def land_32d(a, m):
    """Landed threads per touch, both fading over 32 days, beside those of all time.

    Shrunk by 20 imagined usual touches.
    """
    return _tide(a, m, 5)
