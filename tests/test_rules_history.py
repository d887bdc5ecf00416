"""What rules know of a history: only what was recorded by the moment, whatever its order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from features.events.schema import CHANNELS, EVENTS, KINDS, SENTIMENTS
from models.history import HistorySummary, summaries, summarise

DAY = 86_400_000_000
ANSWERS = ("reply", "meeting", "placement")


def events(*rows: dict[str, Any]) -> pa.Table:
    """Events by day since 1970: `kind` and `day`, `recorded` (a day) and any other field."""

    def event(number: int, row: dict[str, Any]) -> dict[str, Any]:
        day, recorded = row["day"], row.get("recorded", row["day"])
        times = {
            "occurred_at": datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day),
            "recorded_at": datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=recorded),
        }
        named = {name: row[name] for name in row if name in EVENTS.names}
        return {"event_id": str(number), "contact_id": "c", **named, **times}

    rows_in_full = [
        {name: event(number, row).get(name) for name in EVENTS.names}
        for number, row in enumerate(rows)
    ]
    return pa.Table.from_pylist(rows_in_full, schema=EVENTS)


def test_an_empty_history_stops_nothing() -> None:
    assert summarise(events(), DAY) == HistorySummary()
    assert summaries(events(), [0], []) == []


def test_touches_of_all_campaigns_and_channels_count_in_order_of_time() -> None:
    history = events(
        {"kind": "touch", "day": 5, "channel": "phone", "campaign_id": "a"},
        {"kind": "touch", "day": 2, "channel": "email", "actor_id": "someone else"},
    )
    found = summarise(history, 9 * DAY)
    assert found.touches_us == (2 * DAY, 5 * DAY)
    assert found.touches == ((2 * DAY, "email", None), (5 * DAY, "phone", "a"))


def test_what_was_recorded_later_is_not_known_and_what_was_recorded_now_is() -> None:
    history = events({"kind": "opt_out", "day": 2, "recorded": 4})
    assert summarise(history, 4 * DAY - 1).opted_out_us is None
    assert summarise(history, 4 * DAY).opted_out_us == 2 * DAY


@pytest.mark.parametrize(
    ("event", "field", "value"),
    [
        ({"kind": "complaint"}, "complained_us", DAY),
        ({"kind": "opt_out"}, "opted_out_us", DAY),
        ({"kind": "meeting", "campaign_id": "a"}, "landed", {"a": DAY}),
        ({"kind": "placement"}, "landed", {None: DAY}),
        ({"kind": "reply", "campaign_id": "a"}, "landed", {"a": DAY}),
        ({"kind": "reply", "sentiment": "positive"}, "landed", {None: DAY}),
        ({"kind": "reply", "sentiment": "negative", "campaign_id": "a"}, "pushed_back", {"a": DAY}),
        ({"kind": "reply", "sentiment": "neutral"}, "not_now_us", DAY),
        ({"kind": "bounce", "channel": "sms"}, "bounced", {"sms": DAY}),
        ({"kind": "bounce"}, "bounced", {"email": DAY}),
    ],
)
def test_each_answer_is_filed_where_its_rule_looks(
    event: dict[str, Any], field: str, value: Any
) -> None:
    found = summarise(events({"day": 1, **event}), DAY)
    answered = {event.get("campaign_id"): DAY} if event["kind"] in ANSWERS else {}
    assert found == replace(HistorySummary(), answered_us=answered, **{field: value})


@pytest.mark.parametrize("kind", ["open", "click", "auto_reply"])
def test_what_is_no_answer_stops_nothing(kind: str) -> None:
    assert summarise(events({"kind": kind, "day": 1, "channel": "email"}), DAY) == HistorySummary()


def test_the_latest_not_now_counts() -> None:
    later, earlier = ({"kind": "reply", "day": d, "sentiment": "neutral"} for d in (8, 3))
    assert summarise(events(later, earlier), 9 * DAY).not_now_us == 8 * DAY


def random_events(count: int) -> pa.Table:
    rng = np.random.default_rng(3)
    rows = []
    for _ in range(count):
        kind = KINDS[int(rng.integers(len(KINDS)))] if rng.random() < 0.3 else "touch"
        sentiment = SENTIMENTS[int(rng.integers(3))] if kind == "reply" else None
        rows.append(
            {
                "kind": kind,
                "day": float(rng.integers(0, 100)),
                "channel": CHANNELS[int(rng.integers(5))],
                "sentiment": sentiment,
                "contact_id": f"c{rng.integers(30)}",
                "campaign_id": [None, "a", "b"][int(rng.integers(3))],
            }
        )
    return events(*rows)


def test_contacts_summarised_together_are_as_summarised_alone() -> None:
    table = random_events(400).sort_by("contact_id")
    sizes = [run["counts"] for run in table["contact_id"].value_counts().to_pylist()]
    ends = np.cumsum([0, *sizes]).tolist()
    moments = [(60 + i % 30) * DAY for i in range(len(sizes))]
    alone = [
        summarise(table[begin:end], at)
        for begin, end, at in zip(ends[:-1], ends[1:], moments, strict=True)
    ]
    assert len(sizes) == 30
    assert summaries(table, ends, moments) == alone


def test_dictionary_columns_and_any_order_of_rows_change_nothing() -> None:
    table = random_events(200)
    encoded = table
    for name in ("contact_id", "kind", "channel", "sentiment", "campaign_id"):
        index = encoded.schema.get_field_index(name)
        encoded = encoded.set_column(index, name, encoded[name].dictionary_encode())
    shuffled = encoded.take(np.random.default_rng(1).permutation(table.num_rows))
    assert summarise(shuffled, 60 * DAY) == summarise(table, 60 * DAY)
