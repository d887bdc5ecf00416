"""Decisions on record: added when they are answered, found again, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Insert, Select, and_, bindparam, delete, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from features.store.people import lock
from features.store.tables import CAMPAIGNS, DECISIONS, FEEDBACK, PEOPLE, SHADOWS


@dataclass(frozen=True, slots=True)
class Recorded:
    """One decision: what was asked of whom in which state, and what was answered.

    `thread` is what was asked for (see `thread_of`), `asked` the request without history as JSON,
    `features` the row of 32-bit floats that the answer came from, `answer` the JSON that was sent,
    `dials` the number of the organisation's dials in force, `closes_us` when the thread's role
    was to close.
    """

    decision_id: str
    contact_id: str
    thread: str
    version: int
    events: int
    live: bool
    made_us: int
    until_us: int
    model_name: str
    model_version: str
    campaign_id: str | None
    hint: str
    touch_number: int | None
    held: bool
    propensity: float
    asked: str
    features: bytes
    answer: str
    dials: int = 0
    closes_us: int | None = None


_FIELDS = tuple(DECISIONS.c[name] for name in Recorded.__dataclass_fields__)
#: The thread asked for when none was named: that touched last. No other begins without a colon.
LATEST = "latest"


def thread_of(campaign_id: str | None) -> str:
    """What is asked for, as one text.

    >>> thread_of(None), thread_of(""), thread_of("latest")
    ('latest', ':', ':latest')
    """
    return LATEST if campaign_id is None else f":{campaign_id}"


def current(
    connection: Connection, tenant: str, contact_ids: Sequence[str], now_us: int,
    model: tuple[str, str], dials: int = 0,
) -> dict[tuple[str, str], Recorded]:  # fmt: skip
    """The latest answers that still hold, by contact and thread.

    One holds until its time, unless something was stored of the person since, another model
    answers, the organisation has set its dials anew, or the role closes at another time.
    """
    asked = {"tenant": tenant, "contacts": contact_ids, "now": now_us, "name": model[0],
             "version": model[1], "dials": dials}  # fmt: skip
    rows = connection.execute(_CURRENT, asked)
    return {(row.contact_id, row.thread): Recorded(*row) for row in rows}


def _current() -> Select[Any]:
    """Made once: to put it together takes as long as to ask it."""
    d = DECISIONS.c
    same = and_(
        PEOPLE.c.tenant == d.tenant, PEOPLE.c.contact_id == d.contact_id,
        PEOPLE.c.version == d.version,
    )  # fmt: skip
    c = CAMPAIGNS.c
    closes = (
        select(c.closes_us)
        .where(c.tenant == d.tenant, c.campaign_id == d.campaign_id)
        .order_by(c.seq.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = select(*_FIELDS).select_from(DECISIONS.join(PEOPLE, same)).where(
        d.tenant == bindparam("tenant"), d.contact_id.in_(bindparam("contacts", expanding=True)),
        d.live, d.made_us <= bindparam("now"), d.until_us > bindparam("now"),
        d.model_name == bindparam("name"), d.model_version == bindparam("version"),
        d.dials == bindparam("dials"), d.closes_us.is_not_distinct_from(closes),
    )  # fmt: skip
    return query.order_by(d.made_us)


_CURRENT = _current()


def add(connection: Connection, tenant: str, decisions: Sequence[Recorded]) -> None:
    """Put decisions on record, but about people of whom nothing is stored any more.

    The same answer to the same question is on record once.
    """
    # Whoever erases a person waits for this lock, and then erases these too.
    known = lock(connection, tenant, (d.contact_id for d in decisions))
    rows = [{"tenant": tenant, **asdict(d)} for d in decisions if d.contact_id in known]
    if rows:
        connection.execute(_once(connection.dialect.name), rows)


def first_hinted(
    connection: Connection, tenant: str, contact_ids: Sequence[str]
) -> dict[tuple[str, str | None, int], int]:
    """When a nudge was first hinted, held back or not, microseconds.

    By contact, campaign and number of the touch; answers about other moments do not count.
    """
    rows = connection.execute(_FIRST_HINTED, {"tenant": tenant, "contacts": contact_ids})
    return {(contact, campaign, number): made for contact, campaign, number, made in rows}


def _first_hinted() -> Select[Any]:
    d = DECISIONS.c
    occasion = (d.contact_id, d.campaign_id, d.touch_number)
    query = select(*occasion, func.min(d.made_us)).where(
        d.tenant == bindparam("tenant"), d.contact_id.in_(bindparam("contacts", expanding=True)),
        d.live, d.touch_number.is_not(None), or_(d.hint == "nudge", d.held),
    )  # fmt: skip
    return query.group_by(*occasion)


_FIRST_HINTED = _first_hinted()


@dataclass(frozen=True, slots=True)
class Said:
    """What was answered (JSON) about a thread's next touch, and when, in microseconds."""

    contact_id: str
    campaign_id: str | None
    touch_number: int | None
    made_us: int
    answer: str


def said(
    connection: Connection, tenant: str, since_us: int, until_us: int, most: int
) -> list[Said]:
    """The latest live decisions made in a span of time, oldest first."""
    d = DECISIONS.c
    query = select(*(d[name] for name in Said.__dataclass_fields__)).where(
        d.tenant == tenant, d.live, d.made_us >= since_us, d.made_us <= until_us
    )
    rows = connection.execute(query.order_by(d.made_us.desc()).limit(most))
    return [Said(*row) for row in rows][::-1]


@dataclass(frozen=True, slots=True)
class Wished:
    """A live decision that wished to nudge, held back or not, and its answer (JSON)."""

    contact_id: str
    campaign_id: str | None
    touch_number: int
    made_us: int
    hint: str
    held: bool
    propensity: float
    answer: str


def wished(connection: Connection, tenant: str) -> list[Wished]:
    """All nudges on record, oldest first."""
    d = DECISIONS.c
    query = select(*(d[name] for name in Wished.__dataclass_fields__)).where(
        d.tenant == tenant, d.live, d.touch_number.is_not(None), or_(d.hint == "nudge", d.held)
    )
    return [Wished(*row) for row in connection.execute(query.order_by(d.made_us))]


def tenants(connection: Connection) -> list[str]:
    """Everybody who has decisions on record."""
    return list(connection.execute(select(DECISIONS.c.tenant).distinct()).scalars())


def find(connection: Connection, tenant: str, decision_id: str) -> Recorded | None:
    """A decision on record, or None."""
    query = select(*_FIELDS).where(
        DECISIONS.c.tenant == tenant, DECISIONS.c.decision_id == decision_id
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else Recorded(*row)


def _once(dialect: str) -> Insert:
    return (sqlite.insert if dialect == "sqlite" else postgresql.insert)(
        DECISIONS
    ).on_conflict_do_nothing()


def expire(connection: Connection, before_us: int) -> int:
    """Remove decisions made before a moment, and what was done with them; how many there were."""
    old = select(DECISIONS.c.tenant, DECISIONS.c.decision_id).where(DECISIONS.c.made_us < before_us)
    for beside in (FEEDBACK, SHADOWS):
        same = and_(
            beside.c.tenant == DECISIONS.c.tenant, beside.c.decision_id == DECISIONS.c.decision_id
        )
        connection.execute(
            delete(beside).where(
                select(DECISIONS.c.decision_id)
                .where(same, DECISIONS.c.made_us < before_us)
                .exists()
            )
        )
    count = connection.execute(select(func.count()).select_from(old.subquery())).scalar_one()
    connection.execute(delete(DECISIONS).where(DECISIONS.c.made_us < before_us))
    return int(count)
