"""Telling that all ids differ, quickly and without ever being wrong about it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import BadInput
from features.events import duplicates
from features.events.distinct import certainly_distinct, fnv1a
from features.events.validate import find_problems, validate_events
from tests.test_events_validate import events


def test_hashes_are_those_of_the_published_vectors() -> None:
    out = np.empty(3, np.uint64)
    fnv1a(np.array([0, 0, 1, 7], np.int32), np.frombuffer(b"afoobar", np.uint8), out)
    assert [hex(digest) for digest in out] == [
        "0xcbf29ce484222325",
        "0xaf63dc4c8601ec8c",
        "0x85944171f73967e8",
    ]


@settings(max_examples=100, deadline=None)
@given(
    chunks=st.lists(st.lists(st.text(max_size=3), max_size=5), max_size=4),
    skipped=st.integers(0, 2),
)
def test_it_says_what_a_set_says(chunks: list[list[str]], skipped: int) -> None:
    # A slice leaves Arrow's offsets in place, so it has to be read from the middle.
    arrays = [pa.array(chunk, pa.string())[skipped:] for chunk in chunks]
    texts = [text for array in arrays for text in array.to_pylist()]
    column = pa.chunked_array(arrays, pa.string())
    assert certainly_distinct(column) == (len(set(texts)) == len(texts))


def test_many_rows_are_checked_like_few(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = [
        events({}, {}, {}),
        events({}, {}, {"event_id": "e1"}),
        events({}, {}, {"event_id": "e1", "channel": "sms"}),
        events({}, {"event_id": ""}, {"event_id": ""}),
    ]
    few = [(find_problems(table), _length(table)) for table in tables]
    monkeypatch.setattr(duplicates, "MANY", 0)
    assert [(find_problems(table), _length(table)) for table in tables] == few


def _length(table: pa.Table) -> int | None:
    try:
        return len(validate_events(table, "x"))
    except BadInput:
        return None
