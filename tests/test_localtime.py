"""Where a person is and what their clock shows, against zoneinfo itself."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from features.errors import BadInput
from features.localtime import (
    MOST_POPULOUS,
    _zones_of_country,
    country_name,
    country_of_zone,
    local_us,
    possible_zones,
    representative_zone,
    utc_offset_table,
)
from features.moments import microseconds
from features.utc_offsets import utc_offsets

ZONES = (
    "UTC",
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "America/St_Johns",
    "America/Recife",
    "Africa/Casablanca",
    "Africa/Monrovia",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Asia/Gaza",
    "Australia/Sydney",
    "Australia/Adelaide",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Apia",
)


def clock(zone: str, second: int) -> int:
    """The wall clock of zoneinfo, in microseconds."""
    local = datetime.fromtimestamp(second, ZoneInfo(zone)).replace(tzinfo=UTC)
    return microseconds(local)


def test_local_times_equal_zoneinfo_at_random_moments_of_1970_to_2099() -> None:
    rng = np.random.default_rng(1)
    seconds = rng.integers(0, 4_102_444_800, 20_000)
    codes = rng.integers(0, len(ZONES), len(seconds)).astype(np.int16)
    found = local_us(seconds * 1_000_000, codes, ZONES)
    wanted = [clock(ZONES[c], int(s)) for c, s in zip(codes, seconds, strict=True)]
    assert found.tolist() == wanted


@pytest.mark.parametrize("zone", ZONES)
def test_local_times_equal_zoneinfo_around_every_change_of_the_clock(zone: str) -> None:
    at_us, _ = utc_offsets(zone)
    seconds = (at_us[1:, None] // 1_000_000 + np.array([-1, 0, 1])).ravel()
    codes = np.zeros(len(seconds), dtype=np.int16)
    found = local_us(seconds * 1_000_000, codes, (zone,))
    assert found.tolist() == [clock(zone, int(s)) for s in seconds]


def test_no_change_is_missed_even_where_an_offset_lasted_a_week() -> None:
    # Recife kept summer time from 8 to 15 October 2000 only.
    days = np.arange(10_950, 11_300) * 86_400
    found = local_us(days * 1_000_000, np.zeros(len(days), np.int16), ("America/Recife",))
    assert found.tolist() == [clock("America/Recife", int(s)) for s in days]


def test_a_negative_code_keeps_utc_and_no_rows_give_no_rows() -> None:
    times = np.array([5, 7], dtype=np.int64)
    assert local_us(times, np.array([-1, -1], np.int16), ("Asia/Tokyo",)).tolist() == [5, 7]
    assert local_us(times[:0], np.empty(0, np.int16), ()).tolist() == []


def test_the_flat_table_holds_each_zone_between_its_bounds() -> None:
    table = utc_offset_table(("Asia/Tokyo", "Europe/Berlin"))
    assert table.first.tolist() == [0, len(utc_offsets("Asia/Tokyo")[0]), len(table.at_us)]
    assert table.offset_us[table.first[1] - 1] == 9 * 3_600_000_000


def test_a_declared_zone_wins_over_the_number_and_the_number_over_the_country() -> None:
    chicago = "+1 312 555 1234"
    assert possible_zones("Asia/Tokyo", "US", chicago) == ("Asia/Tokyo",)
    assert possible_zones(None, "US", chicago) == ("America/Chicago",)
    assert possible_zones(None, "DE", "030 123456") == ("Europe/Berlin",)
    assert len(possible_zones(None, "US")) == 29


@pytest.mark.parametrize("phone", ["", "no number", "+999 1234"])
def test_a_number_that_says_nothing_leaves_the_country(phone: str) -> None:
    assert possible_zones(None, "FR", phone) == ("Europe/Paris",)


def test_nothing_known_is_no_zone() -> None:
    assert possible_zones(None, None) == ()
    assert possible_zones("", "ZZ") == ()
    assert representative_zone(None, None) is None


@pytest.mark.parametrize(("country", "zone"), [*MOST_POPULOUS.items(), ("US", "America/New_York")])
def test_a_country_is_represented_by_its_most_populous_zone(country: str, zone: str) -> None:
    assert representative_zone(None, country) == zone
    assert len(set(_zones_of_country(country))) == len(_zones_of_country(country))


@pytest.mark.parametrize("zone", ["Mars/Phobos", "Europe", "../etc/passwd", "+02:00", "a\0b"])
def test_a_wrong_zone_is_refused_naming_the_field(zone: str) -> None:
    with pytest.raises(BadInput, match=r"field timezone: .* is not an IANA time zone; write one"):
        possible_zones(zone, "DE")


@pytest.mark.parametrize(
    ("zone", "country"),
    [
        ("America/Chicago", "US"),
        ("US/Eastern", "US"),
        ("Europe/Amsterdam", "NL"),
        ("Asia/Calcutta", "IN"),
        ("UTC", None),
        ("Etc/GMT+5", None),
    ],
)
def test_a_zone_tells_its_country_old_names_included(zone: str, country: str | None) -> None:
    assert country_of_zone(zone) == country


def test_countries_have_names_and_unknown_codes_keep_theirs() -> None:
    assert (country_name("DE"), country_name("ZZ")) == ("Germany", "ZZ")
