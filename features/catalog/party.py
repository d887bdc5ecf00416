"""Who reaches out: how the touches of an actor, a client account or the organisation fare."""
# mypy: disable-error-code="no-untyped-def, no-untyped-call, no-any-return"

from __future__ import annotations

from features.catalog.clock import days_since, decayed, share
from features.catalog.registry import party_feature


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
    missing="the prior 0.2 before the first thread",
    words="{value:.0%} of the threads of {who} land",
)
def land_rate(a, m):
    """Share of threads that landed, shrunk by 5 imagined threads at 0.2."""
    return share(a.lands, max(a.threads, a.lands), 0.2, 5.0)


@party_feature(
    unit="share",
    missing="the prior 0.1 before the first touch",
    words="{value:.0%} of the touches of {who} land",
)
def touch_land_rate(a, m):
    """Landed threads per touch, shrunk by 10 imagined touches at 0.1."""
    return share(a.lands, a.touches, 0.1, 10.0)


@party_feature(
    unit="share",
    missing="the prior 0.02 before the first thread",
    words="{value:.1%} of the threads of {who} annoy",
)
def annoy_rate(a, m):
    """Share of threads that annoyed, shrunk by 50 imagined threads at 0.02."""
    return share(a.annoys, max(a.threads, a.annoys), 0.02, 50.0)


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
