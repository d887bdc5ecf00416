"""Pages of open threads as people read them: by hint, searched and filtered, with counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import ColumnElement, Connection, and_, func, select

from features.store.tables import THREADS
from features.store.threads import Thread

_T = THREADS.c
_FIELDS = tuple(_T[name] for name in Thread.__dataclass_fields__)
#: Most values that a filter offers.
_MOST_OPTIONS = 200
#: Nudges: whom first; waits: whose time comes first; stops: whom we left last.
_ORDERS: Mapping[str, tuple[ColumnElement[object], ...]] = {
    "nudge": (_T.score.desc(), _T.contact_id, _T.campaign_id),
    "wait": (_T.nudge_us, _T.contact_id, _T.campaign_id),
    "stop": (_T.touched_us.desc(), _T.contact_id, _T.campaign_id),
}
Named = Literal["actor_id", "account_id", "campaign_id"]
NAMED: tuple[Named, ...] = ("actor_id", "account_id", "campaign_id")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which threads; empty texts leave nothing out. `text` is part of a contact's id."""

    actor_id: str = ""
    account_id: str = ""
    campaign_id: str = ""
    text: str = ""


def listed(
    connection: Connection, tenant: str, hint: str, asked: Filter, skip: int, most: int
) -> list[Thread]:
    """A page of threads with a hint, in the order in which they are worked through."""
    query = select(*_FIELDS).where(_matching(tenant, asked), _T.hint == hint)
    query = query.order_by(*_ORDERS[hint]).offset(skip).limit(most)
    return [Thread(*row) for row in connection.execute(query)]


def counted(connection: Connection, tenant: str, asked: Filter) -> dict[str, int]:
    """How many threads there are with each hint."""
    query = select(_T.hint, func.count()).where(_matching(tenant, asked)).group_by(_T.hint)
    return {hint: int(count) for hint, count in connection.execute(query)}


def options(connection: Connection, tenant: str, name: Named) -> Sequence[str]:
    """The recruiters, clients or roles of open threads, those with the most first."""
    column = _T[name]
    query = select(column).where(_T.tenant == tenant, column.is_not(None), column != "")
    query = query.group_by(column).order_by(func.count().desc(), column).limit(_MOST_OPTIONS)
    return [str(value) for value in connection.execute(query).scalars()]


def _matching(tenant: str, asked: Filter) -> ColumnElement[bool]:
    named = [_T[n] == value for n in NAMED if (value := getattr(asked, n))]
    found = [_T.contact_id.icontains(asked.text, autoescape=True)] if asked.text else []
    return and_(_T.tenant == tenant, *named, *found)
