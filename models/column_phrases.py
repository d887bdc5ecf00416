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
    rate = re.fullmatch(r"(touch_)?(land|annoy)_rate_?(\w*)", what)
    if rate:
        made = "touches" if rate[1] or rate[3] else "threads"
        when = f" {_PERIODS[rate[3]]}" if rate[3] else ""
        share = f"{percent(value)} of {who}'s {made} {rate[2]}{when}"
        return f"{share}, usually {percent(usual)}"
    more = "more" if (value > usual) != what.startswith("days_since") else "less"
    if "land" in what:
        return f"threads of {who} have landed {more} often of late than usual"
    if what in ("touches", "threads"):
        return (
            f"{who} has made {number(round(value))} {what} so far, usually {number(round(usual))}"
        )
    return f"{who} has reached out {more} of late than usual"


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
