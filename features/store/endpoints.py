"""Where messages go: the endpoints of each tenant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, case, delete, func, insert, select, update

from features.store.notices import KINDS
from features.store.tables import DELIVERIES, ENDPOINTS

_E, _D = ENDPOINTS.c, DELIVERIES.c


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where messages of these kinds go (all, if there are none); `secret` is encrypted.

    Once `disabled_us` is set nothing is sent there any more.
    """

    endpoint_id: str
    url: str
    kinds: tuple[str, ...]
    secret: bytes
    created_us: int
    disabled_us: int | None = None


def add(connection: Connection, tenant: str, endpoint: Endpoint) -> None:
    """Add an endpoint; what happens from now on goes there."""
    connection.execute(
        insert(ENDPOINTS),
        {
            "tenant": tenant, "endpoint_id": endpoint.endpoint_id, "url": endpoint.url,
            "kinds": " ".join(endpoint.kinds), "secret": endpoint.secret,
            "created_us": endpoint.created_us, "paused_us": 0,
        },
    )  # fmt: skip


def remove(connection: Connection, tenant: str, endpoint_id: str) -> bool:
    """Remove an endpoint and what was on its way there; False if there is none of this id."""
    for table in (DELIVERIES, ENDPOINTS):
        done = connection.execute(
            delete(table).where(table.c.tenant == tenant, table.c.endpoint_id == endpoint_id)
        )
    return bool(done.rowcount)


def listed(connection: Connection, tenant: str) -> list[Endpoint]:
    """The endpoints of a tenant, oldest first."""
    query = select(
        _E.endpoint_id, _E.url, _E.kinds, _E.secret, _E.created_us, _E.disabled_us
    ).where(_E.tenant == tenant)
    return [
        Endpoint(row[0], row[1], tuple(row[2].split()), bytes(row[3]), row[4], row[5])
        for row in connection.execute(query.order_by(_E.created_us, _E.endpoint_id))
    ]


def find(connection: Connection, tenant: str, endpoint_id: str) -> Endpoint | None:
    """One endpoint, or None."""
    return next((e for e in listed(connection, tenant) if e.endpoint_id == endpoint_id), None)


def counts(connection: Connection, tenant: str) -> Mapping[str, Mapping[str, int]]:
    """How many deliveries of each endpoint are `waiting`, `delivered` and `dead`."""
    found: dict[str, dict[str, int]] = {}
    query = select(_D.endpoint_id, _D.state, func.count()).where(_D.tenant == tenant)
    for endpoint_id, state, count in connection.execute(query.group_by(_D.endpoint_id, _D.state)):
        found.setdefault(endpoint_id, {})[state] = count
    return found


def enable(connection: Connection, tenant: str, endpoint_id: str) -> bool:
    """Send there again; False if there is none of this id."""
    own = and_(_E.tenant == tenant, _E.endpoint_id == endpoint_id)
    done = connection.execute(update(ENDPOINTS).where(own).values(disabled_us=None, paused_us=0))
    return bool(done.rowcount)


def disable(connection: Connection, tenant: str, endpoint_id: str, now_us: int, why: str) -> None:
    """Send nothing there any more; what was on its way is dead."""
    own = and_(_E.tenant == tenant, _E.endpoint_id == endpoint_id)
    connection.execute(update(ENDPOINTS).where(own).values(disabled_us=now_us))
    waiting = and_(_D.tenant == tenant, _D.endpoint_id == endpoint_id, _D.state == "waiting")
    connection.execute(update(DELIVERIES).where(waiting).values(state="dead", outcome=why))


def pause(connection: Connection, tenant: str, endpoint_id: str, until_us: int) -> None:
    """Try nothing there before a moment."""
    own = and_(_E.tenant == tenant, _E.endpoint_id == endpoint_id)
    later = case((_E.paused_us > until_us, _E.paused_us), else_=until_us)
    connection.execute(update(ENDPOINTS).where(own).values(paused_us=later))


def listening(connection: Connection, tenant: str) -> Mapping[str, Sequence[str]]:
    """The endpoints that a message of each kind goes to; kinds that nobody wants are left out."""
    query = select(_E.endpoint_id, _E.kinds).where(_E.tenant == tenant, _E.disabled_us.is_(None))
    found: dict[str, list[str]] = {}
    for endpoint_id, kinds in connection.execute(query.order_by(_E.endpoint_id)):
        for kind in kinds.split() or KINDS:
            found.setdefault(kind, []).append(endpoint_id)
    return found


def tenants(connection: Connection) -> list[str]:
    """Whoever has endpoints."""
    return list(connection.execute(select(_E.tenant).distinct().order_by(_E.tenant)).scalars())
