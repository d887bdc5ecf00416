"""Looking at people's open threads, so that a work list knows what to think of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from features.events.schema import TIMESTAMP
from features.moments import microseconds
from features.store import decisions, outbox, threads
from features.store.database import Database
from features.store.decisions import thread_of
from features.store.threads import NEVER, Looked, Thread
from models.decide import Decider
from models.decision import Decision, Request
from models.hold import Since
from serving.stored.dials import decider_of
from serving.stored.recorded import Decided, decide, holds_until, known_and_hinted, record
from serving.stored.situation import Known, next_recorded_us, open_requests

#: People looked at in one go: few enough that requests answered beside it hardly wait.
AT_ONCE = 50
#: Others leave people alone whom somebody is looking at, for so long at most.
_CLAIM = timedelta(minutes=1)
#: A thread that cannot be decided about is tried again after this.
_AFTER_FAILURE = timedelta(hours=1)
#: Rules that close a channel, or warn of one, and leave the others.
_OF_CHANNELS = ("channel_", "complaint_")


def look(
    database: Database, decider: Decider, now: datetime, most: int, tenant: str | None = None
) -> int:
    """Look at up to `most` people whose time has come; how many were looked at."""
    now_us, until_us = microseconds(now), microseconds(now + _CLAIM)
    done = 0
    while done < most:
        some = min(AT_ONCE, most - done)
        found = database.write(lambda c: threads.claim(c, now_us, until_us, some, tenant))  # noqa: B023
        for owner in sorted({owner for owner, _ in found}):
            look_at(database, decider, owner, [c for of, c in found if of == owner], now)
        done += len(found)
        if len(found) < some:
            break
    return done


def look_at(
    database: Database, decider: Decider, tenant: str, contacts: Sequence[str], now: datetime
) -> None:
    """Decide about every open thread of these people, and keep what is thought of them."""
    decider = decider_of(database, decider, tenant)
    found, since = known_and_hinted(database, tenant, contacts, now)
    requests = open_requests(found, now, decider.dials.utility)
    answers = decide(decider, requests, since) if requests else []
    decided: dict[str, list[Decided | None]] = {contact: [] for contact in found}
    for asked, answer in zip(requests, answers, strict=True):
        decided[asked.contact_id].append(answer)
    looked = [_looked(found[contact], own, now) for contact, own in decided.items()]
    number = decider.dials_number
    hinted = [
        record(one, found[one.request.contact_id], thread_of(one.decision.campaign_id), now, number)
        for one in answers
        if one is not None and _begins(one, since)
    ]
    version, now_us = decider.ref.version, microseconds(now)
    database.write(
        lambda c: outbox.tell(
            c, tenant, threads.replace(c, tenant, looked, version, number), now_us
        )
    )
    if hinted:
        database.write(lambda c: decisions.add(c, tenant, hinted))


def _begins(one: Decided, since: Since) -> bool:
    """Whether a nudge is hinted for the first time: the week of a hold counts from here."""
    d = one.decision
    hinted = d.hint == "nudge" or d.held
    return hinted and (d.contact_id, d.campaign_id, d.touch_number) not in since


def _looked(one: Known, decided: Sequence[Decided | None], now: datetime) -> Looked:
    times = [
        microseconds(now + _AFTER_FAILURE if d is None else holds_until(d.decision))
        for d in decided
    ]
    ahead = next_recorded_us(one, microseconds(now))
    return Looked(
        one.person.contact_id,
        one.person.version,
        min([*times, NEVER if ahead is None else ahead]),
        tuple(_thread(d) for d in decided if d is not None),
    )


def _thread(one: Decided) -> Thread:
    d = one.decision
    last = _last_touch(one.request, d.campaign_id)
    return Thread(
        d.contact_id, d.campaign_id or "", last.actor_id, last.touched_us, d.hint, d.score,
        d.if_nudged.p_annoy, last.account_id, d.channel,
        None if d.nudge_at is None else microseconds(d.nudge_at), d.if_nudged.p_land, why(d),
    )  # fmt: skip


def why(decision: Decision) -> str:
    """What speaks most for the answer, in a line."""
    # That a channel is closed says something of a wait, or a stop, only where none is open.
    bit = [r for r in decision.rules if decision.over or not r.rule.startswith(_OF_CHANNELS)]
    if decision.hint != "nudge" and bit:
        return bit[0].text
    outcome = "land" if decision.hint == "nudge" else "annoy"
    own = [r.text for r in decision.reasons if r.outcome == outcome and r.effect > 0]
    others = [r.text for r in decision.reasons]
    return (own + others + [decision.evidence.text])[0]


@dataclass(frozen=True, slots=True)
class _Last:
    """Who touched a thread last as far as is known, for whom, and when (microseconds)."""

    actor_id: str | None
    account_id: str | None
    touched_us: int


def _last_touch(asked: Request, campaign_id: str | None) -> _Last:
    events = asked.history
    named = (
        pc.is_null(events["campaign_id"])
        if campaign_id is None
        else pc.equal(events["campaign_id"], campaign_id)
    )
    recorded = pc.less_equal(events["recorded_at"], pa.scalar(asked.at, TIMESTAMP))
    own = pc.and_(pc.and_kleene(named, pc.equal(events["kind"], "touch")), recorded)
    touches = events.filter(own).sort_by("occurred_at")
    actors, accounts = (touches[n].drop_null() for n in ("actor_id", "account_id"))
    return _Last(
        actors[-1].as_py() if len(actors) else None,
        accounts[-1].as_py() if len(accounts) else None,
        int(touches["occurred_at"].cast(pa.int64())[-1].as_py()),
    )
