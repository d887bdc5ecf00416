"""When a channel may be used where a person may be: open windows in UTC, year by year."""

from __future__ import annotations

import warnings
from array import array
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache

import holidays
import numpy as np
from numpy.typing import NDArray

from features.utc_offsets import FIRST_YEAR, LAST_YEAR, utc_offsets
from models.rulebook import OpeningHours
from models.week import Ranges

Int64s = NDArray[np.int64]
#: Disjoint ascending windows `(starts, ends)`, in microseconds, each open at its start.
Windows = tuple[Int64s, Int64s]

MINUTE = 60_000_000
DAY = 24 * 60 * MINUTE
_FIRST_DAY = date(1970, 1, 1).toordinal()
SATURDAY_AND_SUNDAY = frozenset({5, 6})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a person may be: an IANA zone, and whose hours and public holidays count there."""

    zone: str
    country: str | None
    holidays_of: str | None


@dataclass(frozen=True, slots=True)
class OpenYear:
    """The open windows of one UTC year, and the places whose house rules they keep."""

    starts: array[int]
    ends: array[int]
    house_places: tuple[Place, ...]


class Hours:
    """The hours of one channel for one person: every entry must be open in every place.

    When the courtesy of all places leaves not one open minute in a year (Russia spans eleven
    hours), the house rules look at the first place only; laws never do.
    """

    def __init__(
        self,
        places: Sequence[Place],
        entries: Callable[[str | None], Sequence[OpeningHours]],
    ) -> None:
        """`entries` gives the opening hours that apply in a country."""
        self.places = tuple(places)
        self.entries = {
            country: [(entry, entry.week(weekend_of(country))) for entry in entries(country)]
            for country in {place.country for place in places}
        }
        self._years: dict[int, OpenYear] = {}
        self._two_years: dict[int, Windows] = {}

    def next_open(self, t_us: int, until_us: int) -> int | None:
        """The first open moment in `[t_us, until_us]`, or None."""
        year = _within(year_of(t_us))
        while year < LAST_YEAR and year_start(year) <= until_us:
            open_year = self.year(year)
            after = bisect_right(open_year.ends, t_us)
            if after < len(open_year.starts):
                found = max(t_us, open_year.starts[after])
                return found if found <= until_us else None
            year += 1
        return None

    def windows(self, from_us: int, until_us: int) -> Windows:
        """Every open window that meets `[from_us, until_us)`, for compiled planners."""
        years = range(max(year_of(from_us), FIRST_YEAR), min(year_of(until_us), LAST_YEAR - 1) + 1)
        opened = [self.year(year) for year in years]
        starts = np.concatenate([np.array(y.starts, dtype=np.int64) for y in opened])
        ends = np.concatenate([np.array(y.ends, dtype=np.int64) for y in opened])
        return _clip((starts, ends), from_us, until_us)

    def two_years(self, year: int) -> Windows:
        """Every open window of a UTC year and the next, computed once."""
        first = _within(year)
        if first not in self._two_years:
            end = year_start(min(first + 2, LAST_YEAR))
            self._two_years[first] = self.windows(year_start(first), end)
        return self._two_years[first]

    def closed(self, t_us: int) -> tuple[OpeningHours, Place] | None:
        """An entry that forbids the moment and the first place where it does; None when open."""
        house_places = self.year(_within(year_of(t_us))).house_places
        for place in self.places:
            clock = local_clock(place.zone, t_us)
            for entry, week in self.entries[place.country]:
                binding = entry.basis != "house" or place in house_places
                if binding and not _is_open(entry, week, place, clock):
                    return entry, place
        return None

    def year(self, year: int) -> OpenYear:
        """The windows of a UTC year, computed once."""
        if year not in self._years:
            self._years[year] = self._build(year)
        return self._years[year]

    def _build(self, year: int) -> OpenYear:
        binding = self._sets(year, self.places, house=False)
        house_places = self.places
        found = _intersection([*binding, *self._sets(year, self.places, house=True)], year)
        if not len(found[0]):
            house_places = self.places[:1]
            found = _intersection([*binding, *self._sets(year, house_places, house=True)], year)
        return OpenYear(array("q", found[0].tolist()), array("q", found[1].tolist()), house_places)

    def _sets(self, year: int, places: Sequence[Place], *, house: bool) -> list[Windows]:
        # Zones whose clocks agree all year (most of a country's) give one set, not many.
        sets: dict[tuple[str, str | None, bytes], Windows] = {}
        for place in places:
            regimes = _regimes(place.zone, year)
            for entry, week in self.entries[place.country]:
                key = (entry.id, place.country, regimes.tobytes())
                if (entry.basis == "house") is house and key not in sets:
                    closed = place.holidays_of if entry.holidays == "closed" else None
                    sets[key] = _utc(_local_windows(week, closed, year), regimes)
        return list(sets.values())


def local_clock(zone: str, t_us: int) -> tuple[date, int, int]:
    """The local date, minute of the day and weekday (Monday is 0) at a moment."""
    at_us, offset_us = _offset_lists(zone)
    day, rest = divmod(t_us + offset_us[bisect_right(at_us, t_us) - 1], DAY)
    return date.fromordinal(day + _FIRST_DAY), rest // MINUTE, (day + 3) % 7


@lru_cache(maxsize=1024)
def _offset_lists(zone: str) -> tuple[list[int], list[int]]:
    at_us, offset_us = utc_offsets(zone)
    return at_us.tolist(), offset_us.tolist()


def _is_open(
    entry: OpeningHours, week: tuple[Ranges, ...], place: Place, clock: tuple[date, int, int]
) -> bool:
    day, minute, weekday = clock
    if entry.holidays == "closed" and day in public_holidays(place.holidays_of, day.year):
        return False
    return any(first <= minute < last for first, last in week[weekday])


@lru_cache(maxsize=4096)
def public_holidays(country: str | None, year: int) -> dict[date, str]:
    """A country's public holidays in a year, with English names where the library has them.

    Source: the `holidays` library; empty for an unknown country and for years it does not know.
    """
    if not country or country not in holidays.list_supported_countries():
        return {}
    with warnings.catch_warnings():
        # The library warns of years whose moving feasts it does not know: those stay working days.
        warnings.simplefilter("ignore")
        return dict(holidays.country_holidays(country, years=year, language="en_US"))


@lru_cache(maxsize=512)
def weekend_of(country: str | None) -> frozenset[int]:
    """Weekday numbers (Monday is 0) of a country's weekend; Saturday and Sunday when unknown."""
    if not country or country not in holidays.list_supported_countries():
        return SATURDAY_AND_SUNDAY
    return frozenset(holidays.country_holidays(country).weekend)


def year_of(t_us: int) -> int:
    """The UTC year of a moment."""
    return FIRST_YEAR - 1 + bisect_right(_year_starts(), t_us)


def _within(year: int) -> int:
    """The nearest year whose hours are known."""
    return min(max(year, FIRST_YEAR), LAST_YEAR - 1)


def year_start(year: int) -> int:
    """The first microsecond of a UTC year."""
    return _year_starts()[year - FIRST_YEAR]


@lru_cache(maxsize=1)
def _year_starts() -> list[int]:
    years = range(FIRST_YEAR, LAST_YEAR + 1)
    return [int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000 for year in years]


def _regimes(zone: str, year: int) -> Int64s:
    """Spans of constant offset in a UTC year, shape (n, 3): start, end, offset."""
    at_us, offset_us = utc_offsets(zone)
    start, end = year_start(year), year_start(year + 1)
    edges = np.append(at_us, np.iinfo(np.int64).max)
    low, high = np.maximum(edges[:-1], start), np.minimum(edges[1:], end)
    regimes: Int64s = np.stack([low, high, offset_us], axis=1)[low < high]
    return regimes


@lru_cache(maxsize=512)
def _local_windows(week: tuple[Ranges, ...], holidays_of: str | None, year: int) -> Windows:
    """A week's windows on a local clock, from the day before the year to the day after."""
    epoch = date(1970, 1, 1).toordinal()
    first = date(year, 1, 1).toordinal() - epoch - 1
    days = np.arange(first, date(year + 1, 1, 1).toordinal() - epoch + 2, dtype=np.int64)
    closed = [
        day.toordinal() - epoch
        for near in (year - 1, year, year + 1)
        for day in public_holidays(holidays_of, near)
    ]
    days = days[~np.isin(days, closed)]
    pairs = [
        (days[(days + 3) % 7 == weekday] * DAY + first * MINUTE, (last - first) * MINUTE)
        for weekday, ranges in enumerate(week)
        for first, last in ranges
    ]
    starts = np.concatenate([start for start, _ in pairs])
    ends = np.concatenate([start + length for start, length in pairs])
    order = np.argsort(starts)
    return starts[order], ends[order]


def _utc(local: Windows, regimes: Int64s) -> Windows:
    pieces = [
        _clip((local[0] - offset, local[1] - offset), low, high) for low, high, offset in regimes
    ]
    return np.concatenate([p[0] for p in pieces]), np.concatenate([p[1] for p in pieces])


def _clip(windows: Windows, low: int, high: int) -> Windows:
    starts, ends = np.maximum(windows[0], low), np.minimum(windows[1], high)
    return starts[starts < ends], ends[starts < ends]


def _intersection(sets: Sequence[Windows], year: int) -> Windows:
    """What lies in every set: count the open sets along the sweep, join what touches."""
    if not sets:
        return np.array([year_start(year)]), np.array([year_start(year + 1)])
    edges = np.concatenate([s for s, _ in sets] + [e for _, e in sets])
    steps = np.repeat([1, -1], [sum(len(s) for s, _ in sets)] * 2)
    order = np.lexsort((steps, edges))
    edges, count = edges[order], np.cumsum(steps[order])
    full = np.flatnonzero(count == len(sets))
    starts, ends = edges[full], edges[full + 1]
    starts, ends = starts[starts < ends], ends[starts < ends]
    if not len(starts):
        return starts, ends
    apart = starts[1:] != ends[:-1]
    return starts[np.append(True, apart)], ends[np.append(apart, True)]
