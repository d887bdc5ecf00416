"""The fingerprint of data: of all that is told, and of nothing but that."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from tests.factories import agency
from training.fingerprint import fingerprint

EVENTS = agency(16)
CONTACTS = pa.table({"contact_id": ["a", "b"], "timezone": ["Asia/Tokyo", None], "age": [31, 47]})


def changed(table: pa.Table, name: str, row: int, value: object) -> pa.Table:
    values = table[name].to_pylist()
    assert values[row] != value
    values[row] = value
    place = table.schema.get_field_index(name)
    return table.set_column(place, name, pa.array(values, table.schema.field(name).type))


def test_the_order_of_rows_and_columns_does_not_matter() -> None:
    whole = fingerprint(EVENTS, CONTACTS)
    assert len(whole) == 32
    turned = EVENTS.take(pa.array(np.arange(EVENTS.num_rows)[::-1]))
    assert fingerprint(turned, CONTACTS) == whole
    assert fingerprint(EVENTS.select(EVENTS.column_names[::-1]), CONTACTS) == whole
    assert fingerprint(EVENTS, CONTACTS.select(["age", "contact_id", "timezone"])) == whole


def test_nothing_told_in_a_column_is_as_if_it_were_not_there() -> None:
    empty = pa.nulls(EVENTS.num_rows, pa.string())
    assert fingerprint(EVENTS.append_column("note", empty)) == fingerprint(EVENTS)


@pytest.mark.parametrize("name", ["event_id", "contact_id", "channel", "sentiment", "campaign_id"])
def test_a_single_value_matters(name: str) -> None:
    row = int(np.flatnonzero(EVENTS[name].is_valid().to_numpy())[3])
    for value in ("other", None):
        assert fingerprint(changed(EVENTS, name, row, value)) != fingerprint(EVENTS)


def test_contacts_matter_and_so_does_which_row_says_what() -> None:
    whole = fingerprint(EVENTS, CONTACTS)
    assert fingerprint(EVENTS) != whole
    assert fingerprint(EVENTS, changed(CONTACTS, "age", 1, 48)) != whole
    swapped = changed(changed(CONTACTS, "age", 0, 47), "age", 1, 31)
    assert fingerprint(EVENTS, swapped) != whole
    assert fingerprint(EVENTS.slice(1), CONTACTS) != whole
    assert fingerprint(pa.concat_tables([EVENTS, EVENTS.slice(0, 1)]), CONTACTS) != whole


def test_a_value_is_not_taken_for_one_of_another_column() -> None:
    one, other = (pa.table({"a": [a], "b": [b]}) for a, b in (("x", "y"), ("y", "x")))
    assert fingerprint(one) != fingerprint(other)
    assert fingerprint(pa.table({"a": ["x"]})) != fingerprint(pa.table({"b": ["x"]}))
    assert fingerprint(pa.table({"a": pa.array([], pa.string())})) == fingerprint(
        EVENTS.slice(0, 0)
    )


def test_it_is_the_same_in_every_process() -> None:
    assert fingerprint(CONTACTS) == "5ea00654cc602b5bac521d059e2cfeab"
