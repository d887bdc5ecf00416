"""Reading events back: the canonical table that files become too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, Select, bindparam, func, select

from features.events.schema import EVENTS as SCHEMA
from features.store.events import COLUMNS
from features.store.selection import chunks, in_range
from features.store.tables import EVENTS

_PART = 50_000
_EVENT = tuple(EVENTS.c[name] for name in COLUMNS)
#: Made once: to put it together takes as long as to ask it.
_HISTORIES = (
    select(*_EVENT)
    .where(
        EVENTS.c.tenant == bindparam("tenant"),
        EVENTS.c.contact_id.in_(bindparam("contacts", expanding=True)),
    )
    .order_by(EVENTS.c.contact_id, EVENTS.c.number)
)


def history(
    connection: Connection, tenant: str, contact_id: str, first: int | None = None
) -> pa.Table:
    """One contact's events in order of storing; with `first` only so many of them."""
    query = _of(tenant).where(EVENTS.c.contact_id == contact_id)
    if first is not None:
        query = query.where(EVENTS.c.number <= first)
    return table_of(connection.execute(query.order_by(EVENTS.c.number)).all())


def histories(
    connection: Connection, tenant: str, contact_ids: Sequence[str]
) -> Mapping[str, pa.Table]:
    """The events of each contact, in order of storing; contacts without any are left out."""
    rows: dict[str, list[Any]] = {}
    for some in chunks(contact_ids):
        for row in connection.execute(_HISTORIES, {"tenant": tenant, "contacts": some}):
            rows.setdefault(row.contact_id, []).append(row)
    return {contact: table_of(own) for contact, own in rows.items()}


def all_events(connection: Connection, tenant: str) -> pa.Table:
    """Every event of a tenant, in order of storing."""
    query = _of(tenant).order_by(EVENTS.c.seq).execution_options(yield_per=_PART)
    parts: Iterator[Sequence[Any]] = connection.execute(query).partitions()
    return pa.concat_tables([SCHEMA.empty_table(), *map(table_of, parts)])


def events_of_range(connection: Connection, tenant: str, first: str, until: str | None) -> pa.Table:
    """All events of the people whose ids lie from `first` to before `until`, if there is one."""
    query = _of(tenant).where(in_range(EVENTS.c.contact_id, first, until))
    return table_of(connection.execute(query.order_by(EVENTS.c.contact_id, EVENTS.c.number)).all())


def last_number(connection: Connection, tenant: str) -> int:
    """The number of a tenant's last event, 0 before any."""
    query = select(func.max(EVENTS.c.seq)).where(EVENTS.c.tenant == tenant)
    return int(connection.execute(query).scalar() or 0)


def whose_since(connection: Connection, tenant: str, seq: int) -> tuple[list[str], int]:
    """Whose events were stored after that number, and the number of the last event."""
    e = EVENTS.c
    query = select(e.contact_id, func.max(e.seq)).where(e.tenant == tenant, e.seq > seq)
    rows = connection.execute(query.group_by(e.contact_id)).all()
    return [contact for contact, _ in rows], max([seq, *(last for _, last in rows)])


def table_of(rows: Sequence[Any]) -> pa.Table:
    """Rows in the order of `COLUMNS` as a table of the events schema."""
    if not rows:
        return SCHEMA.empty_table()
    columns = [
        pa.array(values, pa.int64()).view(field.type)
        if pa.types.is_timestamp(field.type)
        else pa.array(values, field.type)
        for field, values in zip(SCHEMA, zip(*rows, strict=True), strict=True)
    ]
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def _of(tenant: str) -> Select[Any]:
    return select(*_EVENT).where(EVENTS.c.tenant == tenant)
