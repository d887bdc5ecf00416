"""Exports to events through a map: ready maps, own maps, and sentences for what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
import yaml

from features.errors import BadInput
from features.events.schema import EVENTS
from features.ingest.activity_map import ActivityMap, load_map, parse_map, ready_maps
from features.ingest.map_dates import in_zone
from features.ingest.mapped_csv import apply_map, map_rows, read_mapped_csv

MAP = """
columns: {event_id: Id, contact_id: Person, occurred_at: When, kind: What, sentiment: Mood}
constants: {channel: phone}
values:
  kind: {Called: touch, Answered: reply}
  sentiment: {good: positive, bad: negative}
dates: ["%d.%m.%Y %H:%M", iso]
timezone: Europe/Berlin
optional: [Mood]
"""
HEADER = "Id,Person,When,What,Mood\n"


def the_map(**changes: object) -> ActivityMap:
    return parse_map(yaml.safe_dump({**yaml.safe_load(MAP), **changes}), "map.yaml")


def export(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "export.csv"
    path.write_bytes(text.encode(encoding))
    return path


def refusal(folder: Path, text: str, activity_map: ActivityMap | None = None) -> str:
    path = export(folder, text)
    with pytest.raises(BadInput) as caught:
        read_mapped_csv(path, activity_map or the_map())
    return str(caught.value).replace(str(path), "export.csv")


def test_columns_constants_and_values_become_events(tmp_path: Path) -> None:
    text = HEADER + "1, bob ,05.01.2026 10:00, CALLED ,\n2,bob,2026-07-05T10:00:00Z,answered,Good\n"
    mapped = read_mapped_csv(export(tmp_path, text), the_map(id_prefix="crm-"))
    touch, reply = mapped.table.to_pylist()
    assert mapped.table.schema == EVENTS
    assert (touch["event_id"], touch["contact_id"], touch["kind"]) == ("crm-1", "bob", "touch")
    assert touch["occurred_at"] == touch["recorded_at"] == datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
    assert reply["occurred_at"] == datetime(2026, 7, 5, 10, 0, tzinfo=UTC)
    assert (reply["kind"], reply["sentiment"], reply["channel"]) == ("reply", "positive", "phone")
    assert mapped.sentence() == (
        "2 rows: 2 events (1 touch, 1 reply) in 1 threads; left out 0 rows by the map."
    )


def test_rows_from_a_webhook_and_from_a_table_use_the_same_map() -> None:
    rows = [{"Id": 7, "Person": "bob", "When": "2026-01-05T10:00:00+01:00", "What": "called"}]
    expected = apply_map(rows, the_map())
    assert len(expected) == 1
    assert apply_map(pa.Table.from_pylist(rows), the_map()).equals(expected)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (
            "1,bob,05.01.2026 10:00,Mailed,",
            "export.csv, row 2, field kind: has 'Mailed' in column What, which the map does not "
            "know; add it to the map, or set unknown: {kind: ignore}",
        ),
        (
            "1,bob,5 Jan,Called,",
            "export.csv, row 2, field occurred_at: is '5 Jan', none of the map's dates: "
            "%d.%m.%Y %H:%M, iso",
        ),
        ("1,bob,,Called,", "export.csv, row 2, field occurred_at: is empty"),
        ("1,,05.01.2026 10:00,Called,", "export.csv, row 2, field contact_id: is empty"),
        ("1,bob,2026-01-05,Called,", "export.csv, row 2, field occurred_at: is '2026-01-05', none"),
        ("1,bob", "export.csv, row 2: has 2 cells, but the header has 5"),
        (
            "0,eve,05.01.2026 10:00,Called,",
            "export.csv, row 2, field event_id: is also that of row 1, with other values",
        ),
        ('1,"bob,05.01.2026 10:00,Called,', "export.csv, row 2: cannot be read as CSV"),
        ("1,bob,01.01.1969 10:00,Called,", "export.csv, row 2, field occurred_at: "),
    ],
)
def test_a_refused_row_is_named(tmp_path: Path, row: str, sentence: str) -> None:
    first = "0,bob,05.01.2026 10:00,Called,\n"
    assert refusal(tmp_path, f"{HEADER}{first}{row}\n").startswith(sentence)


def test_row_numbers_are_those_of_the_export_whatever_was_left_out(tmp_path: Path) -> None:
    text = HEADER + "1,bob,05.01.2026 10:00,Noted,\n2,bob,01.01.1969 10:00,Called,\n"
    assert "row 2, field occurred_at" in refusal(
        tmp_path, text, the_map(unknown={"kind": "ignore"})
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Id,Person,When\n", "export.csv: has no column What, which the map needs (it has Id, P"),
        ("Id,Id,Person,When,What\n", "export.csv: has more than one column Id"),
        ("", "export.csv: is empty: it has no header"),
        (HEADER, "export.csv: has no row that the map makes an event of"),
    ],
)
def test_a_refused_file_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    assert refusal(tmp_path, text).startswith(sentence)


def test_another_encoding_delimiter_and_leading_lines(tmp_path: Path) -> None:
    text = "Export of today\nId\tPerson\tWhen\tWhat\n1\tJürgen\t05.01.2026 10:00\tCalled\n"
    path = export(tmp_path, text, "cp1252")
    activity_map = the_map(encoding="cp1252", delimiter="tab", skip_lines=1)
    assert read_mapped_csv(path, activity_map).table.column("contact_id").to_pylist() == ["Jürgen"]
    with pytest.raises(BadInput, match="is not utf-8-sig text; set encoding in the map"):
        read_mapped_csv(path, the_map(delimiter="tab", skip_lines=1))


def test_unknown_values_may_be_ignored(tmp_path: Path) -> None:
    text = HEADER + "1,bob,05.01.2026 10:00,Noted,\n2,bob,05.01.2026 10:00,Answered,odd\n"
    mapped = read_mapped_csv(
        export(tmp_path, text), the_map(unknown={"kind": "ignore", "sentiment": "ignore"})
    )
    assert (len(mapped.table), mapped.rows, mapped.left_out) == (1, 2, 1)
    assert mapped.table.column("sentiment").to_pylist() == [None]


def rows(*whats: str) -> list[dict[str, object]]:
    return [
        {"Id": number, "Person": "a;b", "When": "2026-01-05T10:00:00Z", "What": what}
        for number, what in enumerate(whats)
    ]


def test_where_keeps_skip_drops_and_split_makes_one_event_a_person() -> None:
    activity_map = the_map(
        where=[{"What": ["called", "answered"]}, {"Id": 3}],
        skip=[{"What": "Answered", "Id": "1"}],
        split={"contact_id": ";"},
    )
    mapped = map_rows(rows("Called", "Answered", "x"), activity_map, "rows")
    assert mapped.table.column("event_id").to_pylist() == ["0>a", "0>b"]
    assert mapped.left_out == 2


def test_cases_are_tried_in_order_then_the_column() -> None:
    cases = {"kind": [{"when": {"Id": "*", "What": ["", "Odd"]}, "is": "opt_out"}]}
    table = apply_map(rows("Odd", "", "Called"), the_map(cases=cases))
    assert table.column("kind").to_pylist() == ["opt_out", "opt_out", "touch"]


def test_without_ids_events_are_named_after_what_they_say() -> None:
    columns = {"contact_id": "Person", "occurred_at": "When", "kind": "What"}
    table = apply_map(rows("Called", "Called", "Answered"), the_map(columns=columns))
    assert len(table) == 2
    assert table.equals(apply_map(rows("Called", "Answered"), the_map(columns=columns)))


@pytest.mark.parametrize(
    ("dates", "text"),
    [
        ("epoch_seconds", "1767603600"),
        ("epoch_milliseconds", "1767603600000"),
        ("iso", "2026-01-05T09:00:00.000+0000"),
        ("%Y-%m-%dT%H:%M:%S%z", "2026-01-05T10:00:00+0100"),
        ("%m/%d/%Y %I:%M %p", "01/05/2026 10:00 AM"),
    ],
)
def test_date_formats(dates: str, text: str) -> None:
    row = {"Id": 1, "Person": "bob", "When": text, "What": "Called"}
    at = apply_map([row], the_map(dates=dates)).column("occurred_at").to_pylist()
    assert at == [datetime(2026, 1, 5, 9, 0, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("local", "ambiguous", "utc"),
    [
        ("2025-10-26T02:30", "earlier", "2025-10-26T00:30"),
        ("2025-10-26T02:30", "later", "2025-10-26T01:30"),
        ("2026-03-29T02:30", "earlier", "2026-03-29T01:30"),
        ("2026-03-29T02:30", "later", "2026-03-29T01:30"),
        ("2026-07-01T12:00", "later", "2026-07-01T10:00"),
    ],
)
def test_hours_shown_twice_or_never(local: str, ambiguous: str, utc: str) -> None:
    found = in_zone(datetime.fromisoformat(local), ZoneInfo("Europe/Berlin"), ambiguous)
    assert found == datetime.fromisoformat(f"{utc}Z")


def test_a_local_time_without_a_zone_is_refused() -> None:
    row = {"Id": 1, "Person": "bob", "When": "2026-01-05T10:00:00", "What": "Called"}
    with pytest.raises(BadInput, match="without an offset; add timezone to the map"):
        apply_map([row], the_map(dates="iso", timezone=None))


def test_a_plan_recorded_before_it_happened_is_known_when_it_happens() -> None:
    columns = {**yaml.safe_load(MAP)["columns"], "recorded_at": "Made"}
    row = {"Person": "bob", "When": "2026-01-05T10:00:00Z", "Made": "2026-01-01T10:00:00Z"}
    activity_map = the_map(columns=columns, values={})
    both = [{**row, "Id": 1, "What": "touch"}, {**row, "Id": 2, "What": "meeting"}]
    recorded = apply_map(both, activity_map).column("recorded_at").to_pylist()
    assert [at.day for at in recorded] == [5, 1]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"colums": {}}, "map.yaml: has an unknown key colums; known are about, delimiter"),
        ({"columns": {"contact": "x"}}, "map.yaml: columns.contact: input should be 'event_id'"),
        ({"columns": {"kind": "What"}}, "map.yaml: nothing gives contact_id, which every event"),
        ({"constants": {}}, "map.yaml: nothing gives channel, which every touch needs"),
        ({"timezone": "Berlin"}, "map.yaml: timezone 'Berlin' is not an IANA name such as Europe"),
        ({"timezone": None}, "map.yaml: dates has '%d.%m.%Y %H:%M' without %z; add timezone"),
        ({"dates": ["dd.mm.yyyy"]}, "map.yaml: dates has 'dd.mm.yyyy', but must be iso, epoch_sec"),
        ({"values": {"kind": {"a": "call"}}}, "map.yaml: values.kind has 'call', but must be one"),
        ({"constants": {"channel": "fax"}}, "map.yaml: constants.channel has 'fax', but must be"),
        ({"delimiter": ";;"}, "map.yaml: delimiter is ';;', but must be one character or the wo"),
        ({"encoding": "utf-99"}, "map.yaml: encoding 'utf-99' is not known"),
        ({"skip_lines": -1}, "map.yaml: skip_lines: input should be greater than or equal to 0"),
        ({"cases": {"kind": [{"is": "touch"}]}}, "map.yaml: cases.kind.0.when: field required"),
        ({"unknown": {"kind": "drop"}}, "map.yaml: unknown.kind: input should be 'refuse' or"),
    ],
)
def test_a_wrong_map_is_refused_with_its_key(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(BadInput) as caught:
        the_map(**changes)
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize(
    ("text", "part"), [("a: [", "is not YAML at line 1"), ("- a", "must have keys such as columns")]
)
def test_what_is_no_map_is_refused(tmp_path: Path, text: str, part: str) -> None:
    (tmp_path / "m.yaml").write_text(text)
    with pytest.raises(BadInput, match=part):
        load_map(str(tmp_path / "m.yaml"))
    with pytest.raises(BadInput, match="ready maps: greenhouse, hubspot, salesforce"):
        load_map(str(tmp_path / "none.yaml"))


HUBSPOT = (
    "hs_object_id,hs_timestamp,hs_createdate,hubspot_owner_id,hs_email_direction,hs_email_status,"
    "hs_call_direction,hs_call_status,hs_meeting_outcome,hs_communication_channel_type,"
    "Associated Contact IDs,Associated Deal IDs\n"
    "1,2026-01-05T09:00:00.000Z,2026-01-05T09:00:01.000Z,77,EMAIL,SENT,,,,,501;502,9\n"
    "2,1767690000000,,77,INCOMING_EMAIL,,,,,,501,9\n"
    "3,2026-01-05T09:00:00Z,,77,EMAIL,BOUNCED,,,,,502,9\n"
    "4,2026-01-07T09:00:00Z,,77,,,OUTBOUND,NO_ANSWER,,,503,9\n"
    "5,2026-01-08T09:00:00Z,,77,,,,,,LINKEDIN_MESSAGE,503,9\n"
    "6,2026-01-09T09:00:00Z,,77,,,,,COMPLETED,,503,9\n"
    "7,2026-01-09T09:00:00Z,,77,EMAIL,SCHEDULED,,,,,503,9\n"
    "8,2026-01-09T09:00:00Z,,77,,,,,,,503,9\n"
)
SALESFORCE = (
    "Id,WhoId,WhatId,AccountId,OwnerId,Status,TaskSubtype,CallType,CreatedDate,CompletedDateTime\n"
    "00T1,003A,006X,001Y,005Z,Completed,Email,,2026-01-05T08:00:00.000+0000,2026-01-05T09:00:00.000+0000\n"
    "00T2,003A,006X,001Y,005Z,Completed,Call,Outbound,,2026-01-06T09:00:00.000Z\n"
    "00T3,003A,006X,001Y,005Z,Completed,Call,Inbound,,2026-01-07T09:00:00.000Z\n"
    "00T4,003A,006X,001Y,005Z,Completed,Call,Internal,,2026-01-07T09:00:00.000Z\n"
    "00T5,003A,006X,001Y,005Z,Not Started,Call,Outbound,,\n"
    "00T6,,006X,001Y,005Z,Completed,Email,,,2026-01-07T09:00:00.000Z\n"
    "00T7,003A,006X,001Y,005Z,Completed,Task,,,2026-01-07T09:00:00.000Z\n"
    "00T8,003A,006X,001Y,005Z,Completed,LinkedIn,,,2026-01-08T09:00:00.000Z\n"
)
GREENHOUSE = (
    "id,feed,candidate_id,created_at,user_id,subject\n"
    "1,email,55,2026-01-05T09:00:00.000Z,7,Role\n"
    "2,email,55,2026-01-06T09:00:00.000Z,,Re: Role\n"
    "3,note,55,2026-01-06T09:00:00.000Z,7,\n"
)


@pytest.mark.parametrize(
    ("name", "text", "events"),
    [
        (
            "hubspot",
            HUBSPOT,
            [
                ("touch", "email", "hubspot-1>501"),
                ("touch", "email", "hubspot-1>502"),
                ("reply", "email", "hubspot-2"),
                ("bounce", "email", "hubspot-3"),
                ("touch", "phone", "hubspot-4"),
                ("touch", "linkedin", "hubspot-5"),
                ("meeting", None, "hubspot-6"),
            ],
        ),
        (
            "salesforce",
            SALESFORCE,
            [
                ("touch", "email", "salesforce-00T1"),
                ("touch", "phone", "salesforce-00T2"),
                ("reply", "phone", "salesforce-00T3"),
                ("touch", "linkedin", "salesforce-00T8"),
            ],
        ),
        (
            "greenhouse",
            GREENHOUSE,
            [("touch", "email", "greenhouse-1"), ("reply", "email", "greenhouse-2")],
        ),
    ],
)
def test_ready_maps(
    tmp_path: Path, name: str, text: str, events: list[tuple[str, str | None, str]]
) -> None:
    found = read_mapped_csv(export(tmp_path, text), load_map(name)).table.to_pylist()
    assert [(row["kind"], row["channel"], row["event_id"]) for row in found] == events
    assert all(row["recorded_at"] >= row["occurred_at"] for row in found)


def test_every_ready_map_has_a_test() -> None:
    assert ready_maps() == ["greenhouse", "hubspot", "salesforce"]
