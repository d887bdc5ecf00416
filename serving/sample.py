"""The sample agency: a simulated history moved to today, and stored as a CRM would store it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from features.events.known import known_by
from features.moments import MICROSECOND, microseconds
from features.store.database import Database
from serving.stored.receipts import contacts_stored, events_stored

#: Events or contacts in one request: as many as the API takes at once.
AT_ONCE = 10_000
_TIMES = ("occurred_at", "recorded_at")
#: The agency's first approaches are spread over ten months: at this share of its year, some
#: threads are minutes old and others have been left alone for long.
_MOMENT = timedelta(days=290)


def moved_to(events: pa.Table, now: datetime) -> pa.Table:
    """The events that were recorded by `now`, were `now` a day in the agency's tenth month.

    Times move by whole weeks, so that Mondays stay Mondays.
    """
    first = pc.min(events["occurred_at"]).cast(pa.int64()).as_py()
    week = timedelta(weeks=1) // MICROSECOND
    ahead = microseconds(now) - _MOMENT // MICROSECOND - first
    shift = ahead // week * week
    for name in _TIMES:
        kind = events.schema.field(name).type
        moved = pc.add(events[name].cast(pa.int64()), shift).cast(kind)
        events = events.set_column(events.schema.get_field_index(name), name, moved)
    return known_by(events, microseconds(now))


def fill(
    database: Database, tenant: str, events: pa.Table, contacts: pa.Table, now: datetime,
    told: Callable[[int], object] = lambda _: None,
) -> None:  # fmt: skip
    """Store contacts and events through the code of the API; `told` hears of each part's size."""
    for part in _parts(contacts):
        contacts_stored(orjson.dumps([_contact(r) for r in part]), database, tenant, now, AT_ONCE)
    for part in _parts(events):
        body = orjson.dumps([{k: v for k, v in row.items() if v is not None} for row in part])
        events_stored(body, database, tenant, now, AT_ONCE)
        told(len(part))


def _parts(table: pa.Table) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, len(table), AT_ONCE):
        yield table.slice(start, AT_ONCE).to_pylist()


def _contact(row: Mapping[str, Any]) -> dict[str, Any]:
    named = {n: row[n] for n in ("contact_id", "timezone", "country") if row.get(n) is not None}
    own = {k: v for k, v in row.items() if k not in ("contact_id", "timezone", "country")}
    return {**named, "attributes": {k: v for k, v in own.items() if v is not None}}
