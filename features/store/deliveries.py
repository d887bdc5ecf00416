"""Messages on their way: claimed by one of several workers, tried, and settled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, select, update

from features.store import endpoints
from features.store.tables import DELIVERIES, ENDPOINTS, MESSAGES

_D, _E, _M = DELIVERIES.c, ENDPOINTS.c, MESSAGES.c
_OF_ENDPOINT = and_(_E.tenant == _D.tenant, _E.endpoint_id == _D.endpoint_id)
_OF_MESSAGE = and_(_M.tenant == _D.tenant, _M.message_id == _D.message_id)


@dataclass(frozen=True, slots=True)
class Due:
    """A message to be tried now; `attempts` were made before, `claimed_us` is whose turn it is."""

    tenant: str
    message_id: str
    endpoint_id: str
    attempts: int
    claimed_us: int
    body: str
    url: str
    secret: bytes


@dataclass(frozen=True, slots=True)
class Came:
    """What came of an attempt.

    The `state` the message is in now and the `outcome` in words; when it is due again, and for the
    endpoint, until when nothing is tried there, or since when nothing is any more.
    """

    state: str
    outcome: str
    due_us: int | None = None
    paused_us: int | None = None
    disabled_us: int | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """A message that was given up, and what came of the last attempt."""

    endpoint_id: str
    message_id: str
    kind: str
    made_us: int
    attempts: int
    outcome: str | None


def any_due(connection: Connection, now_us: int) -> bool:
    """Whether there is anything to try, without claiming it."""
    return connection.execute(_due(select(_D.message_id), now_us).limit(1)).first() is not None


def claim(connection: Connection, now_us: int, until_us: int, most: int) -> list[Due]:
    """What is due, longest due first; nobody else is given it until `until_us`."""
    fields = (_D.tenant, _D.message_id, _D.endpoint_id, _D.attempts, _M.body, _E.url, _E.secret)
    query = _due(select(*fields), now_us).order_by(_D.due_us, _M.seq).limit(most)
    rows = connection.execute(query.with_for_update(of=DELIVERIES, skip_locked=True)).all()
    found = [
        Due(tenant, message, endpoint, attempts, until_us, body, url, bytes(secret))
        for tenant, message, endpoint, attempts, body, url, secret in rows
    ]
    for due in found:
        connection.execute(update(DELIVERIES).where(_is(due)).values(claimed_us=until_us))
    return found


def settle(connection: Connection, tried: Iterable[tuple[Due, Came]]) -> None:
    """Keep what came of attempts, but of those that have become another worker's turn meanwhile."""
    for due, came in tried:
        _settle(connection, due, came)


def _settle(connection: Connection, due: Due, came: Came) -> None:
    values: dict[str, object] = {
        "state": came.state, "attempts": due.attempts + 1, "outcome": came.outcome, "claimed_us": 0
    }  # fmt: skip
    if came.due_us is not None:
        values["due_us"] = came.due_us
    mine = and_(_is(due), _D.claimed_us == due.claimed_us, _D.state == "waiting")
    connection.execute(update(DELIVERIES).where(mine).values(values))
    if came.disabled_us is not None:
        endpoints.disable(connection, due.tenant, due.endpoint_id, came.disabled_us, came.outcome)
    elif came.paused_us is not None:
        endpoints.pause(connection, due.tenant, due.endpoint_id, came.paused_us)


def again(
    connection: Connection, tenant: str, endpoint_id: str, message_id: str | None, now_us: int
) -> int:
    """Try from the start what was given up, or one message whatever became of it; how many."""
    own = and_(_D.tenant == tenant, _D.endpoint_id == endpoint_id)
    which = _D.state == "dead" if message_id is None else _D.message_id == message_id
    done = connection.execute(
        update(DELIVERIES)
        .where(own, which)
        .values(state="waiting", attempts=0, due_us=now_us, claimed_us=0)
    )
    return done.rowcount


def failed(connection: Connection, tenant: str, most: int) -> Sequence[Failed]:
    """What was given up, latest first."""
    query = (
        select(_D.endpoint_id, _D.message_id, _M.kind, _M.made_us, _D.attempts, _D.outcome)
        .join_from(DELIVERIES, MESSAGES, _OF_MESSAGE)
        .where(_D.tenant == tenant, _D.state == "dead")
    )
    rows = connection.execute(query.order_by(_M.made_us.desc(), _M.seq.desc()).limit(most))
    return [Failed(*row) for row in rows]


def _due(query: Select[Any], now_us: int) -> Select[Any]:
    return (
        query.select_from(DELIVERIES)
        .join(ENDPOINTS, _OF_ENDPOINT)
        .join(MESSAGES, _OF_MESSAGE)
        .where(
            _D.state == "waiting", _D.due_us <= now_us, _D.claimed_us <= now_us,
            _E.disabled_us.is_(None), _E.paused_us <= now_us,
        )
    )  # fmt: skip


def _is(due: Due) -> ColumnElement[bool]:
    return and_(
        _D.tenant == due.tenant, _D.message_id == due.message_id, _D.endpoint_id == due.endpoint_id
    )
