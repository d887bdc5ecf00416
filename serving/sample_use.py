"""The sample agency has used fineline for a while: hints on record, and what was done with them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import pyarrow as pa

from features.events.schema import EVENTS
from features.moments import microseconds, moment_of
from features.store import decisions, feedback, people
from features.store.database import Database
from features.store.decisions import thread_of
from features.store.feedback import Feedback
from models.decide import Decider
from models.decision import Request, Utility
from serving.page.acts import REASONS
from serving.stored.fates import fates
from serving.stored.looking import AT_ONCE
from serving.stored.recorded import Decided, decide, record
from serving.stored.situation import Known, known, request

#: How long it has been in use, and how many touches were hinted about.
SINCE, TOUCHES = timedelta(days=150), 2000
#: A hint is looked at so long before a touch; whoever did not touch is asked after some days.
_BEFORE, _QUIET = timedelta(minutes=5), timedelta(days=4)
#: How many say what they did.
_TELLING = 0.7


def use(database: Database, tenant: str, decider: Decider, now: datetime) -> int:
    """Put hints of the past months and feedback on record; how many hints.

    They are what the model in service says of then, which has learned from what followed.
    """
    chance = random.Random(0)
    with database.reading() as connection:
        everybody = people.everybody(connection, tenant)
    chance.shuffle(everybody)
    made = 0
    for start in range(0, len(everybody), AT_ONCE):
        found = known(database, tenant, everybody[start : start + AT_ONCE], now)
        asked = list(_moments(found, now))
        hints = decide(decider, [r for r, _ in asked]) if asked else []
        told = [(h, touched) for h, (_, touched) in zip(hints, asked, strict=True) if h is not None]
        _keep(database, tenant, found, told, chance)
        made += len(told)
        if made >= TOUCHES:
            break
    return made


def _moments(found: dict[str, Known], now: datetime) -> Iterator[tuple[Request, bool]]:
    """A question just before each touch, and one some quiet days after the thread's latest."""
    events = pa.concat_tables([EVENTS.empty_table(), *(one.history for one in found.values())])
    f = fates(events, microseconds(now))
    rows = events.select(["contact_id", "campaign_id"]).take(pa.array(f.row)).to_pylist()
    latest = {(row["contact_id"], row["campaign_id"]): k for k, row in enumerate(rows)}
    for k, (row, made) in enumerate(zip(rows, f.made.tolist(), strict=True)):
        at = moment_of(made)
        one, thread = found[row["contact_id"]], row["campaign_id"] or ""
        if at > now - SINCE:
            yield request(one, thread, at - _BEFORE, Utility()), True
        quiet = at + _QUIET
        if k == latest[row["contact_id"], row["campaign_id"]] and now - SINCE < quiet < now:
            yield request(one, thread, quiet, Utility()), False


def _keep(
    database: Database, tenant: str, found: dict[str, Known],
    told: Sequence[tuple[Decided, bool]], chance: random.Random,
) -> None:  # fmt: skip
    """The hints, and more often than not what was done with them."""
    made, given = [], []
    for hint, touched in told:
        d = hint.decision
        made.append(record(hint, found[d.contact_id], thread_of(d.campaign_id), d.at, 0))
        if chance.random() < _TELLING:
            given.append(_given(hint, touched, chance))

    database.write(lambda c: decisions.add(c, tenant, made))
    database.write(lambda c: [feedback.add(c, tenant, one) for one in given])


def _given(hint: Decided, touched: bool, chance: random.Random) -> Feedback:
    d = hint.decision
    followed = touched == (d.hint == "nudge")
    reasons = REASONS["call_anyway" if touched else "not_now"]
    return Feedback(
        d.decision_id, microseconds(d.at + _BEFORE), "followed" if followed else "overridden",
        None if followed else chance.choice(reasons), None,
    )  # fmt: skip
