"""Events from JSON objects: what is accepted, and what is said of the rest."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.events.problems import Problem
from features.events.rows import check_rows, events_from_items, events_from_rows
from features.events.schema import EVENTS, FIELDS, KINDS

OPEN: dict[str, object] = {
    "event_id": "e1",
    "contact_id": "c1",
    "occurred_at": "2026-03-01T09:00:00Z",
    "kind": "open",
}


def problems(*rows: object) -> list[Problem]:
    return events_from_rows(list(rows))[1]  # type: ignore[arg-type]


def test_valid_objects_become_the_canonical_table() -> None:
    row = OPEN | {"kind": "touch", "channel": "sms", "relevance": 1, "personalized": True}
    table, found = events_from_rows([row])
    assert found == []
    assert table.schema == EVENTS
    assert table.to_pylist() == [
        dict.fromkeys(FIELDS)
        | row
        | {
            "occurred_at": datetime(2026, 3, 1, 9, tzinfo=UTC),
            "recorded_at": datetime(2026, 3, 1, 9, tzinfo=UTC),
        }
    ]


def test_no_rows_are_no_events() -> None:
    table, found = events_from_rows([], contact_id="c1", fill_event_ids=True)
    assert (table.schema, len(table), found) == (EVENTS, 0, [])


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"contact_id": 12}, "contact_id", "is a number, but must be text"),
        ({"event_id": 10**400}, "event_id", "is a number, but must be text"),
        ({"actor_id": {"id": 1}}, "actor_id", "is an object, but must be text"),
        ({"kind": ["open"]}, "kind", "is a list, but must be text"),
        ({"occurred_at": 1_700_000_000}, "occurred_at", "is a number, but must be text"),
        ({"channel": False}, "channel", "is true or false, but must be text"),
        ({"relevance": True}, "relevance", "is true or false, but must be a number from 0 to 1"),
        ({"relevance": "0.5"}, "relevance", "is text, but must be a number from 0 to 1"),
        ({"relevance": float("nan")}, "relevance", "is nan, but must be a number from 0 to 1"),
        ({"relevance": 70}, "relevance", "is 70.0, but must be a number from 0 to 1"),
        ({"relevance": 1.5}, "relevance", "is 1.5, but must be a number from 0 to 1"),
        (
            {"relevance": 10**400},
            "relevance",
            "is a huge number, but must be a number from 0 to 1",
        ),
        ({"personalized": "yes"}, "personalized", "is text, but must be true or false"),
        ({"personalized": 1}, "personalized", "is a number, but must be true or false"),
        ({"contact_id": b"c1"}, "contact_id", "is no text, but must be text"),
        (
            {"campaign_id": "a\ud800"},
            "campaign_id",
            "has half a surrogate pair in it, which is not a character",
        ),
        (
            {"campaign_id": "a\x00"},
            "campaign_id",
            "has the control character U+0000 in it; remove it",
        ),
        ({"event_id": None}, "event_id", "is missing, but is required"),
    ],
)
def test_a_value_of_the_wrong_kind_is_one_problem(
    change: dict[str, object], field: str, message: str
) -> None:
    # A second bad value in the column must not change what is said of the first.
    assert problems(OPEN | {"event_id": "e0"}, OPEN | change) == [Problem(2, field, message)]


@pytest.mark.parametrize(
    ("row", "kind"), [(None, "null"), ("x", "text"), ([OPEN], "a list"), (3, "a number")]
)
def test_what_is_no_object_is_one_problem(row: object, kind: str) -> None:
    message = f"is {kind}, but an event is an object with fields"
    assert problems(OPEN, row) == [Problem(2, None, message)]


def test_the_accepted_rows_are_returned_beside_the_problems() -> None:
    checked = check_rows([OPEN, OPEN | {"kind": 1}, OPEN, OPEN | {"event_id": "e2"}])
    assert checked.table.column("event_id").to_pylist() == ["e1", "e2"]
    assert checked.rows is not None
    assert checked.rows.tolist() == [0, 3]
    assert checked.notices.duplicates == 1
    assert [problem.row for problem in checked.problems] == [2]


def test_unknown_fields_are_noticed() -> None:
    checked = check_rows([OPEN | {"mood": 1}, OPEN | {"event_id": "e2", "colour": []}])
    assert checked.problems == []
    assert checked.notices.unknown_columns == ("colour", "mood")


def test_a_moment_may_be_a_datetime_with_a_zone() -> None:
    moment = datetime(2026, 3, 1, 9, tzinfo=UTC)
    table, _ = events_from_rows([OPEN | {"occurred_at": moment}])
    assert table.column("occurred_at").to_pylist() == [moment]
    naive = problems(OPEN | {"occurred_at": moment.replace(tzinfo=None)})
    assert "without an offset" in naive[0].message


def test_contact_and_event_ids_may_be_left_out() -> None:
    row = {name: OPEN[name] for name in ("occurred_at", "kind")}
    table, found = events_from_rows(
        [row, row, row | {"event_id": "row-2"}], contact_id="c7", fill_event_ids=True
    )
    assert found == []
    assert table.column("contact_id").to_pylist() == ["c7"] * 3
    assert table.column("event_id").to_pylist() == ["_row-1", "_row-2", "row-2"]


def test_an_event_of_another_contact_is_a_problem() -> None:
    _, found = events_from_rows([OPEN, OPEN | {"contact_id": "x"}], contact_id="c1")
    assert found == [Problem(2, "contact_id", "is 'x', not the contact the request is about")]


def test_each_row_may_have_its_own_default_contact() -> None:
    row = {name: OPEN[name] for name in ("occurred_at", "kind")}
    table, found = events_from_rows(
        [row, row, OPEN], contact_id=["a", "b", None], fill_event_ids=True
    )
    assert found == []
    assert table.column("contact_id").to_pylist() == ["a", "b", "c1"]


def test_items_are_checked_as_if_each_were_alone() -> None:
    bare = {name: OPEN[name] for name in ("occurred_at", "kind")}
    items: list[list[dict[str, object]]] = [
        [OPEN, OPEN],
        [],
        [bare, OPEN | {"kind": "Open"}, bare],
        [OPEN, OPEN | {"kind": "click"}],
        [OPEN | {"contact_id": "z"}],
    ]
    contacts = ["c1", "c1", "c1", "c1", "c2"]
    together = events_from_items(items, contacts, fill_event_ids=True)
    alone = [
        events_from_rows(rows, contact_id=contact, fill_event_ids=True)
        for rows, contact in zip(items, contacts, strict=True)
    ]
    assert [found for _, found in together] == [found for _, found in alone]
    assert [table.to_pylist() for table, _ in together] == [table.to_pylist() for table, _ in alone]
    assert "row 1" in together[3][1][0].message


def test_one_bad_item_with_many_problems_hides_no_other() -> None:
    items = [[OPEN | {"kind": 1, "contact_id": 2}] * 2000, [OPEN | {"kind": "x"}]]
    found = events_from_items(items, [None, None])
    assert len(found[0][1]) == 4000
    assert [problem.row for problem in found[1][1]] == [1]


def test_nothing_is_logged_about_a_request(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        events_from_rows([OPEN | {"mood": 1}, OPEN])
    assert caplog.messages == []


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=8)
    | st.sampled_from([*KINDS, "email", "2026-03-01T09:00:00Z", "2026-03-01 09:00", "\ud800"]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=3)
    ),
    max_leaves=4,
)


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(
        JSON | st.dictionaries(st.sampled_from([*FIELDS, "other"]), JSON, max_size=8), max_size=6
    ),
    contact_id=st.none() | st.just("c1"),
    fill=st.booleans(),
)
def test_no_json_whatever_raises(rows: list[object], contact_id: str | None, fill: bool) -> None:
    checked = check_rows(
        rows,  # type: ignore[arg-type]
        contact_id=contact_id,
        fill_event_ids=fill,
    )
    wrong = {problem.row - 1 for problem in checked.problems}
    kept = range(len(rows)) if checked.rows is None else checked.rows.tolist()
    assert not wrong.intersection(kept)
    assert len(kept) == len(checked.table)
    assert len(kept) + len(wrong) + checked.notices.duplicates == len(rows)
    assert all(problem.message and "\n" not in problem.message for problem in checked.problems)
    checked.table.validate(full=True)
