"""People: one row each, which counts what is stored of them and holds what describes them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Insert, select
from sqlalchemy.dialects import postgresql, sqlite

from features.events.attributes import Attribute
from features.store.database import Database
from features.store.selection import chunks
from features.store.tables import PEOPLE


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


def describe(database: Database, tenant: str, people: Sequence[Person]) -> None:
    """Store what describes these people, in place of what was stored; events stay.

    Raises StoreUnavailable, and then nothing was stored.
    """
    rows = [
        _new(tenant, person.contact_id, 0)
        | {
            "timezone": person.timezone,
            "country": person.country,
            "attributes": json.dumps(dict(person.attributes), sort_keys=True),
        }
        for person in {p.contact_id: p for p in people}.values()
    ]
    if rows:
        changed = ("timezone", "country", "attributes")
        database.write(lambda c: _upsert(c, rows, changed))


def persons(connection: Connection, tenant: str, contact_ids: Sequence[str]) -> dict[str, Person]:
    """Those of the contacts that are stored."""
    query = select(
        PEOPLE.c.contact_id, PEOPLE.c.timezone, PEOPLE.c.country, PEOPLE.c.attributes,
        PEOPLE.c.events, PEOPLE.c.version,
    ).where(PEOPLE.c.tenant == tenant)  # fmt: skip
    return {
        row.contact_id: Person(
            row.contact_id, row.timezone, row.country, json.loads(row.attributes), row.events,
            row.version,
        )
        for some in chunks(contact_ids)
        for row in connection.execute(query.where(PEOPLE.c.contact_id.in_(some)))
    }  # fmt: skip


def grow(connection: Connection, tenant: str, more: Mapping[str, int]) -> dict[str, int]:
    """Count `more` events per contact; how many each had before.

    The rows stay locked until the transaction ends: whoever stores events of one of these people
    meanwhile waits, and so their events are numbered without gaps.
    """
    if not more:
        return {}
    _upsert(connection, [_new(tenant, contact, more[contact]) for contact in more], ())
    query = select(PEOPLE.c.contact_id, PEOPLE.c.events).where(PEOPLE.c.tenant == tenant)
    return {
        contact: events - more[contact]
        for some in chunks(list(more))
        for contact, events in connection.execute(query.where(PEOPLE.c.contact_id.in_(some)))
    }


def _new(tenant: str, contact_id: str, events: int) -> dict[str, object]:
    return {
        "tenant": tenant, "contact_id": contact_id, "events": events, "version": 1, "look_us": 0,
        "claimed_us": 0, "looked_by": "", "attributes": "{}",
    }  # fmt: skip


def _upsert(connection: Connection, rows: list[dict[str, object]], replaced: Sequence[str]) -> None:
    """Add people, or count events and change the columns `replaced` of those there are.

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
            "events": PEOPLE.c.events + new.events,
            "version": PEOPLE.c.version + 1,
            "look_us": 0,
            "claimed_us": 0,
            **{name: new[name] for name in replaced},
        },
    )
