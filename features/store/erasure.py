"""A person's rights: everything that is held about them, and none of it any more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from features.store import audit
from features.store.audit import By
from features.store.people import lock
from features.store.suppression import FOR_GOOD, ErasureKey, digest_of
from features.store.tables import (
    DECISIONS,
    DELIVERIES,
    EVENTS,
    FEEDBACK,
    MESSAGES,
    PEOPLE,
    SHADOWS,
    SUPPRESSED,
    THREADS,
)
from features.store.trainings import Training, trained_on

_OF_A_PERSON = (FEEDBACK, SHADOWS, DECISIONS, THREADS, DELIVERIES, MESSAGES, EVENTS, PEOPLE)


@dataclass(frozen=True, slots=True)
class Held:
    """All rows about a person, by table, and the models whose training data held them."""

    people: Sequence[dict[str, Any]]
    events: Sequence[dict[str, Any]]
    threads: Sequence[dict[str, Any]]
    decisions: Sequence[dict[str, Any]]
    shadows: Sequence[dict[str, Any]]
    feedback: Sequence[dict[str, Any]]
    messages: Sequence[dict[str, Any]]
    deliveries: Sequence[dict[str, Any]]
    models: Sequence[Training]


@dataclass(frozen=True, slots=True)
class Erased:
    """How many rows were removed; whether an opt-out is remembered; which models saw the person."""

    events: int
    decisions: int
    feedback: int
    opt_out_kept: bool
    models: Sequence[Training]


def held(connection: Connection, tenant: str, contact_id: str) -> Held | None:
    """Everything that is stored about a person; None if nothing is."""
    found = {
        table.name: [
            dict(row)
            for row in connection.execute(
                select(table)
                .where(table.c.tenant == tenant, table.c.contact_id == contact_id)
                .order_by(*table.primary_key)
            ).mappings()
        ]
        for table in _OF_A_PERSON
    }
    if not found["people"]:
        return None
    return Held(**found, models=trained_on(connection, tenant, contact_id))


def erase(connection: Connection, by: By, contact_id: str, key: ErasureKey) -> Erased | None:
    """Remove everything about a person but, by a keyed digest, that they opted out or complained.

    None if nothing is stored about them. The audit log has it either way.
    """
    found = _erase(connection, by.tenant, contact_id, key)
    audit.add(connection, by.to_contact("erase", contact_id, key, found is not None))
    return found


def _erase(connection: Connection, tenant: str, contact_id: str, key: ErasureKey) -> Erased | None:
    if not lock(connection, tenant, [contact_id]):
        return None
    models = trained_on(connection, tenant, contact_id)
    kept = _keep_opt_out(connection, tenant, contact_id, key)
    removed = {}
    for table in _OF_A_PERSON:
        own = (table.c.tenant == tenant, table.c.contact_id == contact_id)
        counted = select(func.count()).select_from(table).where(*own)
        removed[table.name] = int(connection.execute(counted).scalar_one())
        connection.execute(delete(table).where(*own))
    return Erased(removed["events"], removed["decisions"], removed["feedback"], kept, models)


def _keep_opt_out(connection: Connection, tenant: str, contact_id: str, key: ErasureKey) -> bool:
    query = (
        select(EVENTS.c.kind, EVENTS.c.occurred_us)
        .where(
            EVENTS.c.tenant == tenant, EVENTS.c.contact_id == contact_id,
            EVENTS.c.kind.in_(FOR_GOOD),
        )
        .order_by(EVENTS.c.occurred_us)
        .limit(1)
    )  # fmt: skip
    first = connection.execute(query).first()
    if first is None:
        return False
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    connection.execute(
        make(SUPPRESSED).on_conflict_do_nothing(),
        {
            "tenant": tenant, "digest": digest_of(key.read(), tenant, contact_id),
            "kind": first.kind, "occurred_us": first.occurred_us,
        },
    )  # fmt: skip
    return True
