"""Decisions as they go on record."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from features.moments import microseconds, moment_of
from features.store import decisions
from features.store.database import Connection, Database
from features.store.decisions import Recorded
from models.decide import Decider
from models.decision import Decision, Request
from models.hold import Since
from models.judge import Rows
from serving.answers import to_json
from serving.stored.budget import complaint_rates
from serving.stored.situation import Known, asked_json, known_in, next_recorded_us

_log = logging.getLogger("fineline.api")
#: Hours open and close: whether a nudge may still be made is asked again after this.
_NUDGE_HOLDS = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Decided:
    """An answer and the row of features it came from, as bytes."""

    request: Request
    decision: Decision
    row: bytes


def hinted_since(connection: Connection, tenant: str, contacts: Sequence[str]) -> Since:
    """What is on record of these people's nudges."""
    found = decisions.first_hinted(connection, tenant, contacts)
    return {occasion: moment_of(us) for occasion, us in found.items()}


def known_and_hinted(
    database: Database, tenant: str, contacts: Sequence[str], now: datetime
) -> tuple[dict[str, Known], Since]:
    """What is stored of these people, and what is on record of their nudges, in one state."""
    rates = complaint_rates(database, tenant, now)
    with database.reading() as connection:
        found = known_in(connection, tenant, contacts, rates)
        return found, hinted_since(connection, tenant, list(found))


def decide(
    decider: Decider, requests: Sequence[Request], since: Since | None = None
) -> list[Decided | None]:
    """All together; one by one if that fails, so that only what fails has failed (None).

    With `since`, answers that go on record as of now, nudges may be held back.
    """
    try:
        return list(_together(decider, requests, since))
    except Exception as error:
        if len(requests) == 1:
            raise
        _log.error("a batch of stored threads failed", exc_info=error)
    found: list[Decided | None] = []
    for one in requests:
        try:
            found += _together(decider, [one], since)
        except Exception:
            found.append(None)
    return found


def _together(decider: Decider, requests: Sequence[Request], since: Since | None) -> list[Decided]:
    made: dict[str, tuple[Request, bytes]] = {}

    def note(decision_id: str, asked: Request, row: Rows) -> None:
        made[decision_id] = asked, row.tobytes()

    found = decider.recording(since, note).decide(requests)
    return [Decided(made[d.decision_id][0], d, made[d.decision_id][1]) for d in found]


def holds_until(decision: Decision) -> datetime:
    """Until when an answer may be given again, if nothing happens meanwhile."""
    if decision.hint == "nudge":
        return min(decision.valid_until, decision.at + _NUDGE_HOLDS)
    return decision.valid_until


def record(one: Decided, known: Known, thread: str, now: datetime, dials: int) -> Recorded:
    """What goes on record; a question about another moment than now is not `live`.

    `dials` is the number of those that the answer went by.
    """
    d = one.decision
    ahead = next_recorded_us(known, microseconds(one.request.at))
    return Recorded(
        decision_id=d.decision_id,
        contact_id=d.contact_id,
        thread=thread,
        version=known.person.version,
        events=known.person.events,
        live=one.request.at == now,
        made_us=microseconds(now),
        until_us=min(t for t in (microseconds(holds_until(d)), ahead) if t is not None),
        model_name=d.model.name,
        model_version=d.model.version,
        campaign_id=d.campaign_id,
        hint=d.hint,
        touch_number=d.touch_number,
        held=d.held,
        propensity=d.propensity,
        asked=asked_json(one.request),
        features=one.row,
        answer=to_json(d).decode(),
        dials=dials,
        closes_us=None if one.request.closes_at is None else microseconds(one.request.closes_at),
    )
