"""People: one row each, which counts what is stored of them and holds what describes them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
from sqlalchemy import Connection, Insert, Update, bindparam, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from features.events.attributes import Attribute
from features.store import outbox
from features.store.database import Database
from features.store.notices import opt_outs
from features.store.selection import chunks, in_range
from features.store.suppression import ErasureKey, remembered
from features.store.tables import EVENTS, PEOPLE


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of a contact besides the events.

    `events` counts the stored events; `version` every change of what is stored.
    """

    contact_id: str
    timezone: str | None = None
    country: str | None = None
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    events: int = 0
    version: int = 0


_OWN = (
    PEOPLE.c.tenant == bindparam("tenant"),
    PEOPLE.c.contact_id.in_(bindparam("contacts", expanding=True)),
)
#: Made once: to put a statement together takes as long as to ask it.
_PERSONS = select(
    PEOPLE.c.contact_id, PEOPLE.c.timezone, PEOPLE.c.country, PEOPLE.c.attributes,
    PEOPLE.c.events, PEOPLE.c.version,
).where(*_OWN)  # fmt: skip
_LOCK = select(PEOPLE.c.contact_id).where(*_OWN).order_by(PEOPLE.c.contact_id).with_for_update()


def describe(database: Database, tenant: str, people: Sequence[Person], now_us: int) -> None:
    """Store what describes these people, in place of what was stored; events stay.

    Raises StoreUnavailable, and then nothing was stored.
    """
    rows = [
        _new(tenant, person.contact_id)
        | {
            "timezone": person.timezone,
            "country": person.country,
            "attributes": json.dumps(dict(person.attributes), sort_keys=True),
        }
        for person in {p.contact_id: p for p in people}.values()
    ]

    def store(connection: Connection) -> None:
        _upsert(connection, rows, ("timezone", "country", "attributes"))
        _remember(
            connection, tenant, [str(row["contact_id"]) for row in rows], now_us, database.key
        )

    if rows:
        database.write(store)


def persons(connection: Connection, tenant: str, contact_ids: Sequence[str]) -> dict[str, Person]:
    """Those of the contacts that are stored."""
    return {
        row.contact_id: Person(
            row.contact_id, row.timezone, row.country, json.loads(row.attributes), row.events,
            row.version,
        )
        for some in chunks(contact_ids)
        for row in connection.execute(_PERSONS, {"tenant": tenant, "contacts": some})
    }  # fmt: skip


def counts(connection: Connection, tenant: str) -> dict[str, int]:
    """How many events are stored of each contact, in order of their ids."""
    query = select(PEOPLE.c.contact_id, PEOPLE.c.events).where(PEOPLE.c.tenant == tenant)
    rows = connection.execute(query.order_by(PEOPLE.c.contact_id))
    return {str(contact): int(events) for contact, events in rows}


def tenants(connection: Connection) -> list[str]:
    """Everybody of whose contacts anything is stored."""
    return list(connection.execute(select(PEOPLE.c.tenant).distinct()).scalars())


def events_in_range(connection: Connection, tenant: str, first: str, until: str | None) -> int:
    """How many events are stored of the people whose ids lie from `first` to before `until`."""
    query = select(func.sum(PEOPLE.c.events)).where(
        PEOPLE.c.tenant == tenant, in_range(PEOPLE.c.contact_id, first, until)
    )
    return int(connection.execute(query).scalar() or 0)


def everybody(connection: Connection, tenant: str) -> list[str]:
    """The ids of all contacts, in order."""
    query = select(PEOPLE.c.contact_id).where(PEOPLE.c.tenant == tenant)
    return list(connection.execute(query.order_by(PEOPLE.c.contact_id)).scalars())


def lock(connection: Connection, tenant: str, contact_ids: Iterable[str]) -> set[str]:
    """Which of these people are stored; they stay locked until the transaction ends.

    Whoever stores events of one of them, or erases one, meanwhile waits; what they did before is
    seen by the statements that follow. In SQLite there is one writer at a time as it is.
    """
    return {
        contact
        for some in chunks(sorted(set(contact_ids)))
        for contact in connection.execute(_LOCK, {"tenant": tenant, "contacts": some}).scalars()
    }


def grow(
    connection: Connection, tenant: str, more: Mapping[str, int], now_us: int, key: ErasureKey
) -> dict[str, int]:
    """Count `more` events per contact; how many each had before.

    The rows stay locked until the transaction ends: whoever stores events of one of these people
    meanwhile waits, and so their events are numbered without gaps.
    """
    if not more:
        return {}
    _upsert(connection, [_new(tenant, contact) for contact in more], ())
    before = _remember(connection, tenant, list(more), now_us, key)
    connection.execute(
        _counting(), [{"of": tenant, "contact": c, "more": n} for c, n in more.items()]
    )
    return before


def _counting() -> Update:
    return (
        update(PEOPLE)
        .where(PEOPLE.c.tenant == bindparam("of"), PEOPLE.c.contact_id == bindparam("contact"))
        .values(events=PEOPLE.c.events + bindparam("more"))
    )


def _remember(
    connection: Connection, tenant: str, contacts: Sequence[str], now_us: int, key: ErasureKey
) -> dict[str, int]:
    """Give erased people their opt-out back; how many events each contact has then."""
    query = select(PEOPLE.c.contact_id, PEOPLE.c.events).where(PEOPLE.c.tenant == tenant)
    counts = {
        contact: events
        for some in chunks(contacts)
        for contact, events in connection.execute(query.where(PEOPLE.c.contact_id.in_(some)))
    }
    new = [contact for contact, events in counts.items() if not events]
    found = remembered(connection, tenant, new, key)
    if found:
        own = {"tenant": tenant, "number": 1, "stored_us": now_us}
        connection.execute(insert(EVENTS), [event | own for event in found.values()])
        connection.execute(_counting(), [{"of": tenant, "contact": c, "more": 1} for c in found])
        outbox.put(connection, tenant, opt_outs(list(found.values()), now_us), now_us)
    return counts | dict.fromkeys(found, 1)


def _new(tenant: str, contact_id: str) -> dict[str, object]:
    return {
        "tenant": tenant, "contact_id": contact_id, "events": 0, "version": 1, "look_us": 0,
        "claimed_us": 0, "looked_by": "", "attributes": "{}",
    }  # fmt: skip


def _upsert(connection: Connection, rows: list[dict[str, object]], replaced: Sequence[str]) -> None:
    """Add people, or note a change and replace these columns of those there are.

    In order of their ids, since two transactions that lock in different orders wait forever.
    """
    rows.sort(key=lambda row: str(row["contact_id"]))
    connection.execute(_statement(connection.dialect.name, replaced), rows)


def _statement(dialect: str, replaced: Sequence[str]) -> Insert:
    statement = (sqlite.insert if dialect == "sqlite" else postgresql.insert)(PEOPLE)
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=[PEOPLE.c.tenant, PEOPLE.c.contact_id],
        set_={
            "version": PEOPLE.c.version + 1,
            "look_us": 0,
            "claimed_us": 0,
            **{name: new[name] for name in replaced},
        },
    )


def contacts_table(connection: Connection, tenant: str) -> pa.Table | None:
    """Everybody who was described, as contacts in files are; None if nobody was.

    A column that is a number for some and text for others is text for all.
    """
    query = select(
        PEOPLE.c.contact_id, PEOPLE.c.timezone, PEOPLE.c.country, PEOPLE.c.attributes
    ).where(PEOPLE.c.tenant == tenant)
    rows = connection.execute(query.order_by(PEOPLE.c.contact_id)).all()
    if not rows:
        return None
    attributes = [json.loads(row.attributes) for row in rows]
    columns = {
        name: pa.array([getattr(row, name) for row in rows], pa.string())
        for name in ("contact_id", "timezone", "country")
    }
    for name in sorted({name for own in attributes for name in own}):
        columns[name] = _column([own.get(name) for own in attributes])
    return pa.table(columns)


def _column(values: list[Attribute]) -> pa.Array:
    if any(isinstance(value, str) for value in values):
        return pa.array([None if v is None else str(v) for v in values], pa.string())
    return pa.array(values, pa.float64())
