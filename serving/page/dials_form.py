"""The dials as fields of a form: read, checked against the rulebook, and put into words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from models.dials import CAPS, HOURS, Dials
from models.rulebook import RulebookFile
from models.week import MINUTES_A_DAY, parse_ranges

#: What each dial is called, on the form and in the history.
LABELS: Mapping[str, str] = {
    "land": "A good reply is worth",
    "annoy": "An annoyed person costs",
    "touch": "A touch costs",
    "gap_hours": "Hours between two touches",
    "rest_days": "Days of rest after “not now”",
    "week_cap": "Most touches in 7 days",
    "month_cap": "Most touches in 30 days",
    "email_hours": "E-mails",
    "ringing_hours": "Calls and texts",
    "linkedin_hours": "LinkedIn",
}
_WORTHS = ("land", "annoy", "touch")
_MOST, _STEP = 1e6, 30
_LONGEST: Mapping[str, float] = {"gap_hours": 24 * 120, "rest_days": 120}


@dataclass(frozen=True, slots=True)
class Limits:
    """How loose a tenant's rulebook is: dials only tighten it. `hours` are minutes of the day."""

    gap_hours: float
    rest_days: float
    week_cap: int
    month_cap: int
    hours: Mapping[str, tuple[int, int]]

    @classmethod
    def of(cls, book: RulebookFile) -> Limits:
        """Those of a rulebook."""
        caps = {cap.days: cap.touches for cap in book.caps}
        week, month = (caps.get(days, days) for days in CAPS.values())
        return cls(
            book.minimum_gap.hours, book.come_back.days, week, month,
            {name: _open(book, channels[0]) for name, channels in HOURS.items()},
        )  # fmt: skip

    def times(self, name: str) -> list[str]:
        """The times of day that a dial for hours may be set to, every half hour."""
        first, last = self.hours[name]
        inside = range(-(-first // _STEP) * _STEP, last + 1, _STEP)
        return [clock(m) for m in sorted({first, *inside, last})]


def _open(book: RulebookFile, channel: str) -> tuple[int, int]:
    """From when to when a channel may be used at most, wherever the person is."""
    everywhere = [h for h in book.hours if h.countries is None and channel in h.channels]
    ranges = [[edge for day in h.days.values() for pair in day for edge in pair]
              for h in everywhere]  # fmt: skip
    return max([0, *map(min, ranges)]), min([MINUTES_A_DAY, *map(max, ranges)])


def clock(minute: int) -> str:
    """A minute of the day as a form sends it.

    >>> clock(570)
    '09:30'
    """
    return f"{minute // 60:02}:{minute % 60:02}"


def values(dials: Dials, limits: Limits) -> dict[str, str]:
    """What the fields of the form say for these dials."""
    found = {name: _number(getattr(dials, name)) for name in _WORTHS}
    for name in ("gap_hours", "rest_days", "week_cap", "month_cap"):
        own, loosest = getattr(dials, name), getattr(limits, name)
        narrower = max if name in _LONGEST else min
        found[name] = _number(loosest if own is None else narrower(own, loosest))
    for name, (first, last) in limits.hours.items():
        own = getattr(dials, name)
        ((start, end),) = ((first, last),) if own is None else parse_ranges(own)
        found[f"{name}_from"], found[f"{name}_to"] = (
            clock(max(start, first)), clock(min(end, last)),
        )  # fmt: skip
    return found


def read(form: Mapping[str, str], limits: Limits) -> tuple[Dials, dict[str, str]]:
    """The dials that a form says, and what is wrong with it by dial; what is missing stays."""
    errors: dict[str, str] = {}
    found: dict[str, Any] = {}
    for name in _WORTHS:
        number = _read_number(form.get(name), name, (0, _MOST), errors)
        found |= {} if number is None else {name: number}
    if found.get("land") == 0:
        errors["land"] = "must be more than 0, or no touch would ever pay"
    for name, longest in _LONGEST.items():
        base = getattr(limits, name)
        number = _read_number(form.get(name), name, (base, longest), errors)
        found[name] = None if number == base else number
    for name in CAPS:
        base = getattr(limits, name)
        number = _read_number(form.get(name), name, (1, base), errors)
        if number is not None and number != int(number):
            errors[name] = "must be a whole number"
        found[name] = None if number is None or number == base else int(number)
    for name in HOURS:
        found[name] = _read_hours(form, name, limits, errors)
    return replace(Dials(), **found), errors


def _read_number(
    text: str | None, name: str, bounds: tuple[float, float], errors: dict[str, str]
) -> float | None:
    if text is None or not text.strip():
        return None
    low, high = bounds
    try:
        number = float(text.replace(",", "."))
        if math.isfinite(number) and low <= number <= high:
            return number
    except ValueError:
        pass
    why = "" if name in _WORTHS else "; dials only tighten the rulebook"
    errors[name] = f"must be a number from {_number(low)} to {_number(high)}{why}"
    return None


def _read_hours(
    form: Mapping[str, str], name: str, limits: Limits, errors: dict[str, str]
) -> str | None:
    first, last = limits.hours[name]
    start, end = form.get(f"{name}_from") or clock(first), form.get(f"{name}_to") or clock(last)
    if start not in limits.times(name) or end not in limits.times(name):
        errors[name] = f"must be between {clock(first)} and {clock(last)}; dials only tighten"
    elif start >= end:
        errors[name] = "must end after they begin"
    elif (start, end) != (clock(first), clock(last)):
        return f"{start}-{end}"
    return None


def differences(before: Dials, after: Dials, limits: Limits) -> list[tuple[str, str, str]]:
    """What was changed: label, before, after, as the form says them."""
    was, becomes = (_said(dials, limits) for dials in (before, after))
    return [(LABELS[n], was[n], becomes[n]) for n in LABELS if was[n] != becomes[n]]


def _said(dials: Dials, limits: Limits) -> dict[str, str]:
    """Each dial in words; hours as 09:00 to 17:00."""
    own = values(dials, limits)
    return {
        name: f"{own[f'{name}_from']} to {own[f'{name}_to']}" if name in HOURS else own[name]
        for name in asdict(dials)
    }


def _number(value: float) -> str:
    """A number in the fewest digits.

    >>> _number(2.0), _number(0.01), _number(1e6)
    ('2', '0.01', '1000000')
    """
    return str(int(value)) if float(value).is_integer() else repr(float(value))
