"""How the organisation's touches land these days counts now, ebbs, and is over one day."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from features.catalog.columns import COLUMNS, POSITION
from features.moments import microseconds
from models.decide import Decider
from models.decision import Decision, ModelRef, Request
from models.fares import Asked, Places, Rows, read
from models.given import TIDES, Given
from models.ledger import Ledger
from models.model import Model
from models.usual import usual_touch
from tests.built import PLACE, built
from tests.factories import START, Row, table
from training.kinds import annoy_kind, follow_up_kind, land_kind

WEEK = POSITION["tide_land_8d"]
AT = datetime(2024, 5, 7, 10, tzinfo=UTC)


def approaches(days: int, landed: set[int]) -> list[Row]:
    """One person a day is written to; those of the days `landed` agree to meet within the hour."""
    rows: list[Row] = []
    for i in range(days):
        at = START + timedelta(days=i)
        who: Row = {"contact_id": f"c{i}"}
        rows.append({"event_id": f"{i:03}", "kind": "touch", "channel": "email",
                     "occurred_at": at.isoformat(), **who})  # fmt: skip
        if i in landed:
            later = (at + timedelta(hours=1)).isoformat()
            rows.append({"event_id": f"{i:03}x", "kind": "meeting", "occurred_at": later, **who})
    return rows


def test_a_tide_is_the_rate_of_these_days_beside_that_of_all_time() -> None:
    """One of four landed, an hour after the first touch: before the fifth, by hand."""
    x = built(table(approaches(5, {0})))
    ago = np.array([4.0, 3, 2, 1])
    for name, half in (("12h", 0.5), ("2d", 2.0), ("8d", 8.0), ("32d", 32.0)):
        lands, touches = 0.5 ** ((4 - 1 / 24) / half), (0.5 ** (ago / half)).sum()
        by_hand = np.log((lands + 20 / 4) / ((touches + 20) / 4))
        assert x.column(f"tide_land_{name}")[-1] == pytest.approx(by_hand, rel=1e-5)
    assert not x.x[0, [PLACE[f"tide_land_{n}"] for n in ("12h", "2d", "8d", "32d")]].any()


def ledger() -> Ledger:
    """Of the last ten of forty days everybody landed, of the others nobody."""
    end = microseconds(START + timedelta(days=40))
    return Ledger.counted(table(approaches(40, set(range(30, 40)))), end)


def test_it_has_ebbed_by_the_moment_that_is_asked_about() -> None:
    known = ledger()
    days = np.array([-5, 0, 8, 80, 3650])
    asked = Asked([None] * 5, [None] * 5, ["c"] * 5, known.as_of + days * 86_400_000_000)
    rows = read(known, asked.places(known), asked.at, len(COLUMNS))
    before, high, lower, low, none = rows[:, WEEK]
    assert before == high > 0.3
    assert [lower / high, low / high, none] == pytest.approx([0.5, 0.5**10, 0.0])
    rates = rows[:, POSITION["organisation_land_rate_8d"]]
    assert (rates == rates[0]).all()


def test_no_tide_is_usual(decider: Decider) -> None:
    x = np.zeros((3, len(COLUMNS)), np.float32)
    usual = usual_touch(x, dataclasses.replace(decider.model.encoding, attributes=()), ledger())
    assert usual[list(TIDES)] == pytest.approx(np.zeros(4), abs=1e-12)


def test_the_line_under_landing_knows_it_and_trees_do_not(small_model: Model) -> None:
    land, annoy = (kind(small_model.encoding) for kind in (land_kind, annoy_kind))
    assert set(TIDES) <= set(land.given)
    assert not set(TIDES) & set(annoy.given)
    for kind in (land, annoy, follow_up_kind(small_model.encoding)):
        assert not set(TIDES) & set(kind.columns)


@dataclasses.dataclass(frozen=True)
class Tide:
    """Knows that the tide of the week is so high."""

    height: float

    def fill(self, rows: Rows, asked: Asked, ledger: Ledger, known: Places) -> None:
        """As `Fares.fill`."""
        rows[:, list(TIDES)] = 0.0
        rows[:, WEEK] = self.height


def told(model: Model, height: float) -> Decision:
    """A hint about somebody written to ten days ago, where half of a tide's height counts."""
    given = Given(np.array([WEEK]), np.zeros(1), np.ones(1))
    weights = np.full((len(model.land.coefficients), 1), 0.5)
    land = dataclasses.replace(model.land, given=given, weights=weights)
    before = (AT - timedelta(days=10)).isoformat()
    touch = {"contact_id": "c", "kind": "touch", "channel": "email", "occurred_at": before}
    request = Request("c", AT, table([touch]), timezone="Europe/Berlin", channels=("email",))
    decider = Decider(dataclasses.replace(model, land=land), ModelRef("f", "1"))
    return decider.knowing(Tide(height)).decide([request])[0]


def test_it_ebbs_along_a_plan(small_model: Model) -> None:
    """Half of what it adds to the score is gone after eight days."""
    high, none = told(small_model, 2.0), told(small_model, 0.0)
    for with_it, without in zip(high.curve, none.curve, strict=True):
        added = np.log(np.log1p(-with_it.p_land) / np.log1p(-without.p_land))
        assert added == pytest.approx(0.5 ** (with_it.delay_days / 8), abs=1e-4)
        assert with_it.p_annoy == without.p_annoy


def test_a_touch_is_worth_less_in_a_low_tide_and_waiting_more(small_model: Model) -> None:
    low, none = told(small_model, -2.5), told(small_model, 0.0)
    assert low.score < none.score
    assert low.if_nudged.p_land < none.if_nudged.p_land


def test_it_is_said_in_words(small_model: Model) -> None:
    reasons = [r.text for r in told(small_model, 2.9).reasons]
    assert any(t.startswith("Threads of the organisation land more often lately") for t in reasons)
