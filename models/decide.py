"""The decider: from histories to decisions, one at a time or thousands at once."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from features.catalog.columns import COLUMNS
from features.events.schema import CHANNELS
from features.moments import microseconds, moment_of
from features.state import ANNOY, LAND
from models.chances import Chances, chances
from models.decision import (
    BoundedChance,
    Chance,
    Decision,
    Hint,
    ModelRef,
    Plan,
    Request,
    RuleHit,
    Uplift,
)
from models.dials import Dials, tightened
from models.evidence import grade
from models.fares import Fares
from models.history import Agreed, HistorySummary, summaries
from models.hold import CERTAIN, HELD_BACK, Draw, Hold, Since
from models.judge import Judged, Prudence, judge
from models.model import Model
from models.planner import MOST_LATER, MOST_TOUCHES
from models.rules import Rulebook
from models.situation import Situations, joined, situations
from models.words import Considered, Silent, Words

_DAY_US, _HOUR_US = 86_400_000_000, 3_600_000_000
#: A thread nobody has touched, or that is over, brings nothing by itself.
_NOTHING = Chance(0.0, 0.0)


#: A hint, the moment to nudge, and the rules that had a say in them.
_Said = tuple[Hint, datetime | None, tuple[RuleHit, ...]]
_STOP: _Said = ("stop", None, ())
#: Is told of a decision its id, the request as it was answered, and the row of features.
Note = Callable[[str, Request, npt.NDArray[np.float32]], None]


class _Course(NamedTuple):
    """What the planner says of one request (models.courses.COURSE), but for the curve."""

    now: float
    wait: float
    stop: float
    gap: float
    growth: float
    touches: int
    delay: float
    wait_touches: int


class _Options(NamedTuple):
    """Channels to judge, the rules that closed others, and whether they closed these as well."""

    channels: tuple[str, ...]
    hits: tuple[RuleHit, ...]
    closed: bool


class _Batch(NamedTuple):
    """What answers are made of, an entry per request."""

    requests: Sequence[Request]
    situations: Situations
    summaries: Sequence[HistorySummary]
    options: Sequence[_Options]
    judged: Judged
    courses: Sequence[_Course]
    channels: Sequence[str]
    chances: Chances
    seen: Sequence[int]


class Decider:
    """Answers requests with one model under one rulebook; holds no state of its own."""

    def __init__(
        self,
        model: Model,
        ref: ModelRef,
        rulebook: Rulebook | None = None,
        prudence: Prudence | None = None,
        hold: Hold | None = None,
    ) -> None:
        self.model, self.ref, self.hold = model, ref, hold
        self.prudence = prudence or Prudence()
        self.rulebook = rulebook or Rulebook.load(None)
        #: Rulebooks of tenants that tightened theirs; under None that of all others.
        self.rulebooks: Mapping[str | None, Rulebook] = {None: self.rulebook}
        #: What the organisation has set, and how often it had been set by then.
        self.dials, self.dials_number = Dials(), 0
        #: Who knows better than the model how senders and clients fare.
        self.fares: Fares | None = None
        #: Where decisions go on record: since when they are hinted, and who is told of them.
        self.since: Since | None = None
        self.note: Note | None = None
        self.words = Words(model)

    def for_tenant(self, tenant: str) -> Decider:
        """The same decider under the rules of a tenant."""
        return self._by(self.rulebooks.get(tenant, self.rulebooks[None]), Dials(), 0)

    def under(self, dials: Dials, number: int) -> Decider:
        """The same decider by what an organisation has set: the rules of its tenant, tightened."""
        return self._by(tightened(self.rulebook, dials), dials, number)

    def knowing(self, fares: Fares | None) -> Decider:
        """The same decider, told how senders and clients fare."""
        found = copy.copy(self)
        found.fares = fares
        return found

    def silent(self) -> Decider:
        """The same decider, which leaves its decisions without words."""
        found = copy.copy(self)
        found.words = Silent(self.model)
        return found

    def recording(self, since: Since | None, note: Note | None = None) -> Decider:
        """The same decider for somebody who keeps its decisions on record.

        With `since`, nudges may be held back, each from when it was first hinted, or from now.
        `note` is told of every decision what it was made from.
        """
        found = copy.copy(self)
        found.since, found.note = since, note
        return found

    def _by(self, rulebook: Rulebook, dials: Dials, number: int) -> Decider:
        found = copy.copy(self)
        found.rulebook, found.dials, found.dials_number = rulebook, dials, number
        return found

    @property
    def card(self) -> Mapping[str, Any]:
        """What is known of the model's making: trained when and on what, metrics."""
        return {"name": self.ref.name, "version": self.ref.version, **self.model.card}

    def decide(self, requests: Sequence[Request]) -> list[Decision]:
        """One decision per request, in order; the same numbers alone as in a batch."""
        if not requests:
            return []
        events, ends = joined([r.history for r in requests])
        s = situations(requests, events, ends, len(COLUMNS))
        at = s.at.tolist()
        known = summaries(events, ends, at)
        options = [self._channels(r, s, i, known[i]) for i, r in enumerate(requests)]
        judged = judge(
            self.model, self.prudence, self.rulebook, requests, s, [o.channels for o in options],
            [self.rulebook.earliest_us(*one) for one in zip(known, at, strict=True)], self.fares,
        )  # fmt: skip
        best, columns = judged.best, [judged.courses[name].tolist() for name in _Course._fields]
        batch = _Batch(
            requests, s, known, options, judged,
            [_Course(*course) for course in zip(*columns, strict=True)],
            [CHANNELS[c] for c in judged.cases["channel"][best].tolist()],
            chances(self.model, judged), judged.seen[best].tolist(),
        )  # fmt: skip
        return self.words.complete(
            [self._answer(batch, i) for i in range(len(requests))],
            Considered(
                requests, known, judged.rows[best], judged.cases[best], s.threads, s.persons,
                batch.chances.by_channel,
            ),
        )  # fmt: skip

    def _channels(self, r: Request, s: Situations, i: int, summary: HistorySummary) -> _Options:
        """What to judge; never nothing.

        Where no channel is named and the one the thread began on is closed, it is the others that
        the thread has been on.
        """
        actor = s.name("actor", "actor_id", i)
        if r.channels is not None:
            wanted = r.channels
        else:
            first = int(s.picks["first_channel"][i])
            wanted = (CHANNELS[first] if first >= 0 else "email",)
        usable, hits = self._open(r, actor, summary, wanted)
        if not usable and r.channels is None:
            campaign = r.campaign_id or s.name("campaign", "campaign_id", i)
            tried = dict.fromkeys(t.channel for t in summary.touches if t.thread == campaign)
            others = tuple(channel for channel in tried if channel not in wanted)
            usable, more = self._open(r, actor, summary, others)
            hits = (*hits, *more)
        return _Options(usable or wanted, hits, not usable)

    def _open(
        self, r: Request, actor: str | None, summary: HistorySummary, wanted: tuple[str, ...]
    ) -> tuple[tuple[str, ...], tuple[RuleHit, ...]]:
        """Of the channels those that no rule closes, and the rules that closed others."""
        usable, hits = self.rulebook.open_channels(summary, wanted)
        hit, spent = self.rulebook.complaints(actor, r.complaint_rates)
        if hit is not None and "email" in usable:
            usable = tuple(c for c in usable if not (spent and c == "email"))
            hits = (*hits, hit)
        return usable, hits

    def _answer(self, b: _Batch, i: int) -> Decision:
        r, course, channel, summary = b.requests[i], b.courses[i], b.channels[i], b.summaries[i]
        campaign = r.campaign_id or b.situations.name("campaign", "campaign_id", i)
        number, at_us = int(b.situations.threads["touches"][i]) + 1, int(b.situations.at[i])
        stops = self._all_stops(b, i, campaign)
        hint, start, hits = _STOP if stops else self._hint(r, at_us, course, channel, summary)
        draw = CERTAIN
        if hint == "nudge" and self.hold is not None:
            if self.since is not None:
                first = self.since.get((r.contact_id, campaign, number), r.at)
                r = dataclasses.replace(r, hinted_since=first)
            draw = self._draw(self.hold, r, campaign, number, channel, summary)
        if draw.release is not None:
            hint, start, hits = "wait", draw.release, (HELD_BACK,)
        at, row = moment_of(at_us), b.judged.rows[b.judged.best[i]]
        decision_id = self._decision_id(r, campaign, row, summary.agreed)
        if self.note is not None:
            self.note(decision_id, r, row)
        return Decision(
            decision_id=decision_id,
            contact_id=r.contact_id,
            campaign_id=campaign,
            at=at,
            valid_until=_valid_until(at, start, hint, r.closes_at),
            hint=hint,
            channel=None if hint == "stop" else channel,
            nudge_at=start,
            score=course.now - max(course.wait, course.stop),
            if_nudged=b.chances.if_nudged[i],
            if_left_alone=_NOTHING if stops else b.chances.if_left_alone[i],
            uplift=_all_of(b.chances.if_nudged[i]) if stops else b.chances.uplift[i],
            plan=self._plan(course, start, summary),
            curve=b.chances.curve[i],
            advice="",
            reasons=(),
            changes=(),
            rules=(*stops, *hits, *(h for h in b.options[i].hits if h not in stops)),
            evidence=grade(
                b.seen[i],
                landing=self.model.land.events > 0,
                annoyance=self.model.annoy.events > 0,
            ),
            model=self.ref,
            touch_number=number,
            held=draw.release is not None,
            propensity=draw.propensity,
            over=hint == "stop" and bool(stops or hits),
        )

    def _all_stops(self, b: _Batch, i: int, campaign: str | None) -> tuple[RuleHit, ...]:
        """The rules by which the person, the thread, its role or every channel is over."""
        r, options = b.requests[i], b.options[i]
        reachable = int(b.judged.cases["begin"][b.judged.best[i]])
        return (
            *self._stops(b.summaries[i], campaign, b.situations, i),
            *self.rulebook.role_closed(r.closes_at, r.at, reachable),
            *(options.hits if options.closed else ()),
        )

    def _stops(
        self, summary: HistorySummary, campaign: str | None, s: Situations, i: int
    ) -> tuple[RuleHit, ...]:
        hits = self.rulebook.stops(summary, campaign)
        ended = int(s.threads["ended"][i])
        if hits or ended not in (LAND, ANNOY):
            return hits
        # An answer without a campaign ended this thread, the one touched last.
        answers = summary.landed if ended == LAND else summary.pushed_back
        return self.rulebook.stops(summary, None) if None in answers else hits

    def _hint(
        self, r: Request, at: int, course: _Course, channel: str, summary: HistorySummary
    ) -> _Said:
        """The planner's wish, moved to the first moment the rules allow."""
        if course.stop >= max(course.now, course.wait):
            return _STOP
        now = course.now > course.wait
        wish = at + (0 if now else int(course.delay * _DAY_US))
        zones = r.zones
        first, agreed = self.rulebook.agreed_date(summary, wish, zones)
        come_back = self.rulebook.come_back_us(summary)
        when = (channel, zones, r.country, first, summary.touches_us, come_back)
        start = self.rulebook.next_allowed_us(*when)
        hits = agreed if start == first else (*agreed, *self.rulebook.bites(*when))
        if start is None:
            return "stop", None, hits
        return ("nudge" if now and start == at else "wait"), moment_of(start), hits

    def _plan(self, course: _Course, start: datetime | None, summary: HistorySummary) -> Plan:
        """The course from `start` on, its touches as far apart as the earlier ones ask for.

        Of gaps that grow it is the mean, in whole hours.
        """
        if start is None:
            return Plan(0, None, None)
        now = course.now > course.wait
        touches = course.touches if now else course.wait_touches
        if touches == 1:
            return Plan(1, None, start)
        growing = sum(course.growth**k for k in range(touches - 1)) / (touches - 1)
        wished = round(course.gap * growing * _DAY_US)
        first = microseconds(start)
        gap = self.rulebook.spaced(touches, wished, first, summary.touches_us)
        days = -(-gap // _HOUR_US) / 24
        last = start + timedelta(days=days * (touches - 1))
        return Plan(touches, days, last, touches == (MOST_TOUCHES if now else MOST_LATER))

    def _draw(
        self, hold: Hold, r: Request, campaign: str | None, number: int, channel: str,
        summary: HistorySummary,
    ) -> Draw:  # fmt: skip
        def allowed(moment: datetime) -> datetime | None:
            first, _ = self.rulebook.agreed_date(summary, microseconds(moment), r.zones)
            start = self.rulebook.next_allowed_us(
                channel, r.zones, r.country, first, summary.touches_us,
                self.rulebook.come_back_us(summary),
            )  # fmt: skip
            if start is None or self.rulebook.role_closed(r.closes_at, r.at, start):
                return None
            return moment_of(start)

        return hold.draw(r, campaign, number, allowed)

    def _decision_id(
        self, r: Request, campaign: str | None, row: npt.NDArray[np.float32], agreed: Agreed | None
    ) -> str:
        """The same question to the same version under the same dials has the same id."""
        asked = (r.contact_id, campaign, r.at.timestamp(), r.channels, r.utility, self.ref,
                 r.hinted_since, *((self.dials_number,) if self.dials_number else ()),
                 *(agreed or ()), *((r.closes_at.timestamp(),) if r.closes_at else ()))  # fmt: skip
        return hashlib.blake2b(repr(asked).encode() + row.tobytes(), digest_size=12).hexdigest()


def _all_of(nudged: BoundedChance) -> Uplift:
    """What a touch changes where nothing comes by itself."""
    return Uplift(nudged.p_land, nudged.p_annoy)


def _valid_until(
    at: datetime, start: datetime | None, hint: Hint, closes_at: datetime | None
) -> datetime:
    """A day, or until the moment to nudge, or the role closes, if that comes sooner."""
    ends = [at + timedelta(days=1)]
    if hint == "wait" and start is not None:
        ends.append(start)
    if closes_at is not None and closes_at > at:
        ends.append(closes_at)
    return min(ends)
