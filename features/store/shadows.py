"""What a challenger would have answered: beside the decisions on record, never given to anybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, func, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from features.store.decisions import Said
from features.store.tables import DECISIONS, PEOPLE, SHADOWS


@dataclass(frozen=True, slots=True)
class Waiting:
    """A decision on record that a challenger has not been asked about, and whose it is."""

    tenant: str
    decision_id: str


def claim(
    connection: Connection, version: str, since_us: int, now_us: int, most: int
) -> list[Waiting]:
    """Live decisions made at or after `since_us` that nobody asks this version about yet.

    They are the caller's to ask about: no two processes get the same. Oldest first.
    """
    d = DECISIONS.c
    asked = select(SHADOWS.c.decision_id).where(_same(), SHADOWS.c.model_version == version)
    query = (
        select(d.tenant, d.decision_id, d.contact_id)
        .where(d.live, d.made_us >= since_us, d.model_version != version, ~asked.exists())
        .order_by(d.made_us)
        .limit(most)
    )
    found = connection.execute(query).all()
    # Whoever erases a person waits for this lock, and then erases these too.
    person = tuple_(PEOPLE.c.tenant, PEOPLE.c.contact_id)
    people = sorted({(tenant, contact_id) for tenant, _, contact_id in found})
    locked = select(PEOPLE.c.tenant, PEOPLE.c.contact_id).where(person.in_(people))
    known = set(connection.execute(locked.order_by(*PEOPLE.primary_key).with_for_update()).tuples())
    rows = [row for row in found if (row.tenant, row.contact_id) in known]
    if not rows:
        return []
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    values = [
        {"tenant": tenant, "decision_id": decision_id, "contact_id": contact_id,
         "model_version": version, "made_us": now_us}
        for tenant, decision_id, contact_id in rows
    ]  # fmt: skip
    insert = make(SHADOWS).values(values).on_conflict_do_nothing()
    own = connection.execute(insert.returning(SHADOWS.c.tenant, SHADOWS.c.decision_id))
    return [Waiting(*row) for row in own]


def answer(connection: Connection, one: Waiting, version: str, written: str) -> None:
    """Note what the challenger answers (JSON) to a decision that was claimed."""
    s = SHADOWS.c
    connection.execute(
        update(SHADOWS)
        .where(s.tenant == one.tenant, s.decision_id == one.decision_id,
               s.model_version == version, s.answer.is_(None))
        .values(answer=written)
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pair:
    """What was said of a thread's next touch, and what the challenger says of it."""

    said: Said
    shadow: str


def pairs(connection: Connection, tenant: str, version: str, most: int) -> list[Pair]:
    """The latest decisions that a challenger has answered too, oldest first."""
    d, s = DECISIONS.c, SHADOWS.c
    query = (
        select(*(d[name] for name in Said.__dataclass_fields__), s.answer.label("shadow"))
        .select_from(DECISIONS.join(SHADOWS, _same()))
        .where(s.tenant == tenant, s.model_version == version, s.answer.is_not(None))
        .order_by(d.made_us.desc())
        .limit(most)
    )
    return [Pair(Said(*row[:-1]), row[-1]) for row in connection.execute(query)][::-1]


def versions(connection: Connection, tenant: str) -> Sequence[tuple[str, int]]:
    """The versions that ever were in shadow, and how many decisions each answered."""
    s = SHADOWS.c
    query = (
        select(s.model_version, func.count())
        .where(s.tenant == tenant, s.answer.is_not(None))
        .group_by(s.model_version)
        .order_by(func.max(s.made_us))
    )
    return [(str(version), int(count)) for version, count in connection.execute(query)]


def _same() -> ColumnElement[bool]:
    return and_(
        SHADOWS.c.tenant == DECISIONS.c.tenant, SHADOWS.c.decision_id == DECISIONS.c.decision_id
    )
