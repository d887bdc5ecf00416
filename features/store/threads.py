"""Open threads as last looked at, and whose turn it is to be looked at again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, and_, bindparam, delete, func, insert, or_, select, update

from features.store.selection import chunks
from features.store.tables import DIALS, PEOPLE, THREADS

#: Later than any moment an event can have.
NEVER = 1 << 62


@dataclass(frozen=True, slots=True)
class Thread:
    """An open thread and what was thought of it; `campaign_id` is empty for the nameless one.

    `nudge_us` and `channel` are when and where a touch is best, `why` is the reason in a line.
    """

    contact_id: str
    campaign_id: str
    actor_id: str | None
    touched_us: int
    hint: str
    score: float
    p_annoy: float
    account_id: str | None = None
    channel: str | None = None
    nudge_us: int | None = None
    p_land: float | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """All open threads of a person in the state `version`; to be looked at again at `look_us`."""

    contact_id: str
    version: int
    look_us: int
    threads: tuple[Thread, ...]


def claim(
    connection: Connection, now_us: int, until_us: int, most: int, tenant: str | None = None
) -> list[tuple[str, str]]:
    """People to be looked at, as (tenant, contact), that nobody else is given until `until_us`."""
    query = select(PEOPLE.c.tenant, PEOPLE.c.contact_id).where(
        PEOPLE.c.look_us <= now_us, PEOPLE.c.claimed_us <= now_us
    )
    if tenant is not None:
        query = query.where(PEOPLE.c.tenant == tenant)
    query = query.order_by(PEOPLE.c.look_us).limit(most).with_for_update(skip_locked=True)
    found = [(owner, contact) for owner, contact in connection.execute(query)]
    for owner in {owner for owner, _ in found}:
        own = [contact for of, contact in found if of == owner]
        connection.execute(
            update(PEOPLE)
            .where(PEOPLE.c.tenant == owner, PEOPLE.c.contact_id.in_(own))
            .values(claimed_us=until_us)
        )
    return found


def waiting(connection: Connection, tenant: str, now_us: int) -> int:
    """How many people of a tenant have to be looked at."""
    query = select(func.count()).where(PEOPLE.c.tenant == tenant, PEOPLE.c.look_us <= now_us)
    return int(connection.execute(query).scalar_one())


def look_again(connection: Connection, model: str) -> None:
    """Have everybody with an open thread looked at who was last looked at by another model."""
    connection.execute(
        update(PEOPLE)
        .where(PEOPLE.c.looked_by != model, PEOPLE.c.look_us > 0, PEOPLE.c.look_us < NEVER)
        .values(look_us=0)
    )


def decide_anew(connection: Connection, tenant: str) -> None:
    """Have everybody of a tenant looked at who has an open thread."""
    connection.execute(
        update(PEOPLE)
        .where(PEOPLE.c.tenant == tenant, PEOPLE.c.look_us < NEVER)
        .values(look_us=0, claimed_us=0)
    )


def decide_campaign_anew(
    connection: Connection, tenant: str, campaign_id: str, now_us: int
) -> None:
    """Have everybody looked at whose thread of a campaign is open.

    Whoever is being looked at right now is looked at once more: it may have begun before.
    """
    open_now = select(THREADS.c.contact_id).where(
        THREADS.c.tenant == tenant, THREADS.c.campaign_id == campaign_id
    )
    looked_at = select(PEOPLE.c.contact_id).where(
        PEOPLE.c.tenant == tenant, PEOPLE.c.claimed_us > now_us
    )
    found = connection.execute(open_now.union(looked_at)).scalars().all()
    for some in chunks(list(_locked(connection, tenant, sorted(found)))):
        connection.execute(
            update(PEOPLE)
            .where(PEOPLE.c.tenant == tenant, PEOPLE.c.contact_id.in_(some))
            .values(version=PEOPLE.c.version + 1, look_us=0, claimed_us=0)
        )


def rebuild(connection: Connection, tenant: str) -> None:
    """Have everybody looked at anew, and forget threads of nobody.

    What was thought of a thread stays until then: only a hint that comes out otherwise has changed.
    """
    somebody = and_(
        PEOPLE.c.tenant == THREADS.c.tenant, PEOPLE.c.contact_id == THREADS.c.contact_id
    )
    nobody = ~select(PEOPLE.c.contact_id).where(somebody).exists()
    connection.execute(delete(THREADS).where(THREADS.c.tenant == tenant, nobody))
    connection.execute(
        update(PEOPLE).where(PEOPLE.c.tenant == tenant).values(look_us=0, claimed_us=0)
    )


def replace(
    connection: Connection, tenant: str, looked: Sequence[Looked], model: str, dials: int = 0
) -> list[tuple[Thread | None, Thread | None]]:
    """Keep what was thought of these people's threads, but of those who have changed meanwhile.

    Nothing is kept if the tenant has set other dials than those of that number meanwhile. Gives
    each thread as it was thought of before and as it is now; None where there was, or is, no open
    thread.
    """
    versions = _locked(connection, tenant, sorted(one.contact_id for one in looked))
    # Asked after the lock: whoever sets dials has everybody looked at, and waits for it.
    if number_in_force(connection, tenant) != dials:
        return []
    valid = [one for one in looked if versions.get(one.contact_id) == one.version]
    before = _of_people(connection, tenant, [one.contact_id for one in valid])
    after = {(t.contact_id, t.campaign_id): t for one in valid for t in one.threads}
    for some in chunks([one.contact_id for one in valid]):
        connection.execute(
            delete(THREADS).where(THREADS.c.tenant == tenant, THREADS.c.contact_id.in_(some))
        )
    rows = [{"tenant": tenant, **asdict(thread)} for one in valid for thread in one.threads]
    if rows:
        connection.execute(insert(THREADS), rows)
    if valid:
        connection.execute(
            update(PEOPLE)
            .where(PEOPLE.c.tenant == tenant, PEOPLE.c.contact_id == bindparam("contact"))
            .values(look_us=bindparam("look"), claimed_us=0, looked_by=model),
            [{"contact": one.contact_id, "look": one.look_us} for one in valid],
        )
    return [(before.get(thread), after.get(thread)) for thread in {**before, **after}]


def _of_people(
    connection: Connection, tenant: str, contacts: Sequence[str]
) -> dict[tuple[str, str], Thread]:
    t = THREADS.c
    query = select(*(t[name] for name in Thread.__dataclass_fields__)).where(t.tenant == tenant)
    rows = (
        Thread(*row)
        for some in chunks(contacts)
        for row in connection.execute(query.where(t.contact_id.in_(some)))
    )
    return {(thread.contact_id, thread.campaign_id): thread for thread in rows}


def number_in_force(connection: Connection, tenant: str) -> int:
    """How often a tenant has set its dials."""
    query = select(func.max(DIALS.c.number)).where(DIALS.c.tenant == tenant)
    return int(connection.execute(query).scalar() or 0)


def _locked(connection: Connection, tenant: str, contacts: Sequence[str]) -> dict[str, int]:
    query = select(PEOPLE.c.contact_id, PEOPLE.c.version).where(PEOPLE.c.tenant == tenant)
    return {
        contact: version
        for some in chunks(contacts)
        for contact, version in connection.execute(
            query.where(PEOPLE.c.contact_id.in_(some))
            .order_by(PEOPLE.c.contact_id)
            .with_for_update()
        )
    }


def ranked(
    connection: Connection,
    tenant: str,
    hint: str,
    most: int,
    after: tuple[float, str, str] | None = None,
    actor_id: str | None = None,
) -> list[Thread]:
    """Threads with a hint, highest score first; those that come `after` a (score, ids) only."""
    t = THREADS.c
    query = select(*(t[name] for name in Thread.__dataclass_fields__)).where(
        t.tenant == tenant, t.hint == hint
    )
    if actor_id is not None:
        query = query.where(t.actor_id == actor_id)
    if after is not None:
        score, contact, campaign = after
        later = or_(t.contact_id > contact, and_(t.contact_id == contact, t.campaign_id > campaign))
        query = query.where(or_(t.score < score, and_(t.score == score, later)))
    query = query.order_by(t.score.desc(), t.contact_id, t.campaign_id).limit(most)
    return [Thread(*row) for row in connection.execute(query)]


def contacts(connection: Connection, tenant: str) -> list[str]:
    """Whose threads are open, in order of their ids."""
    query = select(THREADS.c.contact_id).where(THREADS.c.tenant == tenant).distinct()
    return list(connection.execute(query.order_by(THREADS.c.contact_id)).scalars())


def count(connection: Connection, tenant: str) -> int:
    """How many threads are open."""
    query = select(func.count()).where(THREADS.c.tenant == tenant)
    return int(connection.execute(query).scalar_one())


def touched_since(
    connection: Connection, tenant: str, since_us: int, actor_id: str | None = None
) -> int:
    """How many open threads were touched at or after a moment."""
    query = select(func.count()).where(THREADS.c.tenant == tenant, THREADS.c.touched_us >= since_us)
    if actor_id is not None:
        query = query.where(THREADS.c.actor_id == actor_id)
    return int(connection.execute(query).scalar_one())
