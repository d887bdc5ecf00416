"""The time of year: known from a whole year, not from half of one, and said in words."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from features.catalog.columns import COLUMNS
from models.attributes import Encoding
from models.decide import Decider
from models.decision import Decision, ModelRef, Request
from models.model import Model, feature_names
from models.spoken import time_of_year
from tests.built import PLACE, built
from tests.factories import table
from training.fit import Fitter
from training.kinds import EVER_GROWING, annoy_kind, follow_up_kind, land_kind
from training.season import OF_YEAR, WHOLE_YEAR, by_season
from training.watched import Watched

NAMES = feature_names(Encoding(()))
YEAR = 365.2425


def touches(days: float, n: int = 30_000, peak: float = 3.0, growth: float = 1.0) -> Watched:
    """First e-mails over so many days.

    At New Year `peak` times as many land as in July, at the end `growth` times as many as at first.
    """
    rng = np.random.default_rng(5)
    time = np.sort(rng.uniform(0, days, n))
    x = np.zeros((n, len(NAMES)), np.float32)
    x[:, NAMES.index("channel_email")] = 1
    x[:, NAMES.index("year_cos")] = np.cos(2 * np.pi * time / YEAR)
    x[:, NAMES.index("year_sin")] = np.sin(2 * np.pi * time / YEAR)
    rate = 0.05 * peak ** (x[:, NAMES.index("year_cos")] / 2) * growth ** (time / days)
    why = (rng.random(n) < rate).astype(np.int8)
    lasted = np.where(why == 1, 3.0, 90.0)
    own = np.arange(n)
    return Watched(x, time, lasted, why, own.astype(np.int32), np.ones(n, np.int32),
                   own, lasted, why)  # fmt: skip


def promised(w: Watched) -> np.ndarray:
    """Scores of a first e-mail at New Year, in early April, and in early July."""
    fitted = Fitter(land_kind(Encoding(())), NAMES, members=2).fit(by_season(w), slope=1.0)
    x = np.zeros((3, len(NAMES)), np.float32)
    x[:, NAMES.index("channel_email")] = 1
    x[:, OF_YEAR] = [(1, 0), (0, 1), (-1, 0)]
    return np.asarray(fitted.score(x)[0])


def test_a_year_teaches_the_season() -> None:
    winter, spring, summer = promised(touches(YEAR))
    assert winter - summer == pytest.approx(np.log(3), abs=0.2)
    assert spring == pytest.approx((winter + summer) / 2, abs=0.15)


def test_less_than_a_year_teaches_none() -> None:
    assert np.ptp(promised(touches(WHOLE_YEAR - 10))) == 0


def test_a_trend_is_not_taken_for_a_season() -> None:
    winter, spring, summer = promised(touches(YEAR, peak=1.0, growth=2.0))
    assert [spring - winter, summer - winter] == pytest.approx([0, 0], abs=0.1)


def asked(model: Model, month: int) -> Decision:
    """A hint about somebody who was written to two months ago, on the second of a month."""
    at = datetime(2024, month, 2, 10, tzinfo=UTC)
    before = (at - timedelta(days=60)).isoformat()
    touch = {"contact_id": "c", "kind": "touch", "channel": "email", "occurred_at": before}
    request = Request("c", at, table([touch]), timezone="Europe/Berlin", channels=("email",))
    return Decider(model, ModelRef("f", "1")).decide([request])[0]


def seasonal(model: Model, cosine: float, sine: float) -> Model:
    """The model with these coefficients of the time of year under landing."""
    coefficients, names = model.land.coefficients.copy(), model.land.basis.names
    coefficients[:, [1 + names.index(n) for n in ("year_cos", "year_sin")]] = cosine, sine
    land = dataclasses.replace(model.land, coefficients=coefficients)
    return dataclasses.replace(model, land=land)


def test_hints_plans_and_reasons_go_with_the_season(small_model: Model) -> None:
    model = seasonal(small_model, 1.0, 0.0)
    july, october, january = (asked(model, month) for month in (7, 10, 1))
    assert january.if_nudged.p_land > 4 * july.if_nudged.p_land
    assert any(r.text.startswith("The time of year, early January: ") for r in january.reasons)
    rise = [d.curve[-1].p_land / d.curve[0].p_land for d in (october, january)]
    assert rise[0] > 1.5 * rise[1]  # 30 days on: towards the height, and away from it


def test_trees_never_see_the_time_of_year() -> None:
    assert [NAMES[i] for i in OF_YEAR] == ["year_cos", "year_sin"]
    for kind in (land_kind, annoy_kind, follow_up_kind):
        assert not set(OF_YEAR) & set(kind(Encoding(())).columns)


def test_trees_cannot_read_the_date_from_all_that_a_sender_ever_did() -> None:
    growing = {"actor_touches", "actor_threads", "account_touches", "contact_touches"}
    assert {NAMES[i] for i in EVER_GROWING} == growing
    for kind in (land_kind, annoy_kind, follow_up_kind):
        assert not growing & {NAMES[i] for i in kind(Encoding(())).columns}


@pytest.mark.parametrize("year", [1970, 2024, 2100])
def test_the_columns_go_round_with_the_year(year: int) -> None:
    days = [datetime(year, month, 1, 12, tzinfo=UTC).isoformat() for month in (1, 4, 7, 10)]
    rows = [
        {
            "event_id": str(i),
            "contact_id": "c",
            "kind": "touch",
            "channel": "email",
            "occurred_at": day,
        }
        for i, day in enumerate(days)
    ]
    x = built(table(rows)).x
    assert x[:, PLACE["year_cos"]] == pytest.approx([1, 0, -1, 0], abs=0.05)
    assert x[:, PLACE["year_sin"]] == pytest.approx([0, 1, 0, -1], abs=0.05)


def test_every_day_of_a_year_has_a_name() -> None:
    said = [time_of_year(day / 365) for day in range(365)]
    assert len(dict.fromkeys(said)) == 36
    assert (said[0], said[-1]) == ("early January", "late December")
    assert "mid-May" in said


def test_no_touch_changes_the_time_of_year() -> None:
    assert all(COLUMNS[i].feature.under_touch == "same" for i in OF_YEAR)
