"""What one column says beside the usual: of a contact's own columns, of parties, of any other."""

from __future__ import annotations

import math
import re

from features.catalog.clock import FOREVER
from features.catalog.columns import COLUMNS, PARTIES, Column
from models.spoken import WEEKDAYS, number, percent, quantity
from models.story import Story

_LONGEST_LABEL = 40
_CHOICE = re.compile(r"\{(yes|no):([^}]*)\}")
_PLURAL = re.compile(r"(\w+)\((\w+)\)")
_BY_NAME: dict[str, Column] = {c.name: c for c in COLUMNS}
_PARTY = re.compile(rf"({'|'.join(p.name for p in PARTIES)})_(\w+)")
_WHO = {p.name: p.who for p in PARTIES}
_PERIODS = {"12h": "today", "2d": "these days", "8d": "lately", "32d": "of late"}


def attribute(s: Story, column: str) -> str:
    """A contact's own column: "Source: referral, usually sourced"."""
    name = column.removeprefix("contact.").split("=")[0]
    label = name.replace("_", " ")[:_LONGEST_LABEL]
    if "=" not in column:
        return f"{label} {quantity(s.value[column])}, usually {quantity(s.usual[column])}"
    level = str(s.attributes.get(name))[:_LONGEST_LABEL]
    prefix = f"contact.{name}="
    usual = [c.removeprefix(prefix) for c, v in s.usual.items() if c.startswith(prefix) and v == 1]
    return f"{label}: {level}" + (f", usually {usual[0][:_LONGEST_LABEL]}" if usual else "")


def party(s: Story, column: str) -> str:
    """How a sender, a client or the organisation fares: "31 % of this sender's threads land"."""
    match = _PARTY.fullmatch(column)
    assert match is not None
    who, what = _WHO[match[1]], match[2]
    value, usual = s.value[column], s.usual[column]
    if match[1] == "contact":
        how = "more" if value > usual else "less"
        return f"this person writes to others {how} than most do"
    if match[1] == "tide":
        how = "more" if value > usual else "less"
        return f"threads of {who} land {how} often {_PERIODS[what[5:]]} than usual"
    rate = re.fullmatch(r"land_rate_(\w+)", what)
    if rate:
        share = f"{percent(value)} of {who}'s touches land {_PERIODS[rate[1]]}"
        return f"{share}, usually {percent(usual)}"
    excess = re.fullmatch(r"(touch_)?(land|annoy)_excess", what)
    if excess:
        return _beyond(value - usual, "touches" if excess[1] else "threads", who, excess[2])
    more = "more" if (value > usual) != what.startswith("days_since") else "less"
    if "land" in what:
        return f"threads of {who} have landed {more} often of late than usual"
    if what in ("touches", "threads"):
        return (
            f"{who} has made {number(round(value))} {what} so far, usually {number(round(usual))}"
        )
    return f"{who} has reached out {more} of late than usual"


def _beyond(share: float, made: str, who: str, come_to: str) -> str:
    """How much more often than usual, as a number of people would be told.

    >>> _beyond(0.06, "threads", "this sender", "land")
    'of 100 threads of this sender 6 more land than usual'
    >>> _beyond(-0.004, "threads", "this client", "annoy")
    'of 1,000 threads of this client 4 fewer annoy than usual'
    """
    more, hundredth = "more" if share > 0 else "fewer", abs(share) >= 0.00995
    n = round(abs(share) * (100 if hundredth else 1000))
    if not n:
        return f"{made} of {who} {come_to} as often as usual"
    return f"of {'100' if hundredth else '1,000'} {made} of {who} {n} {more} {come_to} than usual"


def plain(s: Story, column: str) -> str:
    """Any other column, by the words of its feature."""
    return words(column, s.value[column])


def words(name: str, value: float) -> str:
    """What a column's value says by its feature's own words.

    >>> words("thread_touches", 1.0), words("thread_touches", 3.0)
    ('1 touch in this thread so far', '3 touches in this thread so far')
    """
    column = _BY_NAME[name]
    if math.isnan(value):
        return f"{name.replace('_', ' ')} is not known"
    if column.feature.unit == "days" and value >= FOREVER:
        return f"{name.replace('_', ' ')}: never so far"
    text = _CHOICE.sub(
        lambda m: m.group(2) if (m.group(1) == "yes") == (value > 0) else "",
        column.feature.words,
    )
    if "{count}" in text:
        text = _PLURAL.sub(lambda m: m.group(1) + ("" if round(value) == 1 else m.group(2)), text)
    return text.format(
        value=value, count=f"{value:.0f}", who=column.who, weekday=WEEKDAYS[int(value) % 7]
    )
