"""Tables of valid touches with something changed, and what is said of them."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pytest

from features.errors import BadInput
from features.events.validate import validate_events

TOUCH: dict[str, object] = {
    "event_id": "e1",
    "contact_id": "c1",
    "occurred_at": "2026-03-01T09:00:00+01:00",
    "kind": "touch",
    "channel": "email",
}


def events(*changes: Mapping[str, object]) -> pa.Table:
    """Valid touches e1, e2, ... with some fields changed."""
    rows = [{**TOUCH, "event_id": f"e{n}", **change} for n, change in enumerate(changes, start=1)]
    names = dict.fromkeys(name for row in rows for name in row)
    return pa.table({name: [row.get(name) for row in rows] for name in names})


def column(name: str, values: pa.Array) -> pa.Table:
    """As many valid touches as there are values, with one column replaced."""
    table = events(*[{} for _ in values])
    if name in table.column_names:
        return table.set_column(table.column_names.index(name), name, values)
    return table.append_column(name, values)


def sentence(table: pa.Table) -> str:
    with pytest.raises(BadInput) as caught:
        validate_events(table, "events.csv")
    return str(caught.value)
