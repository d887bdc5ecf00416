"""Columns of events that are encoded as dictionaries."""

from __future__ import annotations

import pyarrow as pa
import pytest

from features.events.schema import ENCODED
from features.events.validate import encode, find_problems, validate_events
from tests.event_tables import column, events, sentence


@pytest.mark.parametrize("index", [pa.int8(), pa.uint16(), pa.int64()])
@pytest.mark.parametrize("words", [pa.string(), pa.large_string()])
def test_encoded_columns_stay_encoded(index: pa.DataType, words: pa.DataType) -> None:
    codes = pa.array([0, 1, None], index)
    values = pa.DictionaryArray.from_arrays(codes, pa.array(["email", "", "unused!"], words))
    table = events({}, {"kind": "open"}, {"kind": "open"})
    table = table.set_column(table.column_names.index("channel"), "channel", values)
    found = validate_events(table, "x").column("channel")
    assert found.type == pa.dictionary(pa.int32(), pa.string())
    assert found.to_pylist() == ["email", None, None]


def test_a_null_hidden_in_a_dictionary_is_missing() -> None:
    values = pa.DictionaryArray.from_arrays(pa.array([0, 1]), pa.array(["c1", None]))
    assert "row 2, field contact_id: is missing" in sentence(column("contact_id", values))


def test_a_bad_word_in_a_dictionary_is_found_in_every_row_that_uses_it() -> None:
    values = pa.array(["touch", "tuch", "touch", "tuch"]).dictionary_encode()
    found = find_problems(column("kind", values))
    assert [problem.row for problem in found] == [2, 4]


def test_encode_gives_one_chunk_and_one_dictionary_without_changing_values() -> None:
    first = validate_events(events({}, {}), "x")
    second = validate_events(events({"event_id": "z", "contact_id": "c9"}), "x")
    joined = pa.concat_tables([first, second])
    found = encode(joined)
    assert {found.schema.field(name).type for name in ENCODED} == {
        pa.dictionary(pa.int32(), pa.string())
    }
    assert {found.column(name).num_chunks for name in found.column_names} == {1}
    assert found.to_pylist() == joined.to_pylist()
    assert encode(pa.concat_tables([encode(first), encode(second)])).to_pylist() == (
        joined.to_pylist()
    )
