"""Files of events: every format round trips, and every bad file gets one plain sentence."""

from __future__ import annotations

import gzip
import logging
import random
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from features.errors import BadInput
from features.events.files import read_events, write_events
from features.events.rows import events_from_rows
from features.events.schema import CHANNELS, ENCODED, EVENTS, FIELDS, KINDS, SENTIMENTS
from features.events.validate import encode
from tests.realdata import real_data

SUFFIXES = [".parquet", ".csv", ".jsonl", ".ndjson", ".csv.gz", ".jsonl.gz"]
HEADER = "event_id,contact_id,occurred_at,kind,channel"
ROW = "e1,c1,2026-03-01T09:00:00Z,touch,email"


def sentence(path: Path) -> str:
    """What is said of a bad file, without the folder it is in."""
    with pytest.raises(BadInput) as caught:
        read_events(path)
    found = str(caught.value)
    assert "\n" not in found
    return found.replace(f"{path.parent}/", "")


def file(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def csv(folder: Path, *lines: str) -> Path:
    return file(folder, "e.csv", "\n".join([HEADER, *lines, ""]))


def some_events(count: int = 3) -> pa.Table:
    rows = [
        {
            "event_id": f"e{n}",
            "contact_id": "007",
            "occurred_at": "2026-03-01T09:00:00.25Z",
            "recorded_at": "2026-03-02T09:00:00Z",
            "kind": "touch",
            "channel": "email",
            "actor_id": 'Zoë, "Z"',
            "relevance": 0.1 + 0.2,
            "personalized": n % 2 == 0,
        }
        for n in range(count)
    ]
    table, problems = events_from_rows(rows)
    assert problems == []
    return table


ids = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=12).filter(
    lambda text: not text.isspace()
)
FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2199, 12, 31, 23, 59, 59, tzinfo=UTC)
moments = st.datetimes(
    FIRST.replace(tzinfo=None), LAST.replace(tzinfo=None), timezones=st.just(UTC)
)


@st.composite
def valid_rows(draw: st.DrawFn) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for event_id in draw(st.lists(ids, unique=True, min_size=1, max_size=5)):
        kind = draw(st.sampled_from(KINDS))
        first, second = sorted([draw(moments), draw(moments)])
        rows.append(
            {
                "event_id": event_id,
                "contact_id": draw(ids),
                "occurred_at": first,
                "recorded_at": draw(st.sampled_from([second, None])),
                "kind": kind,
                "channel": draw(st.sampled_from([*CHANNELS] if kind == "touch" else [None])),
                "sentiment": draw(st.sampled_from([*SENTIMENTS, None]))
                if kind == "reply"
                else None,
                "actor_id": draw(st.none() | ids),
                "campaign_id": draw(st.none() | st.sampled_from(["NA", "null", "1e5", "007"])),
                "relevance": draw(st.none() | st.floats(0, 1)),
                "personalized": draw(st.none() | st.booleans()),
            }
        )
    return rows


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@pytest.mark.parametrize("suffix", SUFFIXES)
@given(rows=valid_rows(), seed=st.integers(0, 9))
def test_every_format_returns_what_was_written_in_any_order(
    tmp_path: Path, suffix: str, rows: list[dict[str, object]], seed: int
) -> None:
    table, problems = events_from_rows(rows)
    assert problems == []
    shuffled = random.Random(seed).sample(rows, len(rows))
    path = tmp_path / f"events{suffix}"
    write_events(events_from_rows(shuffled)[0], path)
    found = read_events(path).sort_by("event_id")
    assert found.to_pylist() == table.sort_by("event_id").to_pylist()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_read_is_canonical_encoded_and_in_one_chunk(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"events{suffix}"
    write_events(encode(some_events()), path)
    found = read_events(path)
    assert found.schema.equals(encode(some_events()).schema)
    assert [name for name in FIELDS if pa.types.is_dictionary(found.schema.field(name).type)] == [
        name for name in EVENTS.names if name in ENCODED
    ]
    assert {column.num_chunks for column in found.columns} == {1}


def test_a_byte_order_mark_and_blank_lines_are_passed_over(tmp_path: Path) -> None:
    path = file(tmp_path, "e.csv", f"\ufeff{HEADER}\n\n{ROW}\n\n")
    assert len(read_events(path)) == 1
    line = '{"event_id":"e1","contact_id":"c","occurred_at":"2026-03-01T09:00:00Z","kind":"open"}'
    assert len(read_events(file(tmp_path, "e.jsonl", f"\ufeff{line}\n\n"))) == 1


@pytest.mark.parametrize("text", ["007", "1e5", "NA", "null", "NaN", "True", "2026-01-01", " x "])
def test_an_id_in_csv_stays_as_it_is_written(tmp_path: Path, text: str) -> None:
    path = csv(tmp_path, f"{text},{text},2026-03-01T09:00:00Z,open,")
    found = read_events(path)
    assert found.column("event_id").to_pylist() == [text]
    assert found.column("contact_id").to_pylist() == [text]


def test_quoted_fields_may_hold_commas_quotes_and_line_breaks(tmp_path: Path) -> None:
    path = file(tmp_path, "e.csv", f'{HEADER},note\n{ROW},"a, ""b""\nc"\n')
    assert len(read_events(path)) == 1


def test_a_single_quote_mark_within_a_field_is_text(tmp_path: Path) -> None:
    path = csv(tmp_path, 'e1,5" pipe,2026-03-01T09:00:00Z,open,')
    assert read_events(path).column("contact_id").to_pylist() == ['5" pipe']


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([ROW, "e2,c1,2026-03-01T09:00:00Z,touch"], "e.csv, row 2: has 4 fields, but the header "
         "has 5"),
        ([ROW, "", "e2"], "e.csv, row 2: has 1 field, but the header has 5"),
        ([], "e.csv: has no events in it"),
        (
            [ROW, 'e2,"c1,2026-03-01T09:00:00Z,touch,email', ROW],
            "e.csv, row 2: cannot be read as CSV (unexpected end of data); look for a quote that "
            "is never closed",
        ),
        (
            [ROW, "e2,c1,2026-03-01T09:00:00,touch,email"],
            "e.csv, row 2, field occurred_at: is '2026-03-01T09:00:00' without an offset; write "
            "2026-03-01T09:00:00Z if it is UTC, else +hh:mm for Z",
        ),
        (
            [ROW, "x" * 1_048_576 + ",c1,2026-03-01T09:00:00Z,open,"],
            "e.csv, row 2, field event_id: is 1,048,576 characters long; at most 1,000 are "
            "accepted",
        ),
        (
            [ROW, "e1,c1,2026-03-01T09:00:00Z,touch,sms"],
            "e.csv, row 2, field event_id: is also that of row 1, with another channel; one "
            "event_id names one event",
        ),
    ],
)  # fmt: skip
def test_a_bad_row_of_a_csv_file_is_named(tmp_path: Path, lines: list[str], expected: str) -> None:
    assert sentence(csv(tmp_path, *lines)) == expected


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("e.parquet", b"", "e.parquet: is empty (0 bytes)"),
        ("e.csv", b"", "e.csv: is empty (0 bytes)"),
        ("e.csv", b"\xef\xbb\xbf\n \n", "e.csv: is empty: it has nothing but blanks"),
        ("e.csv.gz", gzip.compress(b"", mtime=0), "e.csv.gz: is empty: it has nothing but blanks"),
        ("e.jsonl", b"\n", "e.jsonl: is empty: it has nothing but blanks"),
        (
            "e.txt",
            b"x",
            "e.txt: has an unknown suffix; accepted are .parquet, .csv, .jsonl or .ndjson (the "
            "text formats also with .gz)",
        ),
        ("e.parquet.gz", b"x", "e.parquet.gz: has an unknown suffix; accepted are .parquet, "
         ".csv, .jsonl or .ndjson (the text formats also with .gz)"),
        (
            "e.parquet",
            b"event_id,contact_id\n",
            "e.parquet: is not a Parquet file (it does not begin with PAR1)",
        ),
        ("e.csv", b"PAR1xxxxPAR1", "e.csv: is a Parquet file, whatever its suffix says"),
        (
            "e.csv",
            b"PK\x03\x04\0\0",
            "e.csv: is an Excel workbook or another zip file, whatever its suffix says",
        ),
        (
            "e.csv",
            f"{HEADER}\n{ROW}\n".encode("utf-16"),
            "e.csv: is UTF-16, not UTF-8 text; save it as UTF-8",
        ),
        (
            "e.jsonl",
            '{"event_id": "e1"}'.encode("utf-16-le"),
            "e.jsonl: is UTF-16 or binary, not UTF-8 text; save it as UTF-8",
        ),
        (
            "e.csv",
            f"{HEADER}\n{ROW}\ne2,Zo\xeb,2026-03-01T09:00:00Z,open,\n".encode("latin-1"),
            "e.csv: byte 90 on line 3 (0xEB) is not UTF-8, perhaps the file is Latin-1; save it "
            "as UTF-8",
        ),
        (
            "e.csv",
            "\xe9v\xe9nement,contact_id\ne1,c1\n".encode("latin-1"),
            "e.csv: byte 1 on line 1 (0xE9) is not UTF-8, perhaps the file is Latin-1; save it "
            "as UTF-8",
        ),
        (
            "e.jsonl",
            '{"event_id": "e1"}\n{"event_id": "\xeb"}\n'.encode("latin-1"),
            "e.jsonl: byte 34 on line 2 (0xEB) is not UTF-8, perhaps the file is Latin-1; save it "
            "as UTF-8",
        ),
        ("e.csv", b"event_id;contact_id\n1;2\n", "e.csv: is separated by semicolons; save it with "
         "commas"),
        ("e.csv", b"event_id\tkind\n1\t2\n", "e.csv: is separated by tabs; save it with commas"),
        (
            "e.csv",
            b"event_id,kind,kind\n1,open,open\n",
            "e.csv, field kind: is the name of 2 columns; keep one",
        ),
        (
            "e.csv",
            b"id,contact_id,occurred_at,kind\n",
            "e.csv, field event_id: is a required column and is not there; columns found: id, "
            "contact_id, occurred_at, kind",
        ),
        (
            "e.csv.gz",
            gzip.compress(f"{HEADER}\n{ROW}\n".encode(), mtime=0)[:-9],
            "e.csv.gz: is not a complete gzip file; copy it again",
        ),
        ("e.jsonl.gz", b"{}\n", "e.jsonl.gz: is not a complete gzip file; copy it again"),
        (
            "e.jsonl",
            b'[{"event_id": "e1"}]',
            "e.jsonl: holds a JSON array; write JSON Lines, one object per line without brackets "
            "around",
        ),
        (
            "e.jsonl",
            b'[\n{"event_id": "e1"}\n]',
            "e.jsonl: holds a JSON array; write JSON Lines, one object per line without brackets "
            "around",
        ),
        (
            "e.jsonl",
            b'\n{"event_id": "e1"}\n{"event_id": \n',
            "e.jsonl: line 3 is not JSON (unexpected end of data); write one whole object per "
            "line",
        ),
        ("e.jsonl", b'{"event_id": "e1"}\n3\n', "e.jsonl: line 2 is not a JSON object"),
        (
            "e.jsonl",
            b'{"event_id":"e1","contact_id":12,"occurred_at":"2026-03-01T09:00:00Z",'
            b'"kind":"open"}\n',
            "e.jsonl, row 1, field contact_id: is a number, but must be text",
        ),
    ],
)  # fmt: skip
def test_a_bad_file_gets_one_sentence(
    tmp_path: Path, name: str, content: bytes, expected: str
) -> None:
    assert sentence(file(tmp_path, name, content)) == expected


def test_a_path_that_is_no_file_gets_one_sentence(tmp_path: Path) -> None:
    folder = tmp_path / "folder.csv"
    folder.mkdir()
    assert sentence(folder) == "folder.csv: is a folder, not a file; name a file in it"
    assert sentence(tmp_path / "none.csv") == (
        "none.csv: cannot be read (no such file or directory)"
    )


@pytest.mark.parametrize("keep", [6, 200, -1])
def test_a_truncated_parquet_file_is_cut_off(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "e.parquet"
    write_events(some_events(100), path)
    path.write_bytes(path.read_bytes()[:keep])
    assert sentence(path) == (
        "e.parquet: is cut off: a Parquet file ends with PAR1; write or copy it again"
    )


def test_a_damaged_parquet_file_never_raises_anything_else(tmp_path: Path) -> None:
    path = tmp_path / "e.parquet"
    write_events(some_events(40), path)
    whole, dice, refused = path.read_bytes(), random.Random(5), 0
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(3):
            damaged[dice.randrange(4, len(whole) - 4)] = dice.randrange(256)
        path.write_bytes(damaged)
        try:
            read_events(path)
        except BadInput:
            refused += 1
    assert refused > 100


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
@given(junk=st.binary(max_size=60), at=st.integers(0, 200))
def test_a_damaged_text_file_never_raises_anything_else(
    tmp_path: Path, suffix: str, junk: bytes, at: int
) -> None:
    path = tmp_path / f"e{suffix}"
    write_events(some_events(2), path)
    whole = path.read_bytes()
    path.write_bytes(whole[:at] + junk + whole[at + len(junk) // 2 :])
    refusal = ""
    try:
        read_events(path)
    except BadInput as error:
        refusal = str(error)
    assert "\n" not in refusal


def test_latin_1_inside_a_parquet_file_is_refused(tmp_path: Path) -> None:
    offsets, data = pa.array([0, 1], pa.int32()).buffers()[1], pa.py_buffer(b"\xe9")
    broken = pa.StringArray.from_buffers(1, offsets, data)
    table = some_events(1)
    table = table.set_column(1, "contact_id", broken)
    parquet.write_table(table, tmp_path / "e.parquet")
    found = sentence(tmp_path / "e.parquet")
    assert found.startswith("e.parquet: is a damaged Parquet file (")
    assert "UTF8" in found


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("contact_id", pa.array([12.0]), "is a column of double, but must be text"),
        (
            "occurred_at",
            pa.array([0], pa.timestamp("us")),
            "is a column of timestamp[us] without a time zone; write timestamp[us, tz=UTC]",
        ),
    ],
)
def test_a_parquet_column_of_the_wrong_type_is_named(
    tmp_path: Path, name: str, values: pa.Array, expected: str
) -> None:
    table = some_events(1)
    table = table.set_column(table.column_names.index(name), name, values)
    parquet.write_table(table, tmp_path / "e.parquet")
    assert sentence(tmp_path / "e.parquet") == f"e.parquet, field {name}: {expected}"


def test_columns_of_parquet_that_events_do_not_have_are_noticed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    table = some_events().append_column("mood", pa.array([[1], [2], [3]]))
    parquet.write_table(table, tmp_path / "e.parquet")
    with caplog.at_level(logging.INFO, "fineline.events"):
        assert len(read_events(tmp_path / "e.parquet")) == 3
    assert [message.partition(": ")[2] for message in caplog.messages] == [
        "columns ignored, as events do not have them: mood"
    ]


def test_duplicates_and_unknown_fields_of_json_lines_are_noticed_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "e.jsonl"
    write_events(some_events(1), path)
    line = path.read_text()
    path.write_text(line * 3 + line.replace('"e0"', '"e1","mood":1'))
    with caplog.at_level(logging.INFO, "fineline.events"):
        assert len(read_events(path)) == 2
    assert [message.partition(": ")[2] for message in caplog.messages] == [
        "columns ignored, as events do not have them: mood",
        "rows dropped, as they repeat an earlier row exactly: 2",
    ]


def test_categories_of_pandas_are_read(tmp_path: Path) -> None:
    frame = some_events().to_pandas()
    for name in ("contact_id", "kind", "channel", "actor_id"):
        frame[name] = pd.Categorical(frame[name])
    frame["account_id"] = pd.Categorical([None, "a", None], categories=["", "a", "b"])
    frame.to_parquet(tmp_path / "e.parquet")
    found = read_events(tmp_path / "e.parquet")
    assert found.column("account_id").to_pylist() == [None, "a", None]
    assert found.drop_columns("account_id").to_pylist() == (
        some_events().drop_columns("account_id").to_pylist()
    )


def test_many_batches_of_json_lines_keep_their_row_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("features.events.jsonl_format.BATCH", 4)
    path = tmp_path / "e.jsonl"
    write_events(some_events(10), path)
    assert len(read_events(path)) == 10
    lines = path.read_text().splitlines()
    lines[8] = lines[8].replace('"007"', "7")
    path.write_text("\n".join(lines))
    assert sentence(path) == "e.jsonl, row 9, field contact_id: is a number, but must be text"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_writing_replaces_a_file_whole_or_leaves_it(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"events{suffix}"
    path.write_text("before")
    table = some_events()
    with monkeypatch.context() as patch:
        patch.setattr("features.events.atomic.os.replace", _disk_full)
        with pytest.raises(BadInput, match="cannot be written \\(no space left on device\\)"):
            write_events(table, path)
    assert path.read_text() == "before"
    assert [found.name for found in tmp_path.iterdir()] == [path.name]
    write_events(table, path)
    assert len(read_events(path)) == 3
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


def _disk_full(*paths: object) -> None:
    raise OSError(28, "No space left on device")


def test_writing_into_no_folder_gets_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be written \\(no such file or directory\\)"):
        write_events(some_events(), tmp_path / "none" / "e.csv")
    with pytest.raises(BadInput, match="has an unknown suffix"):
        write_events(some_events(), tmp_path / "e.xlsx")
    with pytest.raises(BadInput, match="is a folder; name a file to write to"):
        write_events(some_events(), _folder(tmp_path / "e.csv"))


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def test_real_calls_are_read() -> None:
    found = read_events(real_data("loan_calls/events.parquet"))
    assert len(found) > 8_899
    assert found.schema.field("contact_id").type == pa.dictionary(pa.int32(), pa.string())
    assert found.column("kind").unique().to_pylist()
