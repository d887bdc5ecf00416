"""Where a person is and what their clock shows: possible time zones and vectorised local time.

A declared zone wins over the phone number, the number over the country. Zones, countries and
their order come from `zone.tab` and `tzdata.zi` of the `tzdata` package, numbers from
`phonenumbers`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import phonenumbers
from numpy.typing import NDArray
from phonenumbers import timezone as phone_timezone

from features.errors import BadInput
from features.utc_offsets import utc_offsets

Int64s = NDArray[np.int64]

#: The most populous zone of each country in which `zone.tab` lists another one first.
MOST_POPULOUS = {
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "PS": "Asia/Hebron",
    "RU": "Europe/Moscow",
    "UA": "Europe/Kyiv",
    "UZ": "Asia/Tashkent",
}


class OffsetTable(NamedTuple):
    """UTC offsets of several zones, laid end to end for compiled code.

    Zone `z` owns rows `first[z]:first[z + 1]`; from `at_us[i]` (microseconds since 1970 UTC, the
    first row of a zone being the least int64) its clock is `offset_us[i]` ahead of UTC.
    """

    first: Int64s
    at_us: Int64s
    offset_us: Int64s


def possible_zones(
    timezone: str | None, country: str | None, phone: str | None = None
) -> tuple[str, ...]:
    """Every IANA zone the person may be in, the likeliest first; empty when nothing is known.

    `country` is ISO 3166-1 alpha-2; a `phone` without `+` is read as a number of that country.
    Raises BadInput for a `timezone` that is not an IANA name.
    """
    if timezone:
        return (_checked_zone(timezone),)
    return (phone and _zones_of_phone(phone, country)) or _zones_of_country(country)


def representative_zone(timezone: str | None, country: str | None) -> str | None:
    """The one zone features use: the declared one, else the country's most populous; or None."""
    return next(iter(possible_zones(timezone, country)), None)


def country_of_zone(zone: str) -> str | None:
    """The country a zone lies in, old names such as `US/Eastern` included; None for `UTC`."""
    return _country_by_zone().get(zone)


def country_name(country: str) -> str:
    """The short English name of a country as `iso3166.tab` has it, else the code itself."""
    return _country_names().get(country, country)


@lru_cache(maxsize=256)
def utc_offset_table(zones: tuple[str, ...]) -> OffsetTable:
    """The offsets of `zones`, 1970 to 2200, as one flat table (see OffsetTable)."""
    tables = [utc_offsets(zone) for zone in zones]
    first = np.cumsum([0, *(len(at_us) for at_us, _ in tables)], dtype=np.int64)
    none = np.empty(0, dtype=np.int64)
    return OffsetTable(
        first,
        np.concatenate([at_us for at_us, _ in tables] or [none]),
        np.concatenate([offset_us for _, offset_us in tables] or [none]),
    )


def local_us(times_us: Int64s, zone_codes: NDArray[np.int16], zones: Sequence[str]) -> Int64s:
    """Wall-clock time in each row's zone, as microseconds since 1970-01-01 00:00 on that clock.

    `zone_codes` index `zones`; a negative code is an unknown zone and keeps UTC. Shape (n,).
    """
    table = utc_offset_table(tuple(zones))
    local = times_us.copy()
    # A stable sort of int16 is a radix sort: rows of one zone become one slice.
    order = np.argsort(zone_codes, kind="stable")
    bounds = np.searchsorted(zone_codes[order], np.arange(len(zones) + 1))
    for zone in np.flatnonzero(np.diff(bounds)):
        rows = order[bounds[zone] : bounds[zone + 1]]
        own = slice(table.first[zone], table.first[zone + 1])
        regime = np.searchsorted(table.at_us[own], times_us[rows], side="right") - 1
        local[rows] += table.offset_us[own][regime]
    return local


@lru_cache(maxsize=1024)
def _checked_zone(timezone: str) -> str:
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadInput(
            f"{timezone[:60]!r} is not an IANA time zone; write one such as 'Europe/Berlin'",
            field="timezone",
        ) from None
    return timezone


@lru_cache(maxsize=4096)
def _zones_of_phone(phone: str, country: str | None) -> tuple[str, ...]:
    try:
        number = phonenumbers.parse(phone, country)
    except phonenumbers.NumberParseException:
        return ()
    zones = tuple(phone_timezone.time_zones_for_number(number))
    return () if phone_timezone.UNKNOWN_TIMEZONE in zones else zones


def _zones_of_country(country: str | None) -> tuple[str, ...]:
    return _zones_by_country().get(country or "", ())


def _table_rows(name: str) -> list[list[str]]:
    text = (files("tzdata") / "zoneinfo" / name).read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]


@lru_cache(maxsize=1)
def _zones_by_country() -> dict[str, tuple[str, ...]]:
    zones: dict[str, list[str]] = {}
    for country, _, zone, *_ in _table_rows("zone.tab"):
        zones.setdefault(country, []).append(zone)
    return {
        country: tuple(sorted(listed, key=lambda zone: zone != MOST_POPULOUS.get(country)))
        for country, listed in zones.items()
    }


@lru_cache(maxsize=1)
def _country_by_zone() -> dict[str, str]:
    countries = {zone: country for country, _, zone, *_ in _table_rows("zone.tab")}
    links = [row[0].split() for row in _table_rows("tzdata.zi") if row[0].startswith("L ")]
    # A zone such as Europe/Amsterdam is in zone.tab although its rules link to another country's.
    for _, target, alias in links:
        if target in countries:
            countries.setdefault(alias, countries[target])
    return countries


@lru_cache(maxsize=1)
def _country_names() -> dict[str, str]:
    return {row[0]: row[1] for row in _table_rows("iso3166.tab")}
