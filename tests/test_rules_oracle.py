"""The rules against a naive clock-walker, and what must hold of every answer."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import holidays
import numpy as np
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import models.rules
from features.localtime import country_of_zone, possible_zones
from features.moments import microseconds
from models.rules import Rulebook

RULES = Rulebook.load()
BOOK: dict[str, Any] = yaml.safe_load(
    Path(models.rules.__file__).with_name("rulebook.yaml").read_text(encoding="utf-8")
)
NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
STEP = timedelta(minutes=5)
PLACES = (
    ("Europe/Berlin", None),
    ("Europe/Paris", "FR"),
    ("America/Chicago", "US"),
    ("America/Sao_Paulo", None),
    ("Asia/Kolkata", "IN"),
    ("Asia/Kathmandu", None),
    ("Asia/Jerusalem", None),
    ("Australia/Lord_Howe", "AU"),
    ("Australia/Adelaide", None),
    ("America/St_Johns", "CA"),
    ("Africa/Casablanca", None),
    ("Africa/Johannesburg", None),
    (None, "ES"),
    (None, "PT"),
    (None, "NZ"),
)
CHANNELS = ("email", "phone", "sms", "linkedin", "other")


@cache
def calendar_of(country: str | None, year: int) -> holidays.HolidayBase | None:
    known = country in holidays.list_supported_countries()
    return holidays.country_holidays(country, years=year) if known else None


def open_by_one_entry(entry: dict[str, Any], country: str | None, local: datetime) -> bool:
    calendar = calendar_of(country, local.year)
    if entry["holidays"] == "closed" and calendar is not None and local.date() in calendar:
        return False
    weekend = calendar.weekend if calendar is not None else {5, 6}
    for days, hours in entry["days"].items():
        if days == "workdays":
            named = {day for day in range(7) if day not in weekend}
        else:
            first, _, last = days.partition("-")
            named = set(range(NAMES.index(first), NAMES.index(last or first) + 1))
        if local.weekday() in named:
            now = f"{local:%H:%M}"
            return any(
                part.split("-")[0].strip() <= now < part.split("-")[1] for part in hours.split(",")
            )
    return False


def allowed(
    channel: str,
    zones: tuple[str, ...],
    country: str | None,
    at: datetime,
    touches: list[datetime],
) -> bool:
    limits = [(1, timedelta(hours=BOOK["minimum_gap"]["hours"]))]
    limits += [(cap["touches"], timedelta(days=cap["days"])) for cap in BOOK["caps"]]
    for most, window in limits:
        if sum(at - window < touch <= at for touch in touches) >= most:
            return False
    for zone in zones:
        of = country or country_of_zone(zone)
        for entry in BOOK["hours"]:
            fits = channel in entry["channels"] and of in entry.get("countries", [of])
            if fits and not open_by_one_entry(entry, of, at.astimezone(ZoneInfo(zone))):
                return False
    return True


def naive(
    channel: str,
    zones: tuple[str, ...],
    country: str | None,
    at: datetime,
    touches: list[datetime],
    come_back: datetime,
) -> datetime:
    moment = max(at, come_back)
    while not allowed(channel, zones, country, moment, touches):
        moment += STEP
    return moment


def test_random_cases_equal_a_walk_along_the_clock() -> None:
    # Every time is a multiple of five minutes, so that steps of five minutes miss nothing.
    rng = np.random.default_rng(7)
    changes = [datetime(2026, m, d, tzinfo=UTC) for m, d in ((3, 27), (10, 23), (4, 2))]
    for case in range(150):
        timezone, country = PLACES[case % len(PLACES)]
        zones = possible_zones(timezone, country)
        channel = CHANNELS[int(rng.integers(5))]
        if case % 3:
            day = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=int(rng.integers(0, 1_500)))
        else:
            day = changes[case // 3 % 3]
        at = day + STEP * int(rng.integers(0, 288))
        touches = sorted(at - STEP * int(g) for g in rng.integers(-300, 2_500, rng.integers(0, 5)))
        come_back = at + STEP * int(rng.integers(-288, 288))
        found, hits = RULES.next_allowed(channel, zones, country, at, touches, come_back)
        wanted = naive(channel, zones, country, at, touches, come_back)
        assert found == wanted, (channel, zones, country, at, touches, come_back)
        assert (found == at) is (not hits), "a rule is named exactly when one bites"


MOMENTS = st.integers(365 * 1440, 83_860 * 1440).map(
    lambda minute: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
)
QUESTIONS = st.tuples(
    st.sampled_from(CHANNELS),
    st.sampled_from([*PLACES, (None, "US"), (None, "RU"), (None, None), ("UTC", None)]),
    MOMENTS,
    st.lists(st.floats(-3, 40), max_size=10),
    st.floats(-5, 40),
    # From 1989 to 1992 Russia's clocks were so far apart that no hour for e-mail was decent in all.
).filter(lambda asked: asked[1] != (None, "RU") or not 1988 <= asked[2].year <= 1993)


def answer(question: Any, later: timedelta = timedelta()) -> datetime | None:
    channel, (timezone, country), at, days, rest = question
    touches = [at - timedelta(days=day) for day in days]
    zones = possible_zones(timezone, country)
    come_back = at + timedelta(days=rest)
    return RULES.next_allowed(channel, zones, country, at + later, touches, come_back)[0]


@settings(max_examples=150, deadline=None)
@given(QUESTIONS)
def test_the_moment_found_is_itself_allowed(question: Any) -> None:
    at, found = question[2], answer(question)
    assert found is not None
    assert found >= at
    assert answer(question, found - at) == found


@settings(max_examples=150, deadline=None)
@given(QUESTIONS, st.floats(0, 20))
def test_who_asks_later_is_never_allowed_earlier(question: Any, days: float) -> None:
    first, second = answer(question), answer(question, timedelta(days=days))
    assert first is not None
    assert second is not None
    assert first <= second


@settings(max_examples=100, deadline=None)
@given(QUESTIONS)
def test_one_more_touch_never_allows_an_earlier_moment(question: Any) -> None:
    channel, place, at, days, rest = question
    fewer, more = (
        answer((channel, place, at, days, rest)),
        answer((channel, place, at, [*days, 0.5], rest)),
    )
    assert fewer is not None
    assert more is not None
    assert fewer <= more


@settings(max_examples=100, deadline=None)
@given(QUESTIONS)
def test_a_tightened_rulebook_never_allows_an_earlier_moment(question: Any) -> None:
    channel, (timezone, country), at, days, _ = question
    touches = [at - timedelta(days=day) for day in days]
    zones = possible_zones(timezone, country)
    tight = RULES.tightened({"minimum_gap_hours": 72, "caps": [{"touches": 2, "days": 7}]})
    free = RULES.next_allowed(channel, zones, country, at, touches)[0]
    bound = tight.next_allowed(channel, zones, country, at, touches)[0]
    assert free is not None
    assert bound is not None
    assert free <= bound


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["phone", "sms"]), MOMENTS, st.sampled_from(["US", "AU", "CA", "RU", "BR"]))
def test_ringing_at_an_unknown_zone_is_allowed_in_every_zone_of_the_country(
    channel: str, at: datetime, country: str
) -> None:
    zones = possible_zones(None, country)
    found, _ = RULES.next_allowed(channel, zones, country, at, [])
    assert found is not None
    for zone in zones:
        assert RULES.next_allowed(channel, (zone,), country, found, [])[0] == found


def test_the_walker_itself_knows_a_closed_hour_from_an_open_one() -> None:
    paris = ("Europe/Paris",)
    assert allowed("phone", paris, "FR", datetime(2026, 3, 3, 10, tzinfo=UTC), [])
    assert not allowed("phone", paris, "FR", datetime(2026, 3, 3, 12, 30, tzinfo=UTC), [])
    assert date(2026, 7, 14) in holidays.country_holidays("FR", years=2026)
    assert not allowed("email", paris, "FR", datetime(2026, 7, 14, 10, tzinfo=UTC), [])
    assert microseconds(datetime(1970, 1, 2, tzinfo=UTC)) == 86_400_000_000
