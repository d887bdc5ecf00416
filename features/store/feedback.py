"""What recruiters did with answers on record."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, insert, select

from features.store.tables import DECISIONS, FEEDBACK


@dataclass(frozen=True, slots=True)
class Feedback:
    """`action` is `followed` or `overridden`; `reason` says why, in the recruiter's words."""

    decision_id: str
    given_us: int
    action: str
    reason: str | None
    actor_id: str | None


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
