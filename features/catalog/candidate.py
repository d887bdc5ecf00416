"""The candidate touch: when, on which channel, and how well it fits."""
# mypy: disable-error-code="no-untyped-def, no-untyped-call, no-any-return"

from __future__ import annotations

import numpy as np

from features.catalog.registry import feature

_YEAR = 365.2425  # days, counted from 1 January 1970
_THURSDAY = 3  # 1 January 1970 was a Thursday; Monday is 0


@feature(unit="0/1", under_touch="same", words="the channel is {yes:e-mail}{no:not e-mail}")
def channel_email(t, p, m):
    """1 if the candidate channel is e-mail."""
    return 1.0 if m.channel == 0 else 0.0


@feature(unit="0/1", under_touch="same", words="the channel is {yes:the phone}{no:not the phone}")
def channel_phone(t, p, m):
    """1 if the candidate channel is the phone."""
    return 1.0 if m.channel == 1 else 0.0


@feature(unit="0/1", under_touch="same", words="the channel is {yes:SMS}{no:not SMS}")
def channel_sms(t, p, m):
    """1 if the candidate channel is SMS."""
    return 1.0 if m.channel == 2 else 0.0


@feature(unit="0/1", under_touch="same", words="the channel is {yes:LinkedIn}{no:not LinkedIn}")
def channel_linkedin(t, p, m):
    """1 if the candidate channel is LinkedIn."""
    return 1.0 if m.channel == 3 else 0.0


@feature(
    unit="0..1",
    under_touch="same",
    missing="NaN if not given",
    words="the approach fits at {value:.0%}",
)
def relevance(t, p, m):
    """How well the approach fits this person."""
    return m.relevance


@feature(
    unit="0/1",
    under_touch="same",
    missing="NaN if not given",
    words="the message is {yes:personal}{no:not personal}",
)
def personalized(t, p, m):
    """1 if the message is written for this person."""
    return m.personalized


@feature(unit="0/1", under_touch="same", words="the sender is {yes:named}{no:not named}")
def actor_named(t, p, m):
    """1 if the candidate's actor is known."""
    return 1.0 if m.actor >= 0 else 0.0


@feature(unit="hours", under_touch="same", words="it is {value:.0f} o'clock for them")
def local_hour(t, p, m):
    """Hour of the contact's own day, with its fraction."""
    return (m.local_day - np.floor(m.local_day)) * 24


@feature(unit="days", under_touch="same", words="it is {weekday} for them")
def local_weekday(t, p, m):
    """Day of the contact's own week, Monday 0, with its fraction."""
    day = m.local_day + _THURSDAY
    return day - 7 * np.floor(day / 7)


@feature(unit="-1..1", under_touch="same", words="the time of year stands at {value:.2f}")
def year_cos(t, p, m):
    """Time of year as a cosine: 1 at New Year, 0 in early April and October, -1 in early July."""
    return np.cos(2 * np.pi * m.local_day / _YEAR)


@feature(unit="-1..1", under_touch="same", words="the time of year stands at {value:.2f}")
def year_sin(t, p, m):
    """Time of year as a sine: 1 in early April, 0 at New Year and in early July, -1 in October."""
    return np.sin(2 * np.pi * m.local_day / _YEAR)


@feature(unit="0/1", under_touch="same", words="their time zone is {yes:known}{no:not known}")
def zone_known(t, p, m):
    """1 if the contact's time zone or country is known."""
    return m.zone_known
