"""The decision: the same alone and in a batch, blind to the future, monotone, under rules."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.catalog.columns import COLUMNS
from features.events.schema import CHANNELS, EVENTS
from models.decide import Decider
from models.decision import NextTouch, Request, Utility
from models.lasting import lasting_columns
from models.planner import MOST_TOUCHES
from models.situation import joined, situations
from models.usual import OF_PARTY
from tests.factories import agency as random_agency
from tests.factories import table

AT = datetime(2024, 7, 10, 14, 0, tzinfo=UTC)
_given = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def touch(days_ago: float, **more: Any) -> dict[str, Any]:
    at = (AT - timedelta(days=days_ago)).isoformat()
    return {"contact_id": "c", "kind": "touch", "channel": "email", "occurred_at": at, **more}


def request(rows: list[dict[str, Any]], **more: Any) -> Request:
    history = table(rows) if rows else EVENTS.empty_table()
    return Request(**{"contact_id": "c", "at": AT, "history": history, **more})


@st.composite
def histories(draw: st.DrawFn) -> list[dict[str, Any]]:
    rows = []
    for _ in range(draw(st.integers(0, 8))):
        kind = draw(st.sampled_from(("touch", "touch", "touch", "open", "reply", "bounce")))
        row = touch(draw(st.floats(0.01, 90)), kind=kind, campaign_id="role")
        if kind == "reply":
            row["sentiment"] = "neutral"
        if kind == "touch":
            row["channel"] = draw(st.sampled_from(CHANNELS))
            row["actor_id"] = draw(st.sampled_from(("actor-1", "actor-2")))
        rows.append(row)
    return rows


def requests_of(events: pa.Table) -> list[Request]:
    """A request per contact of an organisation, at a moment in the middle of it."""
    frame = events.to_pandas()
    at = frame.recorded_at.quantile(0.7).to_pydatetime()
    found = []
    for contact, rows in frame.groupby("contact_id"):
        history = events.take(pa.array(rows.index))
        found.append(Request(contact, at, history, country="NL", channels=("email", "phone")))
    return found


def test_a_decision_is_the_same_alone_and_in_a_batch(decider: Decider) -> None:
    requests = requests_of(random_agency(3))
    assert decider.decide(requests) == [decider.decide([r])[0] for r in requests]


def test_what_is_recorded_later_changes_nothing(decider: Decider) -> None:
    for r in requests_of(random_agency(4)):
        recorded = r.history["recorded_at"].to_pylist()
        known = r.history.filter(pa.array([t <= r.at for t in recorded]))
        assert decider.decide([r]) == decider.decide([dataclasses.replace(r, history=known)])


def test_the_order_of_events_does_not_matter(decider: Decider) -> None:
    for r in requests_of(random_agency(5))[:20]:
        turned = r.history.take(pa.array(range(r.history.num_rows)[::-1]))
        again = decider.decide([dataclasses.replace(r, history=turned)])
        assert decider.decide([r])[0].if_nudged == again[0].if_nudged


@_given
@given(rows=histories(), channel=st.sampled_from(CHANNELS), hours=st.floats(20, 28))
def test_one_more_touch_yesterday_never_lowers_the_risk_to_annoy(
    decider: Decider, rows: list[dict[str, Any]], channel: str, hours: float
) -> None:
    more = touch(hours / 24, channel=channel, campaign_id="role")
    for asked in CHANNELS:
        less, pressed = decider.decide(
            [
                request(given_rows, campaign_id="role", channels=(asked,))
                for given_rows in (rows, [*rows, more])
            ]
        )
        assert pressed.if_nudged.p_annoy >= less.if_nudged.p_annoy


@_given
@given(rows=histories(), worth=st.floats(0.1, 5), annoyance=st.floats(0, 10))
def test_every_answer_holds_together(
    decider: Decider, rows: list[dict[str, Any]], worth: float, annoyance: float
) -> None:
    d = decider.decide([request(rows, utility=Utility(worth, annoyance, 0.01), country="US")])[0]
    n = d.if_nudged
    assert 0 <= n.p_land_interval[0] <= n.p_land <= n.p_land_interval[1] <= 1
    assert 0 <= n.p_annoy_interval[0] <= n.p_annoy <= n.p_annoy_interval[1] <= 1
    assert 0 <= d.if_left_alone.p_land <= 1
    assert 0 <= d.if_left_alone.p_annoy <= 1
    assert d.curve[0].delay_days == 0
    assert d.curve[-1].delay_days == 30
    assert (d.curve[0].p_land, d.curve[0].p_annoy) == (n.p_land, n.p_annoy)
    assert len(d.reasons) <= 5
    if d.hint == "nudge":
        assert d.score > 0
        assert d.nudge_at == d.at
    if d.hint == "stop":
        assert (d.channel, d.nudge_at, d.plan.further_touches) == (None, None, 0)
    else:
        assert d.nudge_at is not None
        assert d.nudge_at >= d.at
        assert d.plan.further_touches >= 1
    if d.hint == "wait":
        assert d.nudge_at is not None
        assert d.nudge_at > d.at


@pytest.mark.parametrize(
    ("event", "rule"),
    [
        ({"kind": "opt_out"}, "opted_out"),
        ({"kind": "complaint"}, "complained"),
        ({"kind": "reply", "sentiment": "negative"}, "pushed_back"),
        ({"kind": "reply", "sentiment": "positive"}, "landed"),
    ],
)
def test_an_ended_thread_is_left_alone(decider: Decider, event: dict[str, Any], rule: str) -> None:
    rows = [touch(5), {**touch(2), "channel": None, **event}]
    d = decider.decide([request([{k: v for k, v in r.items() if v} for r in rows])])[0]
    assert d.hint == "stop"
    assert d.rules[0].rule == rule


def test_an_opt_out_stops_every_thread(decider: Decider) -> None:
    rows = [touch(5, campaign_id="a"), touch(4, campaign_id="b"), touch(1, kind="opt_out")]
    assert decider.decide([request(rows, campaign_id="b")])[0].hint == "stop"


def test_an_answer_without_a_campaign_ends_the_thread_touched_last(decider: Decider) -> None:
    rows = [touch(9, campaign_id="a"), touch(4, campaign_id="b"), touch(1, kind="reply")]
    assert decider.decide([request(rows, campaign_id="b")])[0].rules[0].rule == "landed"
    assert not decider.decide([request(rows, campaign_id="a")])[0].rules[:1] or (
        decider.decide([request(rows, campaign_id="a")])[0].rules[0].rule != "landed"
    )


def test_a_thread_whose_mail_bounced_goes_on_where_else_it_has_been(decider: Decider) -> None:
    rows = [touch(15), touch(15, kind="bounce"), touch(9, channel="linkedin"),
            touch(5, channel="phone", campaign_id="another")]  # fmt: skip
    for campaign in ("", "role"):
        told = [{"campaign_id": campaign, **row} if campaign else row for row in rows]
        asked = Request(
            "c", AT, table(told), campaign_id=campaign, utility=Utility(annoy=0.0, touch=0.0)
        )
        d = decider.decide([asked])[0]
        assert (d.hint, d.channel) in (("nudge", "linkedin"), ("wait", "linkedin"))
        assert "channel_bounced" in [r.rule for r in d.rules]
        mail = decider.decide([dataclasses.replace(asked, channels=("email",))])[0]
        assert (mail.hint, mail.channel, mail.over) == ("stop", None, True)
        assert mail.advice.startswith("Stop: e-mails no longer reach")
        dear = decider.decide([dataclasses.replace(asked, utility=Utility(touch=9.0))])[0]
        assert (dear.hint, dear.over) == ("stop", False)
        assert dear.advice.startswith("Stop: another touch would cost more than it brings")


def test_a_bounced_channel_is_not_offered(decider: Decider) -> None:
    rows = [touch(5), touch(5, kind="bounce")]
    d = decider.decide([request(rows, channels=("email", "phone"))])[0]
    assert d.channel != "email"
    assert "channel_bounced" in [r.rule for r in d.rules]


def test_nobody_is_called_at_night(decider: Decider) -> None:
    night = datetime(2024, 7, 10, 8, 0, tzinfo=UTC)  # 4 o'clock in New York
    r = request([touch(9)], at=night, timezone="America/New_York", country="US")
    d = decider.decide([dataclasses.replace(r, channels=("phone",))])[0]
    assert d.hint != "nudge"
    if d.nudge_at is not None:
        assert d.nudge_at >= datetime(2024, 7, 10, 12, 0, tzinfo=UTC)


def test_no_history_is_answered_with_little_evidence(decider: Decider) -> None:
    d = decider.decide([request([])])[0]
    assert d.if_left_alone.p_land == 0
    assert d.campaign_id is None
    assert d.evidence.text.endswith(".")


def test_the_latest_campaign_is_meant_where_none_is_named(decider: Decider) -> None:
    d = decider.decide([request([touch(9, campaign_id="a"), touch(4, campaign_id="b")])])[0]
    assert d.campaign_id == "b"


def test_an_unknown_actor_and_attribute_are_fine(decider: Decider) -> None:
    r = request([touch(3, actor_id="nobody knows")], attributes={"seniority": "?", "x": 1.0})
    assert decider.decide([r])[0].hint in ("nudge", "wait", "stop")


def test_a_sender_never_seen_is_taken_to_fare_as_senders_usually_do(decider: Decider) -> None:
    """A blank record would promise whatever the priors of rates promise."""
    model = decider.model

    def columns_of(party: str, actor: str, account: str) -> Any:
        r = request([], next_touch=NextTouch(actor_id=actor, account_id=account))
        s = situations([r], *joined([r.history]), len(COLUMNS))
        return lasting_columns(model, [r], s).rows[0, OF_PARTY[party]]

    for party, known in (("actor", ("recruiter-0", "new")), ("account", ("new", "client-0"))):
        usual = model.usual[OF_PARTY[party]]
        np.testing.assert_array_equal(columns_of(party, "new", "new"), usual)
        assert not np.array_equal(columns_of(party, *known), usual)


@pytest.mark.parametrize(("cost", "days_ago"), [(0.0, 30), (0.0, 0.5), (0.004, 30)])
def test_a_plan_as_long_as_anybody_looked_has_no_end(
    decider: Decider, cost: float, days_ago: float
) -> None:
    utility = Utility(land=1, annoy=0.01, touch=cost)
    (d,) = decider.decide([request([touch(days_ago)], country="NL", utility=utility)])
    most = MOST_TOUCHES - (d.hint == "wait")
    assert d.plan.open_ended == (cost == 0)
    assert d.plan.further_touches == most if cost == 0 else 1 < d.plan.further_touches < most
