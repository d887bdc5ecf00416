"""Roles close: a plan looks ahead to the end of a thread's role, which no question puts off."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from features.catalog.columns import COLUMNS
from features.events.schema import EVENTS
from models.decide import Decider
from models.decision import ModelRef, Request, Utility
from models.hold import Hold
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
    s = situations([request], events, bounds, len(COLUMNS))
    fades, gone = Prudence().ends(s, np.array([np.inf]))
    return float(fades[0]), float(gone[0])


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (asked(), (90, 120)),
        (asked(50, 20), (40, 70)),
        (asked(50, 20, ahead=10), (30, 60)),
        (asked(100, 3), (0, 30)),
        (asked(119, 3), (0, 30)),
        (asked(121, 3), (90, 120)),
        (asked(50, 20, campaign=None), (40, 70)),
        (asked(400, 3, campaign=None), (90, 120)),
    ],
)
def test_ends_count_from_the_first_touch_until_it_has_outlived_them(
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
    ref = ModelRef("fineline", "1")
    request = dataclasses.replace(asked(95, 60), utility=Utility(annoy=0.2, touch=0.001))
    closing, open_for_ever = (
        Decider(small_model, ref, prudence=prudence).decide([request])[0].curve
        for prudence in (Prudence(), Prudence(fades_after=1e6, gone_after=2e6))
    )
    pairs = zip(closing, open_for_ever, strict=True)
    worth = [(closes.value, stays.value) for closes, stays in pairs if stays.value > 0]
    assert len(worth) > 5
    assert all(closes < stays for closes, stays in worth[1:])
    assert closing[-1].value < open_for_ever[-1].value / 3  # on day 30 nothing is left


def closing(request: Request, days: float) -> Request:
    return dataclasses.replace(request, closes_at=request.at + timedelta(days))


def test_a_role_that_is_closed_stops_its_thread(decider: Decider) -> None:
    found = decider.decide([closing(asked(5), -0.5)])[0]
    assert (found.hint, found.over, found.nudge_at, found.channel) == ("stop", True, None, None)
    assert [hit.rule for hit in found.rules] == ["role_closed"]
    assert found.advice == (
        "Stop: the role closed on 10 July 2024; there is nothing left to follow up in this thread."
    )


def test_a_role_that_closes_before_anybody_may_be_touched(decider: Decider) -> None:
    """On Saturday at noon, of a role that closes on Sunday."""
    saturday = dataclasses.replace(asked(5), at=AT + timedelta(days=3))
    found = decider.decide([closing(saturday, 1.0)])[0]
    assert (found.hint, found.over) == ("stop", True)
    assert [hit.text for hit in found.rules if hit.rule == "role_closed"] == [
        "The role closes on 14 July 2024, before the contact may be written to or called."
    ]
    longer = decider.decide([closing(saturday, 9.0)])[0]
    assert "role_closed" not in {hit.rule for hit in longer.rules}


def test_the_longer_a_role_stays_open_the_more_its_courses_are_worth(decider: Decider) -> None:
    asked_about = [closing(asked(9, 5), days) for days in (0.1, 1, 3, 8, 20, 50, 90, 4000)]
    worth = [d.curve[0].value for d in decider.decide(asked_about)]
    assert worth == sorted(worth)
    assert worth[0] < worth[1] < worth[-1] < float("inf")


@pytest.mark.parametrize("days", [2, 9, 23, 41])
def test_no_touch_is_planned_after_the_close(decider: Decider, days: int) -> None:
    request = closing(asked(9, 5), days)
    found = decider.decide([request])[0]
    for moment in (found.nudge_at, found.plan.stop_after):
        assert moment is None or moment <= (request.closes_at or AT)
    assert found.curve[-1].value <= 0 or days > 30


def test_a_plan_that_the_close_ends_says_so(decider: Decider) -> None:
    """And one that ends by itself does not; the day is on the contact's clock."""
    said = set()
    for days in (0.4, 1, 2, 9, 400):
        for request in (closing(asked(9, 5), days), closing(asked(5), days)):
            found = decider.decide(
                [dataclasses.replace(request, utility=Utility(annoy=0.0, touch=0.001))]
            )[0]
            assert found.hint == "nudge"
            assert found.plan.stop_after is not None
            room = (request.closes_at or AT) - found.plan.stop_after
            ended = room <= timedelta(days=found.plan.gap_days or 2)
            assert ("then stop: the role closes " in found.advice) == ended, found.advice
            said.add(found.advice.partition("the role closes ")[2])
    assert {"", "today.", "tomorrow.", "on Friday."} <= said


def test_where_nothing_pays_before_the_close_that_is_said(decider: Decider) -> None:
    dear = dataclasses.replace(asked(5), utility=Utility(touch=5.0))
    soon, late = (decider.decide([closing(dear, days)])[0] for days in (3, 60))
    assert soon.advice == (
        "Stop: the role closes on Saturday, and until then another touch would cost more than it "
        "brings."
    )
    assert "role" not in late.advice


def test_what_was_sent_brings_nothing_after_the_close_either(decider: Decider) -> None:
    """Left alone, a thread is worth less where its role closes soon."""
    soon, late = decider.decide([closing(asked(1), days) for days in (0.5, 60)])
    assert soon.if_left_alone == late.if_left_alone  # within 30 days, whoever is still waiting
    assert soon.score != late.score
    # Where touches cost nothing, one made after the close adds nothing: what is left was sent.
    free = dataclasses.replace(asked(1), utility=Utility(annoy=0.0, touch=0.0))
    sent = decider.decide([closing(free, 0.5)])[0]
    assert 0 < sent.curve[-1].value < sent.if_left_alone.p_land / 2
    assert soon.decision_id != late.decision_id


def test_nobody_is_held_back_until_after_the_close(small_model: Model) -> None:
    holding = Decider(small_model, ModelRef("fineline", "1"), hold=Hold(1.0, b"key"))
    request = dataclasses.replace(asked(), hinted_since=AT, utility=Utility(annoy=0.0, touch=0.0))
    held, shown = holding.decide([closing(request, days) for days in (30, 5)])
    assert (held.hint, held.held) == ("wait", True)
    assert (shown.hint, shown.held, shown.propensity) == ("nudge", False, 1.0)
