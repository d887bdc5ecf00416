"""Every bad file of events gets one plain sentence."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from features.errors import BadInput
from features.events.files import read_events, write_events
from tests.event_files import HEADER, ROW, csv, file, sentence, some_events


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


def test_a_line_break_in_a_columns_name_stays_out_of_the_sentence(tmp_path: Path) -> None:
    path = tmp_path / "e.csv"
    path.write_text('"\nevent_id",contact_id\n1,c\n')
    with pytest.raises(BadInput, match=r"columns found: '\\nevent_id', contact_id"):
        read_events(path)


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
