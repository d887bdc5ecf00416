"""A dry run of dials: what they would have made of the touches made, and of today's threads."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.events.schema import EVENTS
from features.moments import MICROSECOND, microseconds
from features.store import people, threads
from features.store.database import Database
from models.decide import Decider
from models.decision import Decision, NextTouch, Request, Utility
from serving.problems import Problem
from serving.stored.fates import fates
from serving.stored.situation import Known, known, open_requests, request

Floats = npt.NDArray[np.float64]

#: Touches and open threads looked at, at most, and people in one go.
TOUCHES, THREADS, _AT_ONCE = 1500, 500, 40
#: Seconds after which no further people are looked at, for each of the two parts.
PATIENCE = {"past": 5.0, "today": 2.5}
#: Touches older than this were made by another team in another year.
_BACK = timedelta(days=400)
#: A touch that is put off for less than this is still made.
_PUT_OFF = timedelta(days=1)
#: Fewer outcomes than this are not counted but taken as the model expects them.
FEW = 20
_DRAWS = 400
_one_at_a_time = threading.Lock()


@dataclass(frozen=True, slots=True)
class Change:
    """A count under the dials in force and under those tried.

    `share` is the change as a share of `before` with a 90 % interval `low` to `high`, over people;
    None where nothing was before. `expected`: by the model, as too little happened to count.
    """

    before: float
    after: float
    share: float | None
    low: float
    high: float
    expected: bool = False


@dataclass(frozen=True, slots=True)
class Past:
    """Of the touches made, those that the dials would have advised too, and what came of them."""

    measured: int
    people: int
    touches: Change
    replies: Change
    annoyed: Change


@dataclass(frozen=True, slots=True)
class Today:
    """Open threads to nudge now, among the `measured` of `open`."""

    measured: int
    open: int
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a dry run found; None where there is nothing to look at."""

    past: Past | None
    today: Today | None


def dry_run(
    database: Database, tenant: str, before: Decider, after: Decider, now: datetime
) -> DryRun:
    """Compare two deciders on a tenant's own history; takes seconds, so only one runs at a time.

    Raises Problem if another does.
    """
    if not _one_at_a_time.acquire(blocking=False):
        raise Problem(503, "Another dry run is under way; try again in a few seconds.")
    try:
        both = before.silent(), after.silent()
        return DryRun(_past(database, tenant, both, now), _today(database, tenant, both, now))
    finally:
        _one_at_a_time.release()


Both = tuple[Decider, Decider]


def _parts(contacts: Sequence[str], patience: float) -> Iterator[Sequence[str]]:
    """People in a random order that is the same every time, until patience ends."""
    until = time.monotonic() + patience
    shuffled = random.Random(0).sample(contacts, len(contacts))
    for start in range(0, len(shuffled), _AT_ONCE):
        if time.monotonic() > until:
            return
        yield shuffled[start : start + _AT_ONCE]


def _decisions(both: Both, requests: Sequence[Request]) -> list[tuple[Decision, Decision]]:
    first, second = (
        d.decide([replace(r, utility=d.dials.utility) for r in requests]) for d in both
    )
    return list(zip(first, second, strict=True))


def _past(database: Database, tenant: str, both: Both, now: datetime) -> Past | None:
    with database.reading() as connection:
        everybody = people.everybody(connection, tenant)
    rows: list[_Row] = []
    for part in _parts(everybody, PATIENCE["past"]):
        asked = _touches(known(database, tenant, part, now), now)
        decided = _decisions(both, [touch.asked for touch in asked])
        rows += [_row(touch, *pair) for touch, pair in zip(asked, decided, strict=True)]
        if len(rows) >= TOUCHES:
            break
    return _compared(rows) if rows else None


@dataclass(frozen=True, slots=True)
class _Touch:
    """A touch that was made, as a question just before it, and what came of it."""

    asked: Request
    landed: bool
    annoyed: bool


def _touches(found: Mapping[str, Known], now: datetime) -> list[_Touch]:
    """These people's touches of the last year of which all is known."""
    events = pa.concat_tables([EVENTS.empty_table(), *(one.history for one in found.values())])
    f = fates(events, microseconds(now))
    chosen = np.flatnonzero(f.mature & (f.made > microseconds(now - _BACK)))
    rows = events.take(pa.array(f.row[chosen])).to_pylist()
    return [
        _Touch(_question(found[row["contact_id"]], row), bool(f.landed[k]), bool(f.annoyed[k]))
        for k, row in zip(chosen.tolist(), rows, strict=True)
    ]


def _question(one: Known, touch: Mapping[str, Any]) -> Request:
    told = NextTouch(
        touch["relevance"], touch["personalized"], touch["actor_id"], touch["account_id"]
    )
    at = touch["occurred_at"] - MICROSECOND
    asked = request(one, touch["campaign_id"] or "", at, Utility())
    # Complaints are counted as of now: they say nothing about then.
    return replace(asked, channels=(touch["channel"],), next_touch=told, complaint_rates={})


_Row = tuple[str, bool, bool, bool, bool, float, float]


def _row(touch: _Touch, before: Decision, after: Decision) -> _Row:
    chance = before.if_nudged
    return (
        before.contact_id, _made(before), _made(after), touch.landed, touch.annoyed,
        chance.p_land, chance.p_annoy,
    )  # fmt: skip


def _made(decision: Decision) -> bool:
    """Whether the touch would have been made, then or within a day."""
    due = decision.nudge_at
    return decision.hint == "nudge" or (due is not None and due < decision.at + _PUT_OFF)


def _compared(rows: Sequence[_Row]) -> Past:
    contact, before, after, landed, annoyed, p_land, p_annoy = map(
        np.array, zip(*rows, strict=True)
    )
    _, person = np.unique(contact, return_inverse=True)
    weights = (
        np.random.default_rng(0).poisson(1.0, (_DRAWS, person.max() + 1))[:, person].astype(float)
    )

    def change(each: Floats, expected: bool = False) -> Change:
        was, becomes = each * before, each * after
        return _change(was, becomes, weights, expected)

    def outcome(happened: Floats, chance: Floats) -> Change:
        few = (happened * before).sum() < FEW
        return change(chance if few else happened, bool(few))

    return Past(
        len(rows), int(person.max()) + 1, change(np.ones(len(rows))), outcome(landed, p_land),
        outcome(annoyed, p_annoy),
    )  # fmt: skip


def _change(before: Floats, after: Floats, weights: Floats, expected: bool) -> Change:
    total, then = float(before.sum()), float(after.sum())
    drawn = weights @ before
    shares = (weights @ after)[drawn > 0] / drawn[drawn > 0] - 1
    if not total or not len(shares):
        return Change(total, then, None, 0.0, 0.0, expected)
    low, high = np.quantile(shares, [0.05, 0.95])
    return Change(total, then, then / total - 1, float(low), float(high), expected)


def _today(database: Database, tenant: str, both: Both, now: datetime) -> Today | None:
    with database.reading() as connection:
        contacts = threads.contacts(connection, tenant)
        there = threads.count(connection, tenant)
    measured = before = after = 0
    for part in _parts(contacts, PATIENCE["today"]):
        asked = open_requests(known(database, tenant, part, now), now, Utility())
        decided = _decisions(both, asked)
        measured += len(decided)
        before += sum(d.hint == "nudge" for d, _ in decided)
        after += sum(d.hint == "nudge" for _, d in decided)
        if measured >= THREADS:
            break
    return Today(measured, max(there, measured), before, after) if measured else None
