"""What earlier touches still bring counts: where it is judged, planned with and stated."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from features.catalog.columns import COLUMNS, POSITION
from features.events.schema import CHANNELS
from models.carried import RECALLED, carried
from models.courses import MADE
from models.decide import Decider
from models.decision import Chance, Decision, ModelRef, Request
from models.lags import HORIZON, LAG_EDGES, Baseline
from models.model import Model
from models.situation import joined, situations
from models.under_way import GOING, add, coming, take_up
from tests.factories import Row, table
from training.dataset import Dataset, prepare
from training.evaluate import before_next

AT = datetime(2024, 7, 10, 14, tzinfo=UTC)
EMAIL = CHANNELS.index("email")


def touches(*days: float, **more: str) -> list[Row]:
    """Touches of one thread so many days ago."""
    return [
        {"contact_id": "c", "kind": "touch", "channel": "email",
         "occurred_at": (AT - timedelta(days=d)).isoformat(), **more}
        for d in days
    ]  # fmt: skip


def carrying(model: Model, carry: float) -> Model:
    """The same model, but so much is carried over past a further touch."""
    land, annoy = (dataclasses.replace(o, carry=carry) for o in (model.land, model.annoy))
    return dataclasses.replace(model, land=land, annoy=annoy)


def left_alone(model: Model, rows: list[Row]) -> tuple[float, float]:
    asked = Request("c", AT, table(rows), channels=("email",))
    d = Decider(model, ModelRef("fineline", "1")).decide([asked])[0]
    return d.if_left_alone.p_land, d.if_left_alone.p_annoy


def of_last(model: Model, rows: list[Row]) -> float:
    return left_alone(carrying(model, 0.0), rows)[0]


def test_what_is_on_its_way_is_of_all_touches_as_far_as_they_are_carried_over(
    decider: Decider,
) -> None:
    """Hazards add up: of the first touch as it was alone, and of the second."""
    model = decider.model
    second = of_last(model, touches(4, 1))
    first = of_last(model, touches(4))
    both = left_alone(carrying(model, 1.0), touches(4, 1))[0]
    assert both == pytest.approx(1 - (1 - first) * (1 - second), rel=1e-6)
    half = left_alone(carrying(model, 0.5), touches(4, 1))[0]
    assert half == pytest.approx(1 - (1 - first) ** 0.5 * (1 - second), rel=1e-6)
    assert left_alone(carrying(model, 0.0), touches(4, 1))[0] == second


def test_a_touch_changes_what_it_brings_less_what_it_ends(decider: Decider) -> None:
    """The latest touch goes on for the share that is carried over, the ones before as they did."""

    def asked(carry: float, rows: list[Row]) -> Decision:
        request = Request("c", AT, table(rows), channels=("email",))
        return Decider(carrying(decider.model, carry), ModelRef("f", "1")).decide([request])[0]

    first = asked(0.5, [])
    assert (first.uplift.p_land, first.uplift.p_annoy) == (
        first.if_nudged.p_land, first.if_nudged.p_annoy,
    )  # fmt: skip
    for carry in (0.0, 0.5, 1.0):
        d, last = asked(carry, touches(1)), asked(0.0, touches(1)).if_left_alone.p_land
        with_it = 1 - (1 - d.if_nudged.p_land) * (1 - last) ** carry
        assert d.uplift.p_land == pytest.approx(with_it - d.if_left_alone.p_land, rel=1e-6)
        assert d.if_left_alone.p_land == last


def test_nothing_comes_by_itself_where_a_rule_stops(decider: Decider) -> None:
    rows = [*touches(3), {**touches(1)[0], "kind": "opt_out"}]
    d = decider.decide([Request("c", AT, table(rows), channels=("email",))])[0]
    assert d.over
    assert d.if_left_alone == Chance(0.0, 0.0)
    assert (d.uplift.p_land, d.uplift.p_annoy) == (d.if_nudged.p_land, d.if_nudged.p_annoy)


def test_only_the_latest_of_many_touches_are_recalled(decider: Decider) -> None:
    times = [0.5 + 0.1 * k for k in range(RECALLED + 3)][::-1]
    asked = Request("c", AT, table(touches(*times)), channels=("email",))
    events, ends = joined([asked.history])
    made = situations([asked], events, ends, len(COLUMNS)).made
    assert made.lag == pytest.approx(times[-RECALLED:])
    assert made.rows[:, POSITION["thread_touches"]].tolist() == [*range(3, RECALLED + 3)]


def test_a_touch_of_another_thread_brings_nothing_here(decider: Decider) -> None:
    model = carrying(decider.model, 1.0)
    own = touches(1, campaign_id="role")
    with_other = [*touches(2, campaign_id="another"), *own]
    asked = Request("c", AT, table(with_other), campaign_id="role")
    d = Decider(model, ModelRef("fineline", "1")).decide([asked])[0]
    nothing = Decider(carrying(model, 0.0), ModelRef("fineline", "1")).decide([asked])[0]
    assert d.if_left_alone == nothing.if_left_alone


def by_hand(
    base: Baseline, going: list[tuple[float, float]], now: float, days: float, carry: float
) -> float:
    """Hazard over `days` from `now` of touches (made, rate), the last of them the latest."""
    shares = [carry] * (len(going) - 1) + [1.0]
    return sum(
        share * rate * float(base.at(now + days - made) - base.at(now - made))
        for (made, rate), share in zip(going, shares, strict=True)
    )


@pytest.mark.parametrize("carry", [0.0, 0.4, 1.0])
def test_a_course_counts_with_all_touches_under_way(carry: float) -> None:
    base = Baseline.prior(0.1)
    hazards = (LAG_EDGES, base.by_channel, base.by_channel, carry, 0.0)
    made = np.zeros(2, MADE).view(np.recarray)
    going = np.zeros(4, GOING).view(np.recarray)
    made["channel"], made["lag"] = EMAIL, (9.0, 2.0)
    made["land"], made["annoy"] = (0.5, 1.5), 1.0
    take_up(made, hazards, going)
    old = [(-9.0, 0.5), (-2.0, 1.5)]
    land, annoy = coming(going, 2, hazards, 0.0, 5.0, np.inf, True)
    assert land == pytest.approx(by_hand(base, old, 0.0, 5.0, carry))
    assert annoy == pytest.approx(by_hand(base, [(-2.0, 1.0)], 0.0, 5.0, 0.0))
    n = add(going, 2, EMAIL, 5.0, 2.0, 1.0)
    new = [*old, (5.0, 2.0)]
    assert coming(going, n, hazards, 5.0, 90.0, np.inf, False)[0] == pytest.approx(
        by_hand(base, new, 5.0, 90.0, carry)
    )
    # Landings come while the role is open.
    assert coming(going, n, hazards, 5.0, 90.0, 3.0, False)[0] == pytest.approx(
        by_hand(base, new, 5.0, 3.0, carry)
    )
    assert coming(going, n, hazards, 5.0, 90.0, -1.0, False)[0] == 0.0


@pytest.fixture(scope="module")
def thread(decider: Decider) -> Dataset:
    """Four touches; the second was recorded after the third was made."""
    rows = touches(30, 20, 10, 1)
    rows[1]["recorded_at"] = (AT - timedelta(days=5)).isoformat()
    return prepare(table(rows), None, decider.model.encoding)[0]


def test_only_touches_on_record_are_known_at_the_next(thread: Dataset) -> None:
    everything = thread.earlier(np.ones(4, bool))
    pairs = sorted(zip(everything.asked.tolist(), everything.made.tolist(), strict=True))
    assert pairs == [(1, 0), (2, 0), (3, 0), (3, 1), (3, 2)]
    last = thread.earlier(np.array([False, False, False, True]))
    assert sorted(last.age.tolist()) == pytest.approx([9, 19, 29])
    assert set(last.asked.tolist()) == {0}


def test_what_comes_before_the_next_touch_may_be_due_to_an_earlier_one(
    decider: Decider, thread: Dataset
) -> None:
    rows = np.ones(4, bool)
    without, whole = (
        before_next(carrying(decider.model, carry), thread, rows)[0] for carry in (0.0, 1.0)
    )
    assert whole[0] == without[0]
    assert (whole[1:] > without[1:]).all()
    model = carrying(decider.model, 1.0)
    due = carried(model.land, thread.earlier(rows), np.full((4, 1), HORIZON))[:, 0]
    rate = np.exp(model.land.score(thread.watched.x)[0])
    age, at = np.array([29.0, 19.0, 9.0]), np.full(3, EMAIL)
    step = model.land.baseline.at(age + HORIZON, at) - model.land.baseline.at(age, at)
    assert due[3] == pytest.approx(rate[:3] @ step)
