"""What the compiled core works on: people, threads and events as rows of fixed layout.

Times are microseconds since 1970 UTC; NEVER stands for a time that does not come.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.events.schema import KINDS, SENTIMENTS
from features.localtime import OffsetTable

MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
NEVER = 1 << 62

EMAIL, PHONE, SMS, LINKEDIN = range(4)
(TOUCH, OPEN, CLICK, REPLY, AUTO_REPLY, MEETING, PLACEMENT, OPT_OUT, COMPLAINT, BOUNCE) = range(
    len(KINDS)
)
POSITIVE, NEUTRAL, NEGATIVE = range(len(SENTIMENTS))
NONE = -1

COLD, PASSIVE, ACTIVE = range(3)

#: How a thread ended, in truth.
STILL_OPEN, LANDED, NEGATIVE_REPLY, OPTED_OUT, COMPLAINED, CLOSED = range(6)

PERSON = np.dtype(
    [
        ("clock", "i8"),  # the state below is as of this moment
        ("zone", "i4"),  # position in `population.ZONES`
        ("usual_hour", "f8"),  # middle of the hours in which the person answers, local
        ("prefers", "i4"),  # channel
        ("dead_channels", "i4"),  # bit per channel whose address or number is wrong
        ("bounced", "i4"),  # bit per channel of which that has shown
        ("responsive", "f8"),  # frailty of answering, log hazard
        ("touchy", "f8"),  # frailty of annoyance, log hazard
        ("interest", "i4"),  # COLD, PASSIVE or ACTIVE
        ("next_jump", "i8"),  # when interest moves of itself
        ("wake_at", "i8"),  # when a "not now" turns into interest
        ("unseen", "f8"),  # decayed count of other recruiters' touches
        ("unseen_rate", "f8"),  # such touches a day
        ("next_unseen", "i8"),
        ("pressure", "f8"),  # decayed, weighted count of our own touches, all threads
        ("sore", "f8"),  # what negative replies left behind, log hazard of annoyance
        ("opted_out", "i4"),
        ("opted_out_known", "i8"),  # when an opt-out or complaint is recorded
        ("events", "i4"),  # how many were written about the person
        ("stream", "u8"),  # random numbers of answers
        ("drift_stream", "u8"),  # random numbers of what happens whatever we do
    ]
)

THREAD = np.dtype(
    [
        ("contact", "i4"),
        ("actor", "i4"),
        ("account", "i4"),
        ("campaign", "i4"),
        ("opens_at", "i8"),
        ("land_shift", "f8"),  # fit, recruiter, client and role together, log hazard of landing
        ("annoy_shift", "f8"),
        ("relevance", "f8"),  # what the CRM shows of the fit, 0..1
        ("personal_share", "f8"),  # how often this recruiter writes by hand
        ("touches", "i4"),
        ("ended", "i4"),  # STILL_OPEN or how it ended
        ("ended_known", "i8"),  # when the end is recorded
        ("end_at", "i8"),  # the earliest end on its way
        ("end_as", "i4"),
        ("end_channel", "i4"),
        ("neutral_at", "i8"),  # the earliest "not now" on its way
        ("neutral_channel", "i4"),
        ("neutral_known", "i8"),  # when the last "not now" was recorded
        ("gap", "f8"),  # the recruiter's plan: days between touches
        ("cap", "i4"),
        ("style", "i4"),
        ("hour", "f8"),  # local hour of touching
        ("listens", "i4"),  # whether the recruiter waits after "not now"
        ("next_touch", "i8"),
        ("luck_land", "f8"),  # ends drawn less their chances, summed over touches that could end it
        ("luck_annoy", "f8"),
    ]
)

EVENT = np.dtype(
    [
        ("occurred", "i8"),
        ("recorded", "i8"),
        ("contact", "i4"),
        ("number", "i4"),  # of the event within the contact
        ("kind", "i1"),
        ("channel", "i1"),
        ("sentiment", "i1"),
        ("personalized", "i1"),
        ("actor", "i4"),
        ("account", "i4"),
        ("campaign", "i4"),
        ("relevance", "f8"),
    ]
)

#: A touch writes at most: itself, a bounce or an automatic answer, an open, a click.
EVENTS_PER_TOUCH = 4
#: The answers of one thread write at most: one "not now" a touch, and a reply with an opt-out or
#: a reply, a meeting and a placement.
EVENTS_PER_END = 3


class Scene(NamedTuple):
    """What the compiled core is told besides states: one row of constants, and the time zones."""

    constants: NDArray[np.void]
    zones: OffsetTable
