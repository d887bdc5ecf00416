"""What is derived from events, once more from the events alone."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, and_, func, or_, select, update

from features.store.tables import EVENTS, PEOPLE, THREADS

#: An open thread, by contact and campaign: who touched it last, and when.
Open = Mapping[tuple[str, str], tuple[str | None, int]]


def recount(connection: Connection, tenant: str) -> int:
    """Count every person's events anew; of how many the count was wrong."""
    e = EVENTS.c
    counted = (
        select(func.count())
        .where(e.tenant == PEOPLE.c.tenant, e.contact_id == PEOPLE.c.contact_id)
        .scalar_subquery()
    )
    last = (
        select(func.coalesce(func.max(e.number), 0))
        .where(e.tenant == PEOPLE.c.tenant, e.contact_id == PEOPLE.c.contact_id)
        .scalar_subquery()
    )
    # Events are numbered without gaps, so the last number is the count.
    wrong = and_(PEOPLE.c.tenant == tenant, or_(PEOPLE.c.events != counted, last != counted))
    found = connection.execute(select(func.count()).select_from(PEOPLE).where(wrong)).scalar_one()
    connection.execute(
        update(PEOPLE).where(wrong).values(events=counted, version=PEOPLE.c.version + 1)
    )
    return int(found)


def settled(connection: Connection, tenant: str, now_us: int) -> Open:
    """The open threads of everybody whom nobody has to look at by now."""
    t = THREADS.c
    same = and_(PEOPLE.c.tenant == t.tenant, PEOPLE.c.contact_id == t.contact_id)
    query = select(t.contact_id, t.campaign_id, t.actor_id, t.touched_us).select_from(
        THREADS.join(PEOPLE, same)
    )
    rows = connection.execute(query.where(t.tenant == tenant, PEOPLE.c.look_us > now_us))
    return {(contact, campaign): (actor, touched) for contact, campaign, actor, touched in rows}


def waiting_contacts(connection: Connection, tenant: str, now_us: int) -> set[str]:
    """Everybody who has to be looked at."""
    query = select(PEOPLE.c.contact_id).where(PEOPLE.c.tenant == tenant, PEOPLE.c.look_us <= now_us)
    return set(connection.execute(query).scalars())
