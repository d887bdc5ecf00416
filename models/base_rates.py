"""What is assumed where a history says nothing; docs/base-rates.md gives the sources.

Recruiter e-mail, given silence so far, by touch number 1 to 7.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

#: Share of touches that get a reply.
REPLY = (0.11, 0.047, 0.027, 0.018, 0.013, 0.009, 0.006)
#: Share of replies that are interested.
INTERESTED = (0.32, 0.27, 0.22, 0.18, 0.15, 0.13, 0.11)
#: Share of touches that bring an opt-out or "stop".
OPT_OUT = (0.005, 0.007, 0.011, 0.016, 0.022, 0.030, 0.040)
#: Share of touches that bring a complaint.
COMPLAINT = (0.0004, 0.0006, 0.0008, 0.0012, 0.0017, 0.0025, 0.0036)

LAND_FIRST_TOUCH = REPLY[0] * INTERESTED[0]
ANNOY_FIRST_TOUCH = OPT_OUT[0] + COMPLAINT[0]


@dataclass(frozen=True, slots=True)
class Term:
    """What is assumed of a backbone's coefficient before any data.

    `centre`, `precision`: a normal prior and its 1/variance; `pressure`: 1 where more of it may
    move an outcome one way only, annoyance up and landing down; -1 where only the other way, 0
    where either.
    """

    centre: float = 0.0
    precision: float = 40.0
    pressure: int = 1


#: A channel may be better or worse than e-mail by a factor of two or so; the data decide.
_CHANNEL = Term(precision=4.0, pressure=0)
#: Calls may wear off faster or slower than letters.
_OF_CALLS = Term(precision=10.0, pressure=0)
_CHANNELS = {f"channel_{name}": _CHANNEL for name in ("phone", "sms", "linkedin")}
#: Nobody may mind the first touches and then everybody: opt-outs by touch number do not say so.
_AT_LAST = Term(precision=8.0)
#: In its best season more lands than in its worst by half again or so, if any.
_SEASON = Term(precision=15.0, pressure=0)

#: Terms of the backbones by basis name (models.backbone); the centres reproduce the table above at
#: touches three days apart.
LAND_TERMS = {
    "log1p thread_touches": Term(-1.3),
    "log1p thread_pressure_2d": Term(),
    "log1p person_pressure_8d": Term(),
    "log1p thread_touches_on_channel": Term(pressure=0),
    **_CHANNELS,
    "channel_phone * log1p thread_touches": _OF_CALLS,
    "channel_phone * log1p person_pressure_8d": _OF_CALLS,
    "year_cos": _SEASON,
    "year_sin": _SEASON,
}
ANNOY_TERMS = {
    "thread_touches": Term(0.22),
    "square thread_touches": _AT_LAST,
    "thread_pressure_8d": Term(0.1),
    "person_pressure_8d": Term(0.05),
    "person_pressure_32d": Term(),
    "log1p thread_pressure_2d": Term(0.2),
    "log1p person_pressure_2d": Term(0.15),
    "log1p person_pressure_32d": Term(),
    "log1p person_silence": Term(),
    "log1p thread_touches_on_channel": Term(),
    "log1p thread_calls": Term(),
    **_CHANNELS,
}

#: What a standard deviation of anything given of a message or a person adds to a score: as likely
#: as not less than an eighth. What is learned of all of them decides in the end (training.ridge).
GIVEN = Term(precision=30.0, pressure=0)
#: Some of it only ever makes a touch more welcome, or only less.
WELCOME = replace(GIVEN, pressure=-1)
UNWELCOME = replace(GIVEN, pressure=1)

#: How an outcome's rate changes from the first touch of a history to the last, for reasons that no
#: column knows: as likely as not by less than two fifths.
TREND = Term(precision=4.0, pressure=0)
