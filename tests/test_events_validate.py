"""Every rule an event has to keep, with the sentence for the row that does not."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from features.events.schema import EVENTS
from features.events.validate import check_events, find_problems, validate_events
from tests.event_tables import column, events, sentence


def test_the_result_has_the_canonical_columns_in_order() -> None:
    found = validate_events(events({}), "events.csv")
    assert found.schema == EVENTS
    assert found.column("occurred_at")[0].as_py() == datetime(2026, 3, 1, 8, tzinfo=UTC)
    assert found.column("recorded_at") == found.column("occurred_at")


def test_a_recorded_at_that_is_empty_is_the_occurred_at() -> None:
    table = events({"recorded_at": ""}, {"recorded_at": "2026-03-05T00:00:00Z"})
    found = validate_events(table, "x")
    assert [moment.day for moment in found.column("recorded_at").to_pylist()] == [1, 5]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"event_id": ""}, "field event_id: is missing, but is required"),
        ({"event_id": None}, "field event_id: is missing, but is required"),
        ({"contact_id": " "}, "field contact_id: holds only blanks; write the id, or leave"),
        ({"kind": ""}, "field kind: is missing, but is required"),
        ({"occurred_at": None}, "field occurred_at: is missing, but is required"),
        (
            {"contact_id": "x" * 1_048_576},
            "field contact_id: is 1,048,576 characters long; at most 1,000 are accepted",
        ),
        ({"event_id": "a\x00b"}, "field event_id: has the control character U+0000 in it"),
        ({"actor_id": "a\nb"}, "field actor_id: has the control character U+000A in it"),
        (
            {"kind": "Touch"},
            "field kind: is 'Touch', but must be one of touch, open, click, reply, auto_reply, "
            "meeting, placement, opt_out, complaint, bounce; did you mean 'touch'?",
        ),
        ({"kind": "Opt Out"}, "did you mean 'opt_out'?"),
        (
            {"channel": "fax"},
            "field channel: is 'fax', but must be one of email, phone, sms, linkedin, other",
        ),
        ({"channel": "e-mail"}, "did you mean 'email'?"),
        ({"channel": ""}, "field channel: is missing: a touch needs the channel it used"),
        (
            {"sentiment": "positive"},
            "field sentiment: is only for a reply, but this event is a touch",
        ),
        (
            {"kind": "reply", "sentiment": "good"},
            "field sentiment: is 'good', but must be one of positive, neutral, negative",
        ),
        ({"relevance": "high"}, "field relevance: is 'high', but must be a number from 0 to 1"),
        ({"relevance": "1.01"}, "field relevance: is '1.01', but must be a number from 0 to 1"),
        ({"relevance": "nan"}, "field relevance: is 'nan', but must be a number from 0 to 1"),
        ({"relevance": "0,5"}, "field relevance: is '0,5', but must be a number from 0 to 1"),
        (
            {"personalized": "maybe"},
            "field personalized: is 'maybe', but must be true or false (a text file may also say "
            "1, 0, yes or no)",
        ),
        (
            {"occurred_at": "2026-03-01T09:00:00"},
            "field occurred_at: is '2026-03-01T09:00:00' without an offset; write "
            "2026-03-01T09:00:00Z if it is UTC, else +hh:mm for Z",
        ),
        (
            {"occurred_at": "2026-03-01"},
            "field occurred_at: is '2026-03-01', a date only; write the time and offset too, "
            "2026-03-01T09:30:00Z",
        ),
        (
            {"occurred_at": "2026-02-30T09:00:00Z"},
            "field occurred_at: is '2026-02-30T09:00:00Z', a day or time of day that does not "
            "exist",
        ),
        ({"occurred_at": "2025-02-29T09:00:00Z"}, "a day or time of day that does not exist"),
        ({"occurred_at": "1900-02-29T09:00:00Z"}, "a day or time of day that does not exist"),
        ({"occurred_at": "2026-03-01T24:00:00Z"}, "a day or time of day that does not exist"),
        (
            {"occurred_at": "1772352000"},
            "is '1772352000', a number; write RFC 3339 such as 2026-01-31T09:30:00+01:00",
        ),
        (
            {"occurred_at": "yesterday"},
            "is 'yesterday', not a time; write RFC 3339 such as 2026-01-31T09:30:00+01:00",
        ),
        (
            {"occurred_at": "1969-12-31T23:59:59Z"},
            "is '1969-12-31T23:59:59Z', which is outside the years 1970 to 2199 (in UTC)",
        ),
        ({"occurred_at": "1970-01-01T00:00:00+01:00"}, "is outside the years 1970 to 2199"),
        ({"occurred_at": "2200-01-01T00:00:00Z"}, "is outside the years 1970 to 2199"),
        ({"occurred_at": "9999-12-31T23:59:59-23:59"}, "is outside the years 1970 to 2199"),
        (
            {"recorded_at": "2026-02-01T00:00:00Z"},
            "field recorded_at: is earlier than occurred_at, which only meeting and placement "
            "may be; a touch is known once it has happened",
        ),
    ],
)
def test_a_bad_value_is_named_with_row_and_field(change: dict[str, object], expected: str) -> None:
    found = sentence(events({}, change))
    assert found.startswith("events.csv, row 2, field ")
    assert expected in found
    assert "\n" not in found


@pytest.mark.parametrize(
    "text",
    [
        "1970-01-01T00:00:00Z",
        "2100-06-01T12:00:00+02:00",
        "2199-12-31T23:59:59Z",
        "2024-02-29T00:00:00Z",
        "2000-02-29T00:00:00Z",
        "2026-03-01t09:00:00z",
        "2026-03-01 09:00:00+05:30",
        "2026-03-01T09:00:00.123456Z",
        "2026-03-01T09:00:00.123456789Z",
    ],
)
def test_times_of_rfc_3339_are_read_as_python_reads_them(text: str) -> None:
    # The second row makes sure that one row's form does not depend on another's.
    table = events({"occurred_at": text}, {"occurred_at": "2024-02-29T00:00:00.1234567z"})
    found = validate_events(table, "x").column("occurred_at")[0].as_py()
    assert found == datetime.fromisoformat(text.upper())


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", ["UTC", "+05:30", "America/New_York"])
def test_zoned_timestamps_of_any_unit_become_microseconds_in_utc(unit: str, zone: str) -> None:
    moment = datetime(2026, 3, 1, 8, tzinfo=UTC)
    values = pa.array([moment], pa.timestamp("us", "UTC")).cast(pa.timestamp(unit, zone))
    found = validate_events(column("occurred_at", values), "x")
    assert found.schema == EVENTS
    assert found.column("occurred_at")[0].as_py() == moment


@pytest.mark.parametrize("ticks", [-1, 2**62])
def test_a_timestamp_far_outside_is_refused(ticks: int) -> None:
    values = pa.array([0, ticks], pa.timestamp("s", "UTC"))
    found = sentence(column("occurred_at", values))
    assert found == (
        "events.csv, row 2, field occurred_at: is outside the years 1970 to 2199 (in UTC)"
    )


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        (
            "occurred_at",
            pa.array([0], pa.timestamp("us")),
            "field occurred_at: is a column of timestamp[us] without a time zone; write "
            "timestamp[us, tz=UTC]",
        ),
        ("recorded_at", pa.array([0], pa.date32()), "date32[day] without a time zone"),
        ("occurred_at", pa.array([0]), "is a column of int64; write RFC 3339 text or timestamp"),
        ("contact_id", pa.array([12.0]), "is a column of double, but must be text"),
        ("contact_id", pa.array([[1]]), "is a column of list<item: int64>, but must be text"),
        ("kind", pa.array([True]), "is a column of bool, but must be text"),
        ("relevance", pa.array([True]), "is a column of bool, but must hold numbers from 0 to 1"),
        ("relevance", pa.array([b"x"]), "is a column of binary, but must be text"),
        ("personalized", pa.array([{"a": 1}]), "struct<a: int64>, but must be text"),
    ],
)
def test_a_column_of_the_wrong_type_is_refused_whole(
    name: str, values: pa.Array, expected: str
) -> None:
    found = sentence(column(name, values))
    assert found.startswith(f"events.csv, field {name}: ")
    assert expected in found


def test_whole_number_ids_are_their_decimal_text() -> None:
    found = validate_events(column("contact_id", pa.array([7, 12])), "x")
    assert found.column("contact_id").to_pylist() == ["7", "12"]


def test_a_missing_required_column_is_named_with_those_found() -> None:
    assert sentence(events({}).drop_columns("kind")) == (
        "events.csv, field kind: is a required column and is not there; columns found: event_id, "
        "contact_id, occurred_at, channel"
    )


def test_a_column_that_is_there_twice_is_refused() -> None:
    table = events({})
    table = table.append_column("kind", table.column("kind"))
    assert sentence(table) == (
        "events.csv, field kind: is there more than once among the columns; keep one"
    )


def test_the_first_problem_says_how_many_more_there_are() -> None:
    found = sentence(events({}, {"kind": "x"}, {"kind": "y"}, {"channel": "z"}))
    assert found.startswith("events.csv, row 2, field kind: ")
    assert found.endswith(" (and 2 more problems)")


def test_problems_come_by_row_and_stop_at_a_thousand() -> None:
    table = events(*[{"kind": "x", "relevance": "y"} for _ in range(1500)])
    found = find_problems(table)
    assert len(found) == 1000
    assert [problem.row for problem in found] == sorted(problem.row for problem in found)
    assert [problem.field for problem in found[:2]] == ["kind", "relevance"]
    assert check_events(table).total == 3000


@pytest.mark.parametrize("kind", ["meeting", "placement"])
def test_what_is_agreed_ahead_may_be_recorded_before_it_happens(kind: str) -> None:
    table = events({"kind": kind, "recorded_at": "2026-02-01T00:00:00Z"})
    assert len(validate_events(table, "x")) == 1


def test_a_late_row_is_accepted() -> None:
    table = events({"recorded_at": "2027-01-01T00:00:00Z"})
    assert validate_events(table, "x").column("recorded_at")[0].as_py().year == 2027


def test_empty_optional_fields_are_absent() -> None:
    optional = ["sentiment", "actor_id", "account_id", "campaign_id", "relevance", "personalized"]
    found = validate_events(events(dict.fromkeys(optional, "")), "x")
    assert {name: found.column(name).to_pylist() for name in optional} == {
        name: [None] for name in optional
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [("true", True), ("YES", True), ("1", True), ("False", False), ("no", False), ("0", False)],
)
def test_a_text_file_says_personalized_in_several_ways(text: str, expected: bool) -> None:
    found = validate_events(events({"personalized": text}, {"personalized": ""}), "x")
    assert found.column("personalized").to_pylist() == [expected, None]


def test_numbers_and_flags_of_other_widths_are_accepted() -> None:
    table = column("relevance", pa.array([1, 0], pa.int8()))
    table = table.append_column("personalized", pa.array([1, 0], pa.int8()))
    found = validate_events(table, "x")
    assert found.column("relevance").to_pylist() == [1.0, 0.0]
    assert found.column("personalized").to_pylist() == [True, False]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.001])
def test_a_relevance_that_is_no_fraction_is_refused(value: float) -> None:
    found = sentence(column("relevance", pa.array([0.5, value, None])))
    assert found == (
        f"events.csv, row 2, field relevance: is {value}, but must be a number from 0 to 1"
    )


def test_an_exact_repeat_is_dropped_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    same = {"event_id": "e1", "occurred_at": "2026-03-01T08:00:00Z"}
    with caplog.at_level(logging.INFO, "fineline.events"):
        found = validate_events(events({}, {}, same, same), "events.csv")
    assert found.column("event_id").to_pylist() == ["e1", "e2"]
    assert caplog.messages == ["events.csv: rows dropped, as they repeat an earlier row exactly: 2"]


def test_an_event_id_with_two_contents_names_both_rows_and_the_difference() -> None:
    changed = {"event_id": "e1", "channel": "sms", "actor_id": "a"}
    assert sentence(events({}, {}, changed)) == (
        "events.csv, row 3, field event_id: is also that of row 1, with another channel, "
        "actor_id; one event_id names one event"
    )


def test_unknown_columns_and_rows_of_1970_are_noticed_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    table = events({"occurred_at": "1970-01-01T00:00:10Z", "mood": "x", "sentimet": "y"}, {})
    with caplog.at_level(logging.INFO, "fineline.events"):
        found = validate_events(table, "events.csv")
    assert found.column_names == EVENTS.names
    assert caplog.messages == [
        "events.csv: columns ignored, as events do not have them: mood, sentimet",
        "events.csv: rows dated 1970: 1",
    ]


def test_no_events_are_valid_events() -> None:
    assert validate_events(EVENTS.empty_table(), "x").schema == EVENTS


def test_twelve_rows_are_quick_and_many_rows_are_not_slower_than_a_million_a_second() -> None:
    few = validate_events(events(*[{} for _ in range(12)]), "x")
    started = time.process_time()
    for _ in range(50):
        validate_events(few, "x")
    assert (time.process_time() - started) / 50 < 0.005  # measured: 0.0003
    many = _many(500_000)
    started = time.process_time()
    assert len(validate_events(many, "x")) == len(many)
    assert time.process_time() - started < 2.5  # measured: 0.15


def _many(rows: int) -> pa.Table:
    numbers = np.arange(rows)
    moments = pa.array(1_700_000_000_000_000 + numbers * 1_000_000, pa.timestamp("us", "UTC"))
    return pa.table(
        {
            "event_id": pc.binary_join_element_wise(
                "event", pa.array(numbers).cast(pa.string()), "-"
            ),
            "contact_id": pa.array(numbers // 5).cast(pa.string()).dictionary_encode(),
            "occurred_at": moments,
            "kind": pa.array(np.where(numbers % 7, "touch", "open")).dictionary_encode(),
            "channel": pa.array(["email"] * rows).dictionary_encode(),
        }
    )


def test_a_moment_is_the_same_whatever_its_offset() -> None:
    east = timezone(timedelta(hours=5, minutes=30))
    text = datetime(2026, 3, 1, 13, 30, tzinfo=east).isoformat()
    same = events({}, {"event_id": "e1", "occurred_at": text})
    assert len(validate_events(same, "x")) == 1
