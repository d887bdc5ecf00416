"""Campaigns: when the role behind a thread closes, as it was told; added to, never changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, select

from features.store import threads
from features.store.selection import chunks
from features.store.tables import CAMPAIGNS


@dataclass(frozen=True, slots=True)
class Told:
    """When a role closes, None where that is open, and when that was said; microseconds."""

    set_us: int
    closes_us: int | None


_C = CAMPAIGNS.c
#: Made once: to put it together takes as long as to ask it.
_CLOSINGS = (
    select(_C.campaign_id, _C.set_us, _C.closes_us)
    .where(
        _C.tenant == bindparam("tenant"),
        _C.campaign_id.in_(bindparam("campaigns", expanding=True)),
    )
    .order_by(_C.seq)
)
#: What was said of each campaign, in the order it was.
Closings = Mapping[str, tuple[Told, ...]]


def closings(connection: Connection, tenant: str, campaigns: Collection[str]) -> Closings:
    """What was ever said of these campaigns; those of which nothing was are left out."""
    found: dict[str, tuple[Told, ...]] = {}
    for some in chunks(sorted(campaigns)):
        for row in connection.execute(_CLOSINGS, {"tenant": tenant, "campaigns": some}):
            told = Told(row.set_us, row.closes_us)
            found[row.campaign_id] = (*found.get(row.campaign_id, ()), told)
    return found


def closes_by(told: tuple[Told, ...], at_us: int) -> int | None:
    """When a role closes by what had been said at a moment.

    >>> closes_by((Told(10, 500), Told(20, None)), 15), closes_by((Told(10, 500),), 5)
    (500, None)
    """
    return next((one.closes_us for one in reversed(told) if one.set_us <= at_us), None)


def tell(
    connection: Connection, tenant: str, campaign_id: str, closes_us: int | None, now_us: int
) -> Told:
    """Say when a role closes, and have its threads decided anew; what holds now.

    Said again it changes nothing.
    """
    before = closings(connection, tenant, [campaign_id]).get(campaign_id)
    if before is not None and before[-1].closes_us == closes_us:
        return before[-1]
    told = Told(now_us, closes_us)
    connection.execute(
        insert(CAMPAIGNS),
        {"tenant": tenant, "campaign_id": campaign_id, "set_us": now_us, "closes_us": closes_us},
    )
    threads.decide_campaign_anew(connection, tenant, campaign_id, now_us)
    return told
