"""What recruiters did with answers on record."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, and_, insert, select

from features.store.tables import DECISIONS, FEEDBACK


@dataclass(frozen=True, slots=True)
class Feedback:
    """`action` is `followed` or `overridden`; `reason` says why, in the recruiter's words."""

    decision_id: str
    given_us: int
    action: str
    reason: str | None
    actor_id: str | None


@dataclass(frozen=True, slots=True)
class Given:
    """The latest feedback on a decision, with what was hinted about which thread."""

    contact_id: str
    campaign_id: str | None
    hint: str
    given_us: int
    action: str
    reason: str | None


def given(connection: Connection, tenant: str, since_us: int, most: int) -> list[Given]:
    """What was done with decisions since a moment: of each decision the latest, newest first."""
    f, d = FEEDBACK.c, DECISIONS.c
    same = and_(d.tenant == f.tenant, d.decision_id == f.decision_id)
    query = select(
        f.decision_id, d.contact_id, d.campaign_id, d.hint, f.given_us, f.action, f.reason
    ).select_from(FEEDBACK.join(DECISIONS, same))  # fmt: skip
    query = query.where(f.tenant == tenant, f.given_us >= since_us)
    found: dict[str, Given] = {}
    for decision, *row in connection.execute(query.order_by(f.seq.desc()).limit(most)):
        found.setdefault(decision, Given(*row))
    return list(found.values())


def add(connection: Connection, tenant: str, given: Feedback) -> bool:
    """Add what was done with a decision; False if none of that id is on record."""
    # The lock makes an erasure of the person wait, and then this goes too.
    query = (
        select(DECISIONS.c.contact_id)
        .where(DECISIONS.c.tenant == tenant, DECISIONS.c.decision_id == given.decision_id)
        .with_for_update()
    )
    contact = connection.execute(query).scalar_one_or_none()
    if contact is None:
        return False
    connection.execute(insert(FEEDBACK), {"tenant": tenant, "contact_id": contact, **asdict(given)})
    return True
