"""Decisions as they go on record."""

from __future__ import annotations

import copy
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from features.store.decisions import Recorded
from models.decide import Decider, Rows
from models.decision import Decision, Request
from models.situation import microseconds
from serving.answers import to_json
from serving.stored.situation import Known, asked_json, next_recorded_us

_log = logging.getLogger("fineline.api")
#: Hours open and close: whether a nudge may still be made is asked again after this.
_NUDGE_HOLDS = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Decided:
    """An answer and the row of features it came from, as bytes."""

    request: Request
    decision: Decision
    row: bytes


def decide(decider: Decider, requests: Sequence[Request]) -> list[Decided | None]:
    """All together; one by one if that fails, so that only what fails has failed (None)."""
    try:
        return list(_together(decider, requests))
    except Exception as error:
        if len(requests) == 1:
            raise
        _log.error("a batch of stored threads failed", exc_info=error)
    found: list[Decided | None] = []
    for one in requests:
        try:
            found += _together(decider, [one])
        except Exception:
            found.append(None)
    return found


def _together(decider: Decider, requests: Sequence[Request]) -> list[Decided]:
    rows: dict[str, bytes] = {}
    watched = copy.copy(decider)
    name = decider._decision_id

    def noting(r: Request, campaign: str | None, row: Rows) -> str:
        found = name(r, campaign, row)
        rows[found] = row.tobytes()
        return found

    watched._decision_id = noting  # type: ignore[method-assign]
    answers = watched.decide(requests)
    return [Decided(r, d, rows[d.decision_id]) for r, d in zip(requests, answers, strict=True)]


def holds_until(decision: Decision) -> datetime:
    """Until when an answer may be given again, if nothing happens meanwhile."""
    if decision.hint == "nudge":
        return min(decision.valid_until, decision.at + _NUDGE_HOLDS)
    return decision.valid_until


def record(one: Decided, known: Known, thread: str, now: datetime) -> Recorded:
    """What goes on record; a question about another moment than now is not `live`."""
    d = one.decision
    ahead = next_recorded_us(known, microseconds(one.request.at))
    more: dict[str, Any] = {name: getattr(d, name, None) for name in ("touch_number", "held")}
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
        touch_number=more["touch_number"],
        held=bool(more["held"]),
        propensity=float(getattr(d, "propensity", 1.0)),
        asked=asked_json(one.request),
        features=one.row,
        answer=to_json(d).decode(),
    )
