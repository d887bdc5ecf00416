"""The log and what follows from it: occasions, rewards, policies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from features.errors import BadInput
from features.events.parquet_format import write_parquet
from features.moments import microseconds
from features.state import DAY
from models.decision import Utility
from tests.factories import NAMED, agency, table
from training.offpolicy.log import (
    NUMBERS,
    REQUIRED,
    UPLIFT,
    expected_changes,
    occasions,
    read_log,
)
from training.offpolicy.policies import nudging
from training.offpolicy.rewards import Happened

START = datetime(2024, 3, 1, 12, tzinfo=UTC)


def decision(day: float, **more: Any) -> dict[str, Any]:
    return {
        "contact_id": "c", "campaign_id": "role", "touch_number": 1,
        "at": START + timedelta(days=day), "hint": "nudge", "held": False, "propensity": 0.95,
        "score": 0.1, **more,
    }  # fmt: skip


def held(day: float, **more: Any) -> dict[str, Any]:
    return decision(day, hint="wait", held=True, propensity=0.05, **more)


def log(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows))


def test_an_occasion_is_the_first_wish_for_each_touch_of_each_thread() -> None:
    found = occasions(
        log(
            held(3, contact_id="b"),
            held(4, contact_id="b"),
            decision(10, contact_id="b", propensity=1.0),
            decision(12, contact_id="b", touch_number=2, propensity=0.9),
            decision(2, hint="wait", propensity=1.0),
            decision(5),
            decision(6),
            decision(5, campaign_id=None, touch_number=4),
            decision(7, campaign_id="sure", propensity=1.0),
            decision(8, campaign_id="sure"),
        )
    )
    rows = zip(found.contact.tolist(), found.at.tolist(), found.held.tolist(), strict=True)
    at = [microseconds(START + timedelta(days=d)) for d in (3, 12, 5, 5)]
    assert [found.contacts[c] for c in found.contact] == ["b", "b", "c", "c"]
    assert list(rows) == list(zip([0, 0, 1, 1], at, [True, False, False, False], strict=True))
    assert found.nudging == pytest.approx([0.95, 0.9, 0.95, 0.95])
    assert (found.decisions, found.undrawn) == (10, 1)
    assert set(found.table["campaign_id"].to_pylist()[2:]) == {"role", None}


def test_the_models_own_values_come_from_the_curve() -> None:
    curve = '[{"delay_days": 0.0, "value": 0.3}, {"delay_days": 7.0, "value": 0.2}]'
    numbers = occasions(log(decision(1, curve=curve), held(1, touch_number=2, curve=None)))
    assert numbers.numbers()[:, -2:].tolist() == [[0.3, 0.2], [0.0, 0.0]]
    assert occasions(log(decision(1, score=None, other=1.0))).numbers()[0, 0] == 0.0


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([{"contact_id": "c"}], "field campaign_id: is missing"),
        ([decision(1), decision(2, hint=None)], "row 2, field hint: is empty"),
        ([decision(1), decision(2, propensity=0.0)], "row 2, field propensity: is not a prob"),
        ([decision(1, propensity=1.5)], "row 1, field propensity: is not a prob"),
        ([decision(1, propensity=float("nan"))], "row 1, field propensity: is not a prob"),
    ],
)
def test_a_wrong_log_is_named(tmp_path: Path, rows: list[dict[str, Any]], says: str) -> None:
    write_parquet(log(*rows), tmp_path / "log.parquet")
    with pytest.raises(BadInput, match=says):
        read_log(tmp_path / "log.parquet")


def test_a_folder_is_all_its_files(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no Parquet file"):
        read_log(tmp_path)
    write_parquet(log(decision(1, campaign_id=None)), tmp_path / "a.parquet")
    write_parquet(log(decision(2, more=1)), tmp_path / "b.parquet")
    assert read_log(tmp_path)["touch_number"].to_pylist() == [1, 1]
    assert read_log(tmp_path / "a.parquet").num_rows == 1
    with pytest.raises(BadInput, match="holds no Parquet file"):
        read_log(tmp_path / "nothing.parquet")


def events(*rows: dict[str, Any]) -> pa.Table:
    return table(
        [
            {"contact_id": "c", **r, "occurred_at": (START + timedelta(days=r["day"])).isoformat()}
            for r in ({**r} for r in rows)
        ]
    )


def between(found: Happened, contact: str, first: float, last: float) -> tuple[float, ...]:
    start = np.array([microseconds(START + timedelta(days=d)) for d in (first, last)])
    r = found.between([contact], np.zeros(1, np.int64), start[:1], start[1:])
    return float(r.landed[0]), float(r.annoyed[0]), float(r.touches[0])


def test_what_happened_counts_for_the_person_in_every_thread() -> None:
    happened = Happened(
        events(
            {"day": 0, "kind": "touch", "channel": "email", "campaign_id": "a"},
            {"day": 1, "kind": "touch", "channel": "email", "campaign_id": "b"},
            {"day": 2, "kind": "reply", "sentiment": "positive", "campaign_id": "a"},
            {"day": 3, "kind": "meeting", "campaign_id": "a"},
            {"day": 4, "kind": "reply", "sentiment": "neutral", "campaign_id": "b"},
            {"day": 5, "kind": "reply", "sentiment": "negative", "campaign_id": "b"},
            {"day": 5.1, "kind": "opt_out", "campaign_id": "b"},
            {"day": 0, "kind": "touch", "channel": "email", "contact_id": "other"},
        )
    )
    assert between(happened, "c", 0, 30) == (1, 1, 2)
    assert between(happened, "c", 0, 1) == (0, 0, 1)
    assert between(happened, "c", 1, 2) == (0, 0, 1)
    assert between(happened, "c", 2, 5) == (1, 0, 0)
    assert between(happened, "c", 3, 30) == (0, 1, 0)
    assert between(happened, "other", 0, 30) == (0, 0, 1)
    assert between(happened, "nobody", 0, 30) == (0, 0, 0)
    assert happened.until == microseconds(START + timedelta(days=5.1))


def test_touches_are_those_of_a_plain_loop() -> None:
    history = agency(5, NAMED)
    happened = Happened(history)
    rows = history.to_pylist()
    for contact in sorted({r["contact_id"] for r in rows})[:20]:
        for day in (0.0, 20.3, 61.7):
            first, last = (START + timedelta(days=d) for d in (day, day + 40))
            expected = sum(
                r["contact_id"] == contact
                and r["kind"] == "touch"
                and first <= r["occurred_at"] < last
                for r in rows
            )
            assert between(happened, contact, day, day + 40)[2] == expected


def test_a_value_weighs_what_happened() -> None:
    happened = Happened(events({"day": 0, "kind": "touch", "channel": "email"},
                               {"day": 1, "kind": "reply"}))  # fmt: skip
    start = np.array([microseconds(START)])
    rewards = happened.between(["c"], np.zeros(1, np.int64), start, start + 9 * DAY)
    assert rewards.value(Utility(3.0, 2.0, 0.5)).tolist() == [2.5]


def test_policies() -> None:
    t = pa.table({"score": [0.1, 0.3, None], "touch_number": [1, 2, 3], "hint": ["a", "b", "c"]})
    drawn = np.array([0.9, 0.8, 0.7])
    assert nudging("logged", t, drawn) is drawn
    assert nudging(" nudge ", t, drawn).tolist() == [1, 1, 1]
    assert nudging("hold", t, drawn).tolist() == [0, 0, 0]
    assert nudging("score > 0.1", t, drawn).tolist() == [0, 1, 0]
    assert nudging("score>=.1 and touch_number <= 1", t, drawn).tolist() == [1, 0, 0]
    assert nudging("touch_number < 2.5e0", t, drawn).tolist() == [1, 1, 0]
    for wrong in ("stop", "score >", "score > x", "", "score > 1 or score < 0", "1 < score"):
        with pytest.raises(BadInput, match="is no policy; give nudge, hold, logged"):
            nudging(wrong, t, drawn)
    with pytest.raises(BadInput, match="'hint' is not a number in the log; there are score, touch"):
        nudging("hint > 1", t, drawn)


def test_the_page_lists_the_columns_that_count() -> None:
    page = (Path(__file__).parent.parent / "docs" / "offpolicy.md").read_text(encoding="utf-8")
    table_of_columns = page.split("## The log")[1].split("An *occasion*")[0]
    listed = {name for row in table_of_columns.splitlines() if row.startswith("| `")
              for name in row.split("|")[1].replace("`", "").replace(",", "").split()}  # fmt: skip
    assert listed == {*REQUIRED, *NUMBERS, *UPLIFT, "curve"}


def test_what_a_touch_was_expected_to_change_is_the_uplift_where_it_is_on_record() -> None:
    of_before = {
        "if_nudged_p_land": 0.3, "if_nudged_p_annoy": 0.02,
        "if_left_alone_p_land": 0.1, "if_left_alone_p_annoy": 0.01,
    }  # fmt: skip
    now = {**of_before, "uplift_p_land": 0.25, "uplift_p_annoy": 0.015}
    found = expected_changes(log(decision(1, **now), decision(2, **of_before)))
    assert found is not None
    assert found.landed == pytest.approx([0.25, 0.2])
    assert found.annoyed == pytest.approx([0.015, 0.01])
    alone = {name: now[name] for name in UPLIFT}
    of_itself = expected_changes(log(decision(1, **alone)))
    assert of_itself is not None
    assert of_itself.landed == pytest.approx([0.25])
    assert expected_changes(log(decision(1))) is None
    assert expected_changes(log(decision(1, if_nudged_p_land=0.3))) is None
