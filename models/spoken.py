"""Numbers, spans of time and moments as people say them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_CARDINALS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_ORDINALS = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth",
             "ninth", "tenth")  # fmt: skip
_TIMES = ("never", "once", "twice")
_LONGEST_IN_DAYS, _LONGEST_IN_WEEKS, _LONGEST_IN_MONTHS = 13.5, 80.0, 700.0
_MONTH, _YEAR = 30.44, 365.25


def number(n: int) -> str:
    """A count: in words up to ten.

    >>> number(3), number(12)
    ('three', '12')
    """
    return _CARDINALS[n] if 0 <= n < len(_CARDINALS) else f"{n:,}"


def ordinal(n: int) -> str:
    """A position, from 1: in words up to the tenth.

    >>> ordinal(3), ordinal(12), ordinal(21), ordinal(113)
    ('third', '12th', '21st', '113th')
    """
    if 0 < n < len(_ORDINALS):
        return _ORDINALS[n]
    ending = "th" if n % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending}"


def times(n: int) -> str:
    """How often.

    >>> times(1), times(2), times(3)
    ('once', 'twice', 'three times')
    """
    return _TIMES[n] if 0 <= n < len(_TIMES) else f"{number(n)} times"


def span(days: float) -> str:
    """A length of time, rounded to the unit that suits it.

    >>> span(1 / 100), span(0.2), span(1), span(6.2), span(21), span(150), span(1200)
    ('less than an hour', 'five hours', 'a day', 'six days', 'three weeks', 'five months', 'three years')
    """  # noqa: E501
    if days < 0.9 / 24:
        return "less than an hour"
    if days < 0.98:
        return _counted(round(days * 24), "hour", "an hour")
    if days < _LONGEST_IN_DAYS:
        return _counted(round(days), "day", "a day")
    if days < _LONGEST_IN_WEEKS:
        return _counted(round(days / 7), "week", "a week")
    if days < _LONGEST_IN_MONTHS:
        return _counted(round(days / _MONTH), "month", "a month")
    return _counted(round(days / _YEAR), "year", "a year")


def quantity(value: float) -> str:
    """Any number, to two decimals where it has them.

    >>> quantity(7.0), quantity(0.888), quantity(12500.5)
    ('7', '0.89', '12,500.5')
    """
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def ahead(days: float) -> str:
    """A length of time to come, in days unless they make whole weeks.

    >>> ahead(3), ahead(14), ahead(25)
    ('three days', 'two weeks', '25 days')
    """
    return span(days) if days < 14 or days % 7 == 0 else f"{days:.0f} days"


def ago(days: float) -> str:
    """How long ago something was.

    >>> ago(0.001), ago(12)
    ('just now', '12 days ago')
    """
    return "just now" if days < 0.9 / 24 else f"{span(days)} ago"


def percent(share: float) -> str:
    """A share, with two digits that matter, as small risks need them.

    >>> percent(0.234), percent(0.0123), percent(0.0046), percent(0.00001)
    ('23 %', '1.2 %', '0.46 %', 'under 0.01 %')
    """
    if share < 0.00005:
        return "under 0.01 %"
    decimals = 0 if share >= 0.0995 else 1 if share >= 0.00995 else 2
    return f"{100 * share:.{decimals}f} %"


def time_of_year(share: float) -> str:
    """A time of the year, by how much of it is over, within a day or so.

    >>> time_of_year(0.0), time_of_year(0.13), time_of_year(0.999)
    ('early January', 'mid-February', 'late December')
    """
    day = date(2023, 1, 1) + timedelta(days=int(share * 365))
    part = ("early ", "mid-", "late ")[min((day.day - 1) // 10, 2)]
    return f"{part}{day:%B}"


def capital(text: str) -> str:
    """A text with its first letter large."""
    return text[:1].upper() + text[1:]


@dataclass(frozen=True, slots=True)
class Clock:
    """Tells moments to come on the clock of `zone`; `known`: it is the person's own.

    >>> from datetime import UTC, timedelta
    >>> now = datetime(2026, 11, 30, 9, tzinfo=UTC)  # a Monday
    >>> [Clock(UTC, True).day(now + timedelta(days=n), now) for n in (0, 1, 3, 9, 40)]
    ['today', 'tomorrow', 'Thursday', '9 December', '9 January 2027']
    >>> Clock(UTC, True).moment(now + timedelta(days=1), now)
    '9:00 their time tomorrow'
    """

    zone: tzinfo
    known: bool

    def day(self, when: datetime, now: datetime) -> str:
        """A day: its weekday if less than a week ahead, else its date."""
        there, today = when.astimezone(self.zone), now.astimezone(self.zone)
        ahead = (there.date() - today.date()).days
        if ahead < 2:
            return "today" if ahead < 1 else "tomorrow"
        if ahead < 7:
            return WEEKDAYS[there.weekday()]
        year = "" if there.year == today.year else f" {there.year}"
        return f"{there.day} {there:%B}{year}"

    def moment(self, when: datetime, now: datetime) -> str:
        """A time of day and the day."""
        there, day = when.astimezone(self.zone), self.day(when, now)
        whose = "their time" if self.known else "UTC"
        on = "" if day in ("today", "tomorrow") else "on "
        return f"{there.hour}:{there:%M} {whose} {on}{day}"


def _counted(n: int, unit: str, one: str) -> str:
    return one if n == 1 else f"{number(n)} {unit}s"
