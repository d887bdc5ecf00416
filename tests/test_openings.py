"""Plans know the hours: a touch is judged at the moment at which it would be made."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from features.moments import microseconds, moment_of
from models.decide import Decider
from models.decision import Decision, ModelRef, Request, Utility
from models.history import HistorySummary
from models.model import Model
from models.openings import Openings, opened, openings
from models.rules import Rulebook
from serving.batch import open_threads
from tests.factories import table
from tests.stored import touch
from tests.test_season import seasonal

RULES = Rulebook.load()
PLACES = (("Europe/Berlin", "DE"), ("America/Chicago", "US"), ("Asia/Kathmandu", None),
          (None, "ES"), (None, None), ("Asia/Jerusalem", None))  # fmt: skip
CHANNELS = ("email", "phone", "sms", "linkedin")
HOUR_US, DAY_US = 3_600_000_000, 86_400_000_000


def first_open(o: Openings, case: int, at: int) -> int:
    return int(opened(o.windows, o.first[case], o.last[case], at))


@pytest.mark.parametrize("place", PLACES)
def test_the_first_moment_is_the_one_the_rules_name(place: tuple[str | None, str | None]) -> None:
    rng = np.random.default_rng(5)
    for _ in range(40):
        at = microseconds(datetime(2024, 1, 1, tzinfo=UTC)) + int(rng.integers(0, 900 * DAY_US))
        made = sorted(at - int(gap) for gap in rng.integers(0, 50 * DAY_US, rng.integers(0, 6)))
        not_now = made[-1] + HOUR_US if made and rng.random() < 0.3 else None
        summary = HistorySummary(touches_us=tuple(made), not_now_us=not_now)
        request = Request("anna", moment_of(at), table([]), timezone=place[0],
                          country=place[1], channels=CHANNELS)  # fmt: skip
        earliest = RULES.earliest_us(summary, at)
        found = openings(RULES, [request], [CHANNELS], [earliest])
        for case, channel in enumerate(CHANNELS):
            for wish in at + (rng.random(4) * 90 * DAY_US).astype(int):
                said = RULES.next_allowed_us(
                    channel, request.zones, place[1], int(wish), made, RULES.come_back_us(summary)
                )
                assert first_open(found, case, max(int(wish), earliest)) == said


def test_requests_in_one_place_share_their_windows() -> None:
    def asked(zone: str) -> Request:
        at = datetime(2026, 3, 3, 9, tzinfo=UTC)
        return Request("anna", at, table([]), timezone=zone, country=None)

    requests = [asked("Europe/Berlin"), asked("Asia/Kathmandu"), asked("Europe/Berlin")]
    at = microseconds(requests[0].at)
    found = openings(RULES, requests, [("email",)] * 3, [at] * 3)
    assert (found.first[0], found.last[0]) == (found.first[2], found.last[2])
    assert found.first[1] == found.last[0]
    assert len(found.windows[0]) == found.last[1]


def test_where_no_window_is_left_the_rules_have_the_last_word() -> None:
    none = np.empty(0, np.int64)
    assert opened((none, none), 0, 0, 17) == 17


@pytest.fixture(scope="module")
def asked(agency: tuple[pa.Table, pa.Table]) -> list[Request]:
    """Open threads early on a Saturday, of people whose place is known."""
    events, contacts = agency
    times = events["occurred_at"].cast(pa.int64()).to_numpy()
    day = moment_of(int(np.quantile(times, 0.5)))
    saturday = day.replace(hour=3, minute=0, second=0) + timedelta(days=(5 - day.weekday()) % 7)
    found = open_threads(events, contacts, saturday)[:300]
    bold = Utility(land=5.0, annoy=0.5)
    return [replace(r, utility=bold, channels=("email",)) for r in found if r.timezone]


def worth(d: Decision) -> dict[float, float]:
    return {point.delay_days: point.value for point in d.curve}


def test_on_a_saturday_a_touch_is_worth_what_it_is_worth_on_monday(
    decider: Decider, asked: list[Request]
) -> None:
    alike = sum(worth(d)[0.0] == worth(d)[2.0] for d in decider.decide(asked))
    # All but those in the east, where it is day, and whom other rules shield longer.
    assert alike > 0.8 * len(asked) > 40
    on_friday = [replace(r, at=r.at - timedelta(days=1)) for r in asked]
    unlike = sum(worth(d)[0.0] != worth(d)[2.0] for d in decider.decide(on_friday))
    assert unlike > 0.5 * len(asked)


def test_a_date_that_was_agreed_on_costs_nothing(small_model: Model) -> None:
    """Nobody chose to wait for it, so it is worth what it is worth when it comes."""
    every_time_of_year_alike = seasonal(small_model, 0.0, 0.0)
    decider = Decider(every_time_of_year_alike, ModelRef("f", "1"))
    reply = touch("r", kind="reply", sentiment="neutral", occurred_at="2026-10-02T09:00:00Z")

    def value(until: str) -> float:
        rows = [touch("t", occurred_at="2026-10-01T09:00:00Z"), {**reply, "come_back_at": until}]
        r = Request("anna", datetime(2026, 10, 5, 10, tzinfo=UTC), table(rows),
                    timezone="Europe/Berlin", country="DE", utility=Utility(annoy=0.0))  # fmt: skip
        return worth(decider.decide([r])[0])[0.0]

    near, far = value("2026-11-03T10:00:00Z"), value("2026-12-01T10:00:00Z")
    assert far == pytest.approx(near, rel=0.25)
