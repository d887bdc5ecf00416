"""Events read one by one are read as the validator of columns reads them, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.events.rows import FEW, _checked_items, events_from_items
from features.events.schema import CHANNELS, KINDS, SENTIMENTS
from features.events.sound import sound_rows, table_of
from tests.factories import Shape, agency
from tests.stored import rows_of

_ODD: list[Any] = [
    None, "", " ", "\u00a0", "\u2028", "a\tb", "é", "\ud800", "x" * 1001, 0, 1, -1, 0.5, 1.5, True,
    False, float("nan"), [], {}, ["touch"], {"a": 1}, b"x", "row-1",
    datetime(2026, 1, 1, tzinfo=UTC),
    "_row-1", "e1", "e2", "touch", "reply", "meeting", "email", "positive",
]  # fmt: skip
_TIMES = [
    "2026-03-02T09:00:00Z", "2026-03-02T09:00:00.5+01:00", "2026-03-02T09:00:00.1234567Z",
    "2026-03-02t09:00:00z", "2026-03-02 09:00:00Z", "2026-02-29T09:00:00Z", "2024-02-29T09:00:00Z",
    "2026-03-02T24:00:00Z", "2026-03-02T09:00:60Z", "2026-03-02T09:00:00+24:00",
    "2026-03-02T09:00:00+05:60", "2026-03-02T09:00:00-00:00", "1970-01-01T00:00:00+01:00",
    "2199-12-31T23:59:59-01:00", "2026-W10-1T09:00:00Z", "20260302T090000Z", "2026-03-02",
    "２０２６-03-02T09:00:00Z", "2026-03-02T09:00:00+0100", "1969-12-31T23:59:59Z",
]  # fmt: skip
_VALUES = st.sampled_from(_ODD)
_MOMENTS = st.sampled_from(_TIMES) | _VALUES
_ROWS = st.lists(
    st.fixed_dictionaries(
        {"kind": st.sampled_from(KINDS) | _VALUES, "occurred_at": _MOMENTS},
        optional={
            "channel": st.sampled_from(CHANNELS) | _VALUES,
            "sentiment": st.sampled_from(SENTIMENTS) | _VALUES,
            "recorded_at": _MOMENTS,
            "event_id": _VALUES, "contact_id": st.sampled_from(["anna", "ben"]) | _VALUES,
            "actor_id": _VALUES, "campaign_id": _VALUES, "relevance": _VALUES,
            "personalized": _VALUES, "unknown": _VALUES,
        },
    )
    | _VALUES,
    max_size=4,
)  # fmt: skip


def require_alike(rows: list[Any], contact: str | None) -> bool:
    """What is read one by one is what columns read; whether it was."""
    read = sound_rows(rows, contact)
    if read is None:
        return False
    ((table, problems),) = _checked_items([rows], [contact], True)
    assert not problems
    assert table_of(read).equals(table)
    return True


@given(_ROWS, st.sampled_from(["anna", None]))
def test_odd_rows_are_read_alike_or_left_to_columns(rows: list[Any], contact: str | None) -> None:
    require_alike(rows, contact)


@pytest.mark.parametrize("seed", range(3))
def test_ordinary_histories_are_read_one_by_one(seed: int) -> None:
    rows = rows_of(agency(seed, Shape(contacts=20)))
    by: dict[str, list[Any]] = {}
    for row in rows:
        by.setdefault(row["contact_id"], []).append(row)
    read = [require_alike(own, contact) for contact, own in by.items()]
    assert all(read)
    for own in by.values():
        for row in own:
            del row["event_id"], row["contact_id"]
    assert all(require_alike(own, contact) for contact, own in by.items())


@pytest.mark.parametrize("moment", _TIMES)
def test_every_way_to_write_a_time(moment: str) -> None:
    row = {"kind": "open", "occurred_at": moment}
    require_alike([row], "anna")
    require_alike([row | {"recorded_at": "2199-12-31T00:00:00Z"}], "anna")


def test_lists_of_both_sorts_come_back_in_their_places() -> None:
    good = {"kind": "open", "occurred_at": "2026-03-02T09:00:00Z"}
    items: list[list[Any]] = [[good], [], [good, {"kind": "dance"}], [good] * (FEW + 1), [good] * 2]
    found = events_from_items(items, ["a", "b", "c", "d", "e"], fill_event_ids=True)
    assert [len(table) for table, _ in found] == [1, 0, 1, FEW + 1, 2]
    assert [sorted({p.row for p in problems}) for _, problems in found] == [[], [], [2], [], []]
    assert [set(table["contact_id"].to_pylist()) for table, _ in found] == [
        {"a"}, set(), {"c"}, {"d"}, {"e"},
    ]  # fmt: skip
