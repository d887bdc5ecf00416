"""The outbox: what happened is written down in its own transaction, and so is told or did not."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select, update

from features.store import endpoints
from features.store.notices import Notice, of_thread, promoted
from features.store.selection import chunks
from features.store.tables import CHAMPIONS, DELIVERIES, MESSAGES
from features.store.threads import Thread


def put(connection: Connection, tenant: str, notices: Sequence[Notice], now_us: int) -> int:
    """Write messages for whoever wants them; how many were new.

    Nothing is kept of what nobody wants.
    """
    if not notices:
        return 0
    wanted = endpoints.listening(connection, tenant)
    new = {n.key: n for n in notices if n.kind in wanted}
    for some in chunks(list(new)):
        query = select(MESSAGES.c.key).where(MESSAGES.c.tenant == tenant, MESSAGES.c.key.in_(some))
        for key in connection.execute(query).scalars().all():
            del new[key]
    messages, deliveries = [], []
    for notice in new.values():
        own = {"tenant": tenant, "message_id": f"msg_{uuid.uuid4().hex}",
               "contact_id": notice.contact_id}  # fmt: skip
        messages.append(
            {**own, "key": notice.key, "kind": notice.kind, "made_us": now_us,
             "body": notice.body()}
        )  # fmt: skip
        deliveries += [
            {**own, "endpoint_id": endpoint, "state": "waiting", "attempts": 0, "due_us": now_us,
             "claimed_us": 0}
            for endpoint in wanted[notice.kind]
        ]  # fmt: skip
    if messages:
        connection.execute(insert(MESSAGES), messages)
        connection.execute(insert(DELIVERIES), deliveries)
    return len(messages)


def tell(
    connection: Connection,
    tenant: str,
    changed: Sequence[tuple[Thread | None, Thread | None]],
    now_us: int,
) -> None:
    """Write down what has become of threads: each as it was thought of before, and as it is now."""
    put(
        connection, tenant, [n for was, now in changed for n in of_thread(was, now, now_us)], now_us
    )


def champion(connection: Connection, name: str, version: str, now_us: int) -> bool:
    """Note which version of a model answers; where it is another than noted, tell every tenant."""
    own = CHAMPIONS.c.model_name == name
    query = select(CHAMPIONS.c.version).where(own).with_for_update()
    previous = connection.execute(query).scalar_one_or_none()
    if previous == version:
        return False
    values = {"version": version, "since_us": now_us}
    if previous is None:
        connection.execute(insert(CHAMPIONS), {"model_name": name, **values})
    else:
        connection.execute(update(CHAMPIONS).where(own).values(values))
    for tenant in endpoints.tenants(connection):
        put(connection, tenant, [promoted(name, version, previous, now_us)], now_us)
    return True


def expire(connection: Connection, before_us: int) -> int:
    """Remove messages made before a moment, whatever became of them; how many there were."""
    old = select(MESSAGES.c.tenant, MESSAGES.c.message_id).where(MESSAGES.c.made_us < before_us)
    same = (
        (MESSAGES.c.tenant == DELIVERIES.c.tenant)
        & (MESSAGES.c.message_id == DELIVERIES.c.message_id)
    )  # fmt: skip
    connection.execute(delete(DELIVERIES).where(old.where(same).exists()))
    return connection.execute(delete(MESSAGES).where(MESSAGES.c.made_us < before_us)).rowcount
