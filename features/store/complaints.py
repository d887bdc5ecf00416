"""What senders have sent by e-mail lately, and how many complained of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, or_, select

from features.store.tables import EVENTS

_E = EVENTS.c


@dataclass(frozen=True, slots=True)
class Sent:
    """E-mails that one sender sent within a span of time, and the complaints there were."""

    touches: int
    complaints: int


def complaints_of_senders(
    connection: Connection, tenant: str, since_us: int, until_us: int
) -> Mapping[str, Sent]:
    """By `actor_id`; a complaint without one is of whoever sent the person the e-mail before."""
    within = (_E.tenant == tenant, _E.occurred_us > since_us, _E.occurred_us <= until_us)
    by_email = (_E.kind == "touch", _E.channel == "email", _E.actor_id.is_not(None))
    sent = select(_E.actor_id, func.count()).where(*within, *by_email).group_by(_E.actor_id)
    touches = {str(actor): int(count) for actor, count in connection.execute(sent)}
    made = select(_E.contact_id, _E.actor_id, _E.occurred_us).where(
        *within, _E.kind == "complaint", or_(_E.channel.is_(None), _E.channel == "email")
    )
    complaints = Counter[str]()
    for contact, actor, occurred in connection.execute(made).all():
        before = (
            select(_E.actor_id)
            .where(_E.tenant == tenant, _E.contact_id == contact, *by_email)
            .where(_E.occurred_us <= occurred)
            .order_by(_E.occurred_us.desc())
            .limit(1)
        )
        sender = actor or connection.execute(before).scalar_one_or_none()
        if sender is not None:
            complaints[str(sender)] += 1
    return {
        actor: Sent(touches.get(actor, 0), complaints[actor]) for actor in {*touches, *complaints}
    }
