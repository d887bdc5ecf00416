"""Files of events: every format round trips, and is read for what it is."""

from __future__ import annotations

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
from tests.event_files import HEADER, ROW, csv, file, sentence, some_events
from tests.realdata import real_data

SUFFIXES = [".parquet", ".csv", ".jsonl", ".ndjson", ".csv.gz", ".jsonl.gz"]


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
