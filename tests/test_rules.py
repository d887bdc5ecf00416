"""Rules before scores: what stops a thread, closes a channel or moves a moment."""

from __future__ import annotations

import pickle
import time
from datetime import UTC, date, datetime, timedelta

import holidays
import pytest

from features.localtime import possible_zones
from features.moments import microseconds
from models.decision import RuleHit
from models.history import HistorySummary
from models.hours import public_holidays
from models.rules import Rulebook

RULES = Rulebook.load()
DAY = 86_400_000_000


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def ask(
    channel: str,
    at: str,
    timezone: str | None = None,
    country: str | None = None,
    touches: tuple[str, ...] = (),
    come_back: str | None = None,
    rules: Rulebook = RULES,
) -> tuple[str | None, dict[str, str]]:
    """The next allowed moment as text and the rules that bit."""
    moment, hits = rules.next_allowed(
        channel,
        possible_zones(timezone, country),
        country,
        utc(at),
        [utc(touch) for touch in touches],
        utc(come_back) if come_back else None,
    )
    return f"{moment:%Y-%m-%d %H:%M}" if moment else None, {hit.rule: hit.text for hit in hits}


@pytest.mark.parametrize("campaign", [None, "role-1", "another role"])
def test_an_opt_out_and_a_complaint_end_every_thread(campaign: str | None) -> None:
    summary = HistorySummary(opted_out_us=0, complained_us=DAY)
    assert [hit.rule for hit in RULES.stops(summary, campaign)] == ["opted_out", "complained"]


def test_an_answer_ends_its_own_thread_only() -> None:
    summary = HistorySummary(landed={"a": 0}, pushed_back={None: DAY})
    assert [hit.rule for hit in RULES.stops(summary, "a")] == ["landed"]
    assert RULES.stops(summary, None) == (
        RuleHit(
            "pushed_back",
            "The contact answered negatively on 2 January 1970; this thread is over.",
        ),
    )
    assert RULES.stops(summary, "b") == ()


def test_a_bounce_closes_its_channel_and_leaves_the_others() -> None:
    summary = HistorySummary(bounced={"email": 0})
    usable, hits = RULES.open_channels(summary, ("email", "phone"))
    assert usable == ("phone",)
    assert [hit.rule for hit in hits] == ["channel_bounced"]
    assert RULES.open_channels(summary, ("email",))[0] == ()


def test_calls_in_the_us_keep_to_the_law_on_the_clock_of_the_person_called() -> None:
    moment, hits = ask("phone", "2026-03-03 12:12", "America/Chicago", "US")
    assert moment == "2026-03-03 14:00"
    assert hits["quiet_hours"].startswith(
        "Calls in the US are allowed from 8:00 to 21:00 local time; it is 6:12 in Chicago"
    )


def test_the_last_minute_is_allowed_and_the_end_is_not() -> None:
    assert ask("phone", "2026-03-04 02:59", "America/Chicago")[0] == "2026-03-04 02:59"
    assert ask("phone", "2026-03-04 03:00", "America/Chicago")[0] == "2026-03-04 14:00"


def test_calls_in_france_pause_for_lunch_and_skip_a_long_weekend() -> None:
    assert ask("phone", "2026-03-03 12:12", None, "FR")[0] == "2026-03-03 13:00"
    moment, hits = ask("phone", "2026-05-07 21:00", None, "FR")
    assert moment == "2026-05-11 08:00"
    assert set(hits) == {"quiet_hours", "public_holiday", "weekend"}
    assert "8 May 2026 is Victory Day" in hits["public_holiday"]


def test_the_weekend_is_the_countrys_own() -> None:
    moment, hits = ask("email", "2026-03-06 10:00", "Asia/Jerusalem")
    assert moment == "2026-03-08 06:00"
    assert "not allowed on Fridays" in hits["weekend"]


def test_hours_follow_the_clock_through_its_changes() -> None:
    # Berlin's clock goes forward on Sunday 29 March 2026; Sydney's goes back on 5 April.
    assert ask("email", "2026-03-27 20:00", "Europe/Berlin")[0] == "2026-03-30 06:00"
    assert ask("email", "2026-03-20 20:00", "Europe/Berlin")[0] == "2026-03-23 07:00"
    assert ask("phone", "2026-04-01 12:00", "Australia/Sydney")[0] == "2026-04-01 22:00"
    assert ask("phone", "2026-04-07 12:00", "Australia/Sydney")[0] == "2026-04-07 23:00"


def test_an_unknown_zone_allows_only_what_the_whole_country_allows() -> None:
    moment, hits = ask("phone", "2026-03-03 14:00", None, "US")
    assert moment == "2026-03-03 18:00", "8:00 in Honolulu, the last zone to wake up"
    assert "zone_unknown" in hits
    assert ask("phone", "2026-03-03 14:00", "America/New_York", "US")[0] == "2026-03-03 14:00"


def test_courtesy_yields_where_a_country_is_too_wide_for_it_and_looks_at_its_capital() -> None:
    assert ask("email", "2026-03-03 12:12", None, "RU")[0] == "2026-03-03 12:12"
    moment, hits = ask("email", "2026-03-03 20:00", None, "RU")
    assert moment == "2026-03-04 05:00"
    assert "23:00 in Moscow" in hits["quiet_hours"]


def test_at_an_unknown_place_mail_keeps_to_working_days_and_calls_to_common_hours() -> None:
    assert ask("email", "2026-03-03 03:00")[0] == "2026-03-03 03:00"
    assert ask("email", "2026-03-07 03:00")[0] == "2026-03-09 00:00"
    moment, hits = ask("phone", "2026-03-03 03:00")
    assert moment == "2026-03-03 16:00"
    assert set(hits) == {"quiet_hours", "zone_unknown"}


def test_an_unknown_country_has_no_public_holidays() -> None:
    assert ask("email", "2026-12-25 10:00")[0] == "2026-12-25 10:00"
    assert ask("email", "2026-12-25 10:00", "Etc/GMT-1")[0] == "2026-12-25 10:00"
    assert ask("email", "2026-12-25 10:00", "Europe/Berlin")[0] == "2026-12-28 07:00"


def test_touches_of_anyone_keep_their_distance() -> None:
    moment, hits = ask("email", "2026-03-03 12:00", "Europe/London", touches=("2026-03-03 09:30",))
    assert moment == "2026-03-04 08:00"
    assert set(hits) == {"minimum_gap", "quiet_hours"}
    assert "20 hours" in hits["minimum_gap"]
    assert "3 March 2026 at 9:30 UTC" in hits["minimum_gap"]


def test_three_touches_a_week_and_eight_a_month_are_the_limit() -> None:
    week = ("2026-03-02 10:00", "2026-03-03 10:00", "2026-03-04 10:00")
    moment, hits = ask("email", "2026-03-05 10:00", "Europe/London", touches=week)
    assert (moment, set(hits)) == ("2026-03-09 10:00", {"cap_7_days"})
    month = tuple(f"2026-03-{day:02d} 10:00" for day in range(2, 25, 3))
    moment, hits = ask("email", "2026-03-26 10:00", "Europe/London", touches=month)
    assert (moment, set(hits)) == ("2026-04-01 10:00", {"cap_30_days"})


def test_the_usual_cadence_of_five_mails_three_working_days_apart_meets_no_rule() -> None:
    sent: list[str] = []
    for day in ("02", "05", "09", "12", "16"):
        at = f"2026-03-{day} 10:00"
        assert ask("email", at, "Europe/London", touches=tuple(sent))[1] == {}
        sent.append(at)


def test_not_now_is_respected_for_two_weeks() -> None:
    summary = HistorySummary(not_now_us=microseconds(utc("2026-03-03 10:00")))
    assert RULES.come_back_us(summary) == microseconds(utc("2026-03-17 10:00"))
    assert RULES.come_back_us(HistorySummary()) is None
    moment, hits = ask("email", "2026-03-05 10:00", "Europe/London", come_back="2026-03-17 10:00")
    assert moment == "2026-03-17 10:00"
    assert "17 March 2026" in hits["come_back"]


def test_later_than_120_days_is_never() -> None:
    moment, hits = ask("email", "2026-03-03 10:00", "Europe/London", come_back="2026-08-03 10:00")
    assert (moment, set(hits)) == (None, {"come_back", "never_allowed"})


def test_rules_that_leave_no_time_at_all_are_never_and_say_which() -> None:
    sunday = {
        "id": "sundays",
        "channels": ["email"],
        "basis": "house",
        "days": {"sun": "08:00-18:00"},
        "holidays": "open",
    }
    strict = RULES.tightened({"hours": [sunday]})
    moment, hits = ask("email", "2026-03-03 10:00", "Europe/London", rules=strict)
    assert moment is None
    assert set(hits) == {"weekend", "never_allowed"}


@pytest.mark.parametrize("at", ["1970-01-01 00:00", "2100-02-28 23:59", "2199-12-31 23:59"])
@pytest.mark.parametrize("place", [(None, None), ("Pacific/Auckland", None), (None, "US")])
def test_rules_answer_in_every_accepted_year(at: str, place: tuple[str | None, str | None]) -> None:
    moment, _ = ask("phone", at, *place)
    assert moment is not None
    assert at <= moment < f"{utc(at) + timedelta(days=8):%Y-%m-%d}"


def test_public_holidays_of_every_country_are_known_or_none_in_every_year() -> None:
    for country in (code for code in holidays.list_supported_countries() if len(code) == 2):
        for year in (1970, 2026, 2199):
            assert all(day.year == year for day in public_holidays(country, year))
    assert public_holidays("US", 2026)[date(2026, 7, 4)] == "Independence Day"
    assert public_holidays("ZZ", 2026) == public_holidays(None, 2026) == {}


def test_windows_are_the_moments_next_allowed_finds() -> None:
    start = microseconds(utc("2026-12-20 00:00"))
    hours = RULES.hours("phone", ("Europe/Paris",), "FR")
    starts, ends = hours.windows(start, start + 30 * DAY)
    assert len(starts) > 30
    for opened, closed in zip(starts.tolist(), ends.tolist(), strict=True):
        assert hours.next_open(opened - 1, closed) == opened
        assert hours.next_open(closed - 1, closed) == closed - 1


def test_a_rulebook_travels_to_another_process() -> None:
    copy: Rulebook = pickle.loads(pickle.dumps(RULES))
    assert ask("phone", "2026-03-03 12:12", None, "US", rules=copy)[0] == "2026-03-03 18:00"


def test_a_thousand_decisions_cost_the_rules_less_than_a_fifth_of_a_second() -> None:
    zones, at = possible_zones(None, "US"), microseconds(utc("2026-03-03 12:12"))
    touches = tuple(at - days * DAY for days in (40, 20, 10, 3))
    RULES.next_allowed_us("phone", zones, "US", at, touches)
    began = time.process_time()
    for _ in range(1_000):
        RULES.next_allowed_us("phone", zones, "US", at, touches)
        RULES.bites("phone", zones, "US", at, touches)
    assert time.process_time() - began < 0.2
