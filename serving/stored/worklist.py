"""The work list: whom to nudge first, within what the day allows."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from features.moments import microseconds
from features.store import threads
from features.store.decisions import Recorded, thread_of
from features.store.threads import Thread
from serving.answers import to_json
from serving.problems import FieldError, invalid
from serving.stored.hints import Hints
from serving.stored.looking import look
from serving.stored.recorded import decide, known_and_hinted, record
from serving.stored.situation import request

#: People a work list waits for, at most; the others are said to be pending.
_WAITS_FOR = 200
#: Rounds of candidates looked through for one page.
_ROUNDS = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """What a work list is asked for: `capacity` touches a day, `annoyance` people at risk.

    `timezone`: where the day begins at midnight.
    """

    actor_id: str | None = None
    limit: int = 50
    capacity: int | None = None
    annoyance: float | None = None
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Place:
    """How far a list has been read: the last thread seen, and what has been used up."""

    after: tuple[float, str, str] | None = None
    listed: int = 0
    annoyance: float = 0.0

    def cursor(self) -> str:
        """The place as text for an address."""
        parts = [self.after, self.listed, self.annoyance]
        return base64.urlsafe_b64encode(orjson.dumps(parts)).decode().rstrip("=")

    @classmethod
    def of(cls, cursor: str | None) -> Place:
        """The place that a cursor names; raises Problem if it names none."""
        if not cursor:
            return cls()
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            after, listed, annoyance = orjson.loads(base64.b64decode(padded, b"-_", validate=True))
            score, contact, campaign = after
            texts = isinstance(contact, str) and isinstance(campaign, str)
            if not (texts and isinstance(listed, int) and listed >= 0):
                raise ValueError
            return cls((float(score), contact, campaign), listed, float(annoyance))
        except (ValueError, TypeError, binascii.Error):
            message = "is none of ours; give next_cursor as it was answered"
            raise invalid([FieldError("cursor", message)]) from None


def worklist(hints: Hints, asked: Asked, place: Place) -> bytes:
    """A page of decisions, best first; as JSON."""
    hints = hints.by_dials()
    look(hints.database, hints.decider, hints.now, _WAITS_FOR, hints.tenant)
    now_us = microseconds(hints.now)
    local = hints.now.astimezone(ZoneInfo(asked.timezone))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    with hints.database.reading() as connection:
        pending = threads.waiting(connection, hints.tenant, now_us)
        made_today = threads.touched_since(
            connection, hints.tenant, microseconds(midnight), asked.actor_id
        )
    left = None if asked.capacity is None else max(asked.capacity - made_today, 0)
    listed, end = _page(hints, asked, place, left)
    answer = {
        "at": hints.now, "items": [orjson.Fragment(r.answer) for r in listed],
        "next_cursor": None if end is None else end.cursor(), "pending": pending,
        "capacity_left": left,
    }  # fmt: skip
    return to_json(answer)


def _page(
    hints: Hints, asked: Asked, place: Place, left: int | None
) -> tuple[list[Recorded], Place | None]:
    """The answers of a page, and the place where the next begins; None at the end."""
    listed: list[Recorded] = []
    for _ in range(_ROUNDS):
        with hints.database.reading() as connection:
            candidates = threads.ranked(
                connection, hints.tenant, "nudge", asked.limit, place.after, asked.actor_id
            )
        answers = _answers(hints, candidates)
        for one in candidates:
            if left is not None and place.listed >= left:
                return listed, None
            if len(listed) == asked.limit:
                return listed, place
            place = replace(place, after=(one.score, one.contact_id, one.campaign_id))
            answer = answers.get((one.contact_id, thread_of(one.campaign_id)))
            if answer is None or answer.hint != "nudge":
                continue
            at_risk = place.annoyance + _p_annoy(answer)
            if asked.annoyance is not None and at_risk > asked.annoyance:
                continue
            place = replace(place, listed=place.listed + 1, annoyance=at_risk)
            listed.append(answer)
        if len(candidates) < asked.limit:
            return listed, None
    return listed, place


def _p_annoy(answer: Recorded) -> float:
    found: dict[str, Any] = orjson.loads(answer.answer)
    return float(found["if_nudged"]["p_annoy"])


def _answers(hints: Hints, candidates: list[Thread]) -> dict[tuple[str, str], Recorded]:
    """What is answered about these threads: again what still holds, else what is decided now."""
    contacts = sorted({one.contact_id for one in candidates})
    answers = hints.current(contacts)
    wanted = [c for c in candidates if (c.contact_id, thread_of(c.campaign_id)) not in answers]
    if not wanted:
        return answers
    people = sorted({one.contact_id for one in wanted})
    found, since = known_and_hinted(hints.database, hints.tenant, people, hints.now)
    requests = [
        request(found[one.contact_id], one.campaign_id, hints.now, hints.decider.dials.utility)
        for one in wanted
        if one.contact_id in found
    ]
    made = [
        record(
            d, found[r.contact_id], thread_of(r.campaign_id), hints.now, hints.decider.dials_number
        )
        for r, d in zip(requests, decide(hints.decider, requests, since), strict=True)
        if d is not None
    ]
    hints.keep(made)
    return answers | {(r.contact_id, r.thread): r for r in made}
