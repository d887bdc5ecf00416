"""Adding events: once each, whole or not at all, and known to be stored when this returns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, insert, select

from features.events.problems import Problem, listed
from features.events.rows import Row, check_rows
from features.events.schema import FIELDS, IDS
from features.store import outbox
from features.store.database import Database
from features.store.notices import opt_outs
from features.store.people import grow, lock
from features.store.selection import chunks
from features.store.suppression import ErasureKey
from features.store.tables import EVENTS

#: Ids are looked up in an index, whose entries PostgreSQL limits in bytes.
MAX_ID_BYTES = 1000
#: Columns of the table in the order of an event's fields.
COLUMNS = tuple(f"{n.removesuffix('_at')}_us" if n.endswith("_at") else n for n in FIELDS)
_CONTACT = FIELDS.index("contact_id")

Status = Literal["accepted", "duplicate", "refused"]
Values = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one event; a refused one has problems, the others have none."""

    status: Status
    problems: tuple[Problem, ...] = ()


def append(database: Database, tenant: str, rows: Sequence[Row], now_us: int) -> list[Receipt]:
    """Store the acceptable ones of `rows` (JSON objects); one receipt per row, in order.

    An event stored before with the same content is a duplicate, with other content refused.
    Raises StoreUnavailable, and then nothing was stored.
    """
    # Each row is a set of its own to the validator: which ids repeat is judged with the store.
    checked = check_rows(rows, groups=np.arange(len(rows)), limit=(len(FIELDS) + 1) * len(rows))
    wrong: dict[int, list[Problem]] = {}
    for problem in (*checked.problems, *_too_long(rows)):
        wrong.setdefault(problem.row - 1, []).append(problem)
    numbers = range(len(rows)) if checked.rows is None else checked.rows.tolist()
    pairs = zip(numbers, _values(checked.table), strict=True)
    events = {row: event for row, event in pairs if row not in wrong}
    receipts = database.write(lambda c: _store(c, tenant, events, now_us, database.key))
    return [receipts.get(row) or Receipt("refused", tuple(wrong[row])) for row in range(len(rows))]


def _too_long(rows: Sequence[Row]) -> list[Problem]:
    return [
        Problem(at, name, f"is {size:,} bytes long; at most {MAX_ID_BYTES:,} are stored")
        for at, row in enumerate(rows, start=1)
        if isinstance(row, Mapping)
        for name in IDS
        if isinstance(value := row.get(name), str) and len(value) > MAX_ID_BYTES // 4
        if (size := len(value.encode(errors="surrogatepass"))) > MAX_ID_BYTES
    ]


def _values(table: pa.Table) -> list[Values]:
    """The events as tuples in the order of `COLUMNS`."""
    columns = [
        (c.cast(pa.int64()) if pa.types.is_timestamp(c.type) else c).to_pylist()
        for c in table.columns
    ]
    return list(zip(*columns, strict=True))


def _store(
    connection: Connection, tenant: str, events: Mapping[int, Values], now_us: int, key: ErasureKey
) -> dict[int, Receipt]:
    # The same events sent twice at once: the second waits here, and then finds them stored.
    lock(connection, tenant, (event[_CONTACT] for event in events.values()))
    kept = _stored(connection, tenant, [event[0] for event in events.values()])
    places: dict[str, int] = {}
    receipts: dict[int, Receipt] = {}
    new = []
    for row, event in events.items():
        if event[0] not in kept:
            kept[event[0]], places[event[0]] = event, row
            receipts[row] = Receipt("accepted")
            new.append(event)
        else:
            receipts[row] = _again(row, event, kept[event[0]], places.get(event[0]))
    _insert(connection, tenant, new, now_us, key)
    return receipts


def _insert(
    connection: Connection, tenant: str, events: Sequence[Values], now_us: int, key: ErasureKey
) -> None:
    numbers = grow(connection, tenant, Counter(event[_CONTACT] for event in events), now_us, key)
    records = []
    for event in events:
        numbers[event[_CONTACT]] += 1
        own = {"tenant": tenant, "number": numbers[event[_CONTACT]], "stored_us": now_us}
        records.append(dict(zip(COLUMNS, event, strict=True)) | own)
    if records:
        connection.execute(insert(EVENTS), records)
    outbox.put(connection, tenant, opt_outs(records, now_us), now_us)


def _stored(connection: Connection, tenant: str, ids: Sequence[str]) -> dict[str, Values]:
    query = select(*(EVENTS.c[name] for name in COLUMNS)).where(EVENTS.c.tenant == tenant)
    return {
        row.event_id: tuple(row)
        for some in chunks(ids)
        for row in connection.execute(query.where(EVENTS.c.event_id.in_(some)))
    }


def _again(row: int, event: Values, kept: Values, place: int | None) -> Receipt:
    """The receipt of an event whose id is known, from the row `place` of the list or the store."""
    unlike = [name for name, one, two in zip(FIELDS, event, kept, strict=True) if one != two]
    if not unlike:
        return Receipt("duplicate")
    where = "stored already" if place is None else f"also that of row {place + 1}"
    message = (
        f"is {where}, with another {listed(unlike)}; one event_id names one event, and a "
        "correction is a new event"
    )
    return Receipt("refused", (Problem(row + 1, "event_id", message),))
