"""Roles close: a plan looks ahead to the end of a thread's role, which no question puts off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from features.catalog.columns import COLUMNS
from features.events.schema import EVENTS
from models.decide import Decider
from models.decision import ModelRef, Request, Utility
from models.judge import Prudence
from models.model import Model
from models.situation import joined, situations
from tests.factories import table

#: A Wednesday, noon in New York.
AT = datetime(2024, 7, 10, 16, 0, tzinfo=UTC)


def asked(*days_ago: float, campaign: str | None = "role", ahead: float = 0.0) -> Request:
    """A thread with e-mails so many days before `AT`, asked about `ahead` days after it."""
    rows: list[dict[str, Any]] = [
        {"contact_id": "c", "kind": "touch", "channel": "email", "campaign_id": campaign,
         "occurred_at": (AT - timedelta(days=days)).isoformat()}
        for days in days_ago
    ]  # fmt: skip
    return Request(
        "c", AT + timedelta(days=ahead), table(rows) if rows else EVENTS.empty_table(),
        campaign_id=campaign, timezone="America/New_York", country="US",
        channels=("email", "linkedin", "phone"), utility=Utility(annoy=0.2),
    )  # fmt: skip


def ends(request: Request) -> tuple[float, float]:
    events, bounds = joined([request.history])
    fades, gone = Prudence().ends(situations([request], events, bounds, len(COLUMNS)))
    return float(fades[0]), float(gone[0])


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (asked(), (90, 120)),
        (asked(50, 20), (40, 70)),
        (asked(50, 20, ahead=10), (30, 60)),
        (asked(100, 3), (0, 30)),
        (asked(400, 3), (0, 30)),
        (asked(50, 20, campaign=None), (40, 70)),
        (asked(400, 3, campaign=None), (90, 120)),
    ],
)
def test_ends_count_from_the_first_touch_but_of_what_has_no_role(
    request_: Request, expected: tuple[float, float]
) -> None:
    assert ends(request_) == pytest.approx(expected)


def test_another_campaign_is_another_role() -> None:
    rows = asked(100, 50).history
    other = Request("c", AT, rows, campaign_id="another role", timezone="America/New_York")
    assert ends(other) == (90, 120)


@pytest.mark.parametrize("days", range(5, 120, 15))
def test_no_plan_waits_beyond_the_end(decider: Decider, days: int) -> None:
    """But for a weekend that the last day falls on."""
    found = decider.decide([asked(days, days - 4)])[0]
    assert found.nudge_at is None or found.nudge_at < AT + timedelta(max(120 - days, 30) + 3)


def test_a_late_touch_is_worth_less_the_older_its_role(small_model: Model) -> None:
    ref, request = ModelRef("fineline", "1"), asked(95, 60)
    closing, open_for_ever = (
        Decider(small_model, ref, prudence=prudence).decide([request])[0].curve
        for prudence in (Prudence(), Prudence(fades_after=1e6, gone_after=2e6))
    )
    pairs = zip(closing, open_for_ever, strict=True)
    worth = [(closes.value, stays.value) for closes, stays in pairs if stays.value > 0]
    assert len(worth) > 5
    assert all(closes < stays for closes, stays in worth[1:])
    assert closing[-1].value < open_for_ever[-1].value / 3  # on day 30 nothing is left
