"""The decider: from histories to decisions, one at a time or thousands at once."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from features.catalog.columns import COLUMNS, CONTACT_COLUMNS
from features.events.schema import CHANNELS
from features.fold import read_parties
from features.state import ANNOY, LAND
from models.backbone import HIGHEST_COUNT
from models.changes import OnChannel
from models.decision import (
    BoundedChance,
    Chance,
    CurvePoint,
    Decision,
    Hint,
    ModelRef,
    Plan,
    Request,
    RuleHit,
)
from models.dials import Dials, tightened
from models.evidence import grade
from models.forest import EMPTY
from models.history import Agreed, HistorySummary, summarise
from models.hold import CERTAIN, HELD_BACK, Draw, Hold
from models.lags import HORIZON, LAG_EDGES
from models.model import Model
from models.outcome import Outcome
from models.planner import CASE, COURSE, DELAYS, plan, rows_now
from models.rules import Rulebook
from models.situation import EPOCH, Situations, microseconds, situations
from models.words import Considered, Words

Rows = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

_DAY_US, _HOUR_US = 86_400_000_000, 3_600_000_000
_CURVE = [k for k, days in enumerate(DELAYS) if days <= HORIZON]


@dataclass(frozen=True, slots=True)
class Prudence:
    """How doubt and delay count in comparing courses; chosen in closed loop.

    `land`, `annoy`: courses are judged at this many standard deviations on the bad side of each
    score, at one at most while an outcome is known from base rates alone, or nothing would ever be
    tried; `discount`: what is left of a worth after a day of waiting for it.
    """

    land: float = 0.0
    annoy: float = 2.0
    discount: float = 0.97


@dataclass(frozen=True, slots=True)
class _Judged:
    """Everything computed for all cases of a batch; a case is one request on one channel."""

    cases: npt.NDArray[Any]
    request: npt.NDArray[np.int64]
    rows: Rows
    land: tuple[Floats, Floats]
    annoy: tuple[Floats, Floats]
    courses: npt.NDArray[Any]


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
        self.words = Words(model)

    def for_tenant(self, tenant: str) -> Decider:
        """The same decider under the rules of a tenant."""
        return self._by(self.rulebooks.get(tenant, self.rulebooks[None]), Dials(), 0)

    def under(self, dials: Dials, number: int) -> Decider:
        """The same decider by what an organisation has set: the rules of its tenant, tightened."""
        return self._by(tightened(self.rulebook, dials), dials, number)

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
        s = situations(requests, len(COLUMNS))
        summaries = [summarise(r.history, int(at)) for r, at in zip(requests, s.at, strict=True)]
        options = [self._channels(r, s, i, summaries[i]) for i, r in enumerate(requests)]
        fixed = self._fixed_columns(requests, s)
        last = self._last_scores(s, fixed)
        judged = self._judge(requests, s, [usable for usable, _ in options], fixed, last)
        best = judged.courses["case"]
        seen = self.model.evidence.like(judged.rows[best])
        answers = [
            self._answer(
                r, s, i, judged, int(best[i]), summaries[i], options[i][1], int(seen[i]),
                (last[0][i], last[1][i]),
            )
            for i, r in enumerate(requests)
        ]  # fmt: skip
        channels = self._channels_now(judged, best)
        return self.words.complete(
            answers,
            Considered(
                requests, summaries, judged.rows[best], judged.cases[best], s.threads, s.persons,
                channels,
            ),
        )  # fmt: skip

    def _channels_now(self, judged: _Judged, best: npt.NDArray[np.int64]) -> list[list[OnChannel]]:
        """What a touch now would bring on each channel of each request, the best case first."""
        land = self.model.land.chance(judged.land[0]).tolist()
        annoy = self.model.annoy.chance(judged.annoy[0]).tolist()
        found: list[list[OnChannel]] = [[] for _ in best]
        for case, i in enumerate(judged.request.tolist()):
            place = 0 if case == best[i] else len(found[i])
            found[i].insert(place, OnChannel(_channel(judged, case), land[case], annoy[case]))
        return found

    def _channels(
        self, r: Request, s: Situations, i: int, summary: HistorySummary
    ) -> tuple[tuple[str, ...], tuple[RuleHit, ...]]:
        """Channels to judge and the rules that closed others; never none."""
        if r.channels is None:
            first = int(s.picks["first_channel"][i])
            wanted: tuple[str, ...] = (CHANNELS[first] if first >= 0 else "email",)
        else:
            wanted = r.channels
        usable, hits = self.rulebook.open_channels(summary, wanted)
        hit, spent = self.rulebook.complaints(s.name("actor", "actor_id", i), r.complaint_rates)
        if hit is not None and "email" in usable:
            usable = tuple(c for c in usable if not (spent and c == "email"))
            hits = (*hits, hit)
        return (tuple(usable), hits) if usable else (tuple(wanted), hits)

    def _fixed_columns(self, requests: Sequence[Request], s: Situations) -> Rows:
        """Rows with what does not change along a course: who reaches out, who the contact is."""
        ledger = self.model.ledger
        rows = np.zeros((len(requests), len(self.model.columns)), np.float32)
        ids = range(len(requests))
        read_parties(
            ledger.states[[ledger.actor(s.name("actor", "actor_id", i)) for i in ids]],
            ledger.states[[ledger.account(s.name("account", "account_id", i)) for i in ids]],
            ledger.states[[ledger.contact(r.contact_id) for r in requests]],
            ledger.states[[ledger.ORGANISATION] * len(requests)],
            np.full(len(requests), ledger.as_of, np.int64),
            rows,
        )
        for i, r in enumerate(requests):
            rows[i, len(COLUMNS) :] = self.model.encoding.of_values(r.attributes)
        return rows

    def _last_scores(self, s: Situations, fixed: Rows) -> tuple[Floats, Floats]:
        """Scores of each thread's last touch, as it was made."""
        rows = fixed.copy()
        known = ~np.isnan(s.lag)
        own = len(CONTACT_COLUMNS)
        rows[known, :own] = s.last_row[known, :own]
        return self.model.land.score(rows)[0], self.model.annoy.score(rows)[0]

    def _judge(
        self,
        requests: Sequence[Request],
        s: Situations,
        channels: Sequence[tuple[str, ...]],
        fixed: Rows,
        last: tuple[Floats, Floats],
    ) -> _Judged:
        """Score a touch now, and plan, on every channel of every request."""
        request = np.repeat(np.arange(len(requests)), [len(c) for c in channels])
        cases = np.zeros(len(request), CASE)
        cases["channel"] = [CHANNELS.index(c) for usable in channels for c in usable]
        cases["at"], cases["local"] = s.at[request], s.local[request]
        cases["zone_known"], cases["lag"] = s.zone_known[request], s.lag[request]
        cases["last_channel"] = s.threads["last_channel"][request]
        for field in ("actor", "relevance", "personalized"):
            cases[field] = s.picks[field][request]
        cases["last_land"], cases["last_annoy"] = last[0][request], last[1][request]
        utilities = [r.utility for r in requests]
        cases["worth_land"] = np.array([u.land for u in utilities])[request]
        cases["worth_annoy"] = np.array([u.annoy for u in utilities])[request]
        cases["cost"] = np.array([u.touch for u in utilities])[request]
        threads, persons, rows = s.threads[request], s.persons[request], fixed[request]
        rows_now(cases, threads, persons, rows)
        land = self._score(self.model.land, rows, cases, "land")
        annoy = self._score(self.model.annoy, rows, cases, "annoy")
        cases["caution_land"] = self._prudence(self.model.land, self.prudence.land) * land[1]
        cases["prudence_annoy"] = self._prudence(self.model.annoy, self.prudence.annoy)
        cases["doubt_annoy"] = annoy[1]
        courses = np.zeros(len(requests), COURSE)
        cases["discount"] = self.prudence.discount
        firsts = np.concatenate([[0], np.cumsum([len(c) for c in channels])])
        plan(
            cases, firsts, threads, persons, rows.copy(), _planning(self.model.land),
            _planning(self.model.annoy), LAG_EDGES, self.model.land.baseline.by_channel,
            self.model.annoy.baseline.by_channel, self.rulebook.limits, courses,
        )  # fmt: skip
        return _Judged(cases, request, rows, land, annoy, courses)

    def _score(self, o: Outcome, rows: Rows, cases: Any, name: str) -> tuple[Floats, Floats]:
        """Ensemble score and doubt; tells the planner how far its one member is off."""
        members = o.members(rows)
        score = members.mean(axis=0)
        spread = members.std(axis=0, ddof=1) if len(members) > 1 else np.zeros(len(rows))
        cases[f"known_{name}"] = known = o.variance(rows)
        doubt = self.model.doubt(o, rows, score, spread, known)
        cases[f"shift_{name}"] = score - members[0]
        return score, doubt

    @staticmethod
    def _prudence(o: Outcome, deviations: float) -> float:
        """Of an outcome that is known from base rates alone, one at most counts."""
        return deviations if o.events else min(deviations, 1.0)

    def _answer(
        self,
        r: Request,
        s: Situations,
        i: int,
        judged: _Judged,
        case: int,
        summary: HistorySummary,
        closed: tuple[RuleHit, ...],
        seen: int,
        last: tuple[float, float],
    ) -> Decision:
        course = judged.courses[i]
        campaign = r.campaign_id or s.name("campaign", "campaign_id", i)
        channel = _channel(judged, case)
        spent = channel == "email" and any(hit.rule == "complaint_budget" for hit in closed)
        unusable = spent or not self.rulebook.open_channels(summary, (channel,))[0]
        stops = self._stops(summary, campaign, s, i) + (closed if unusable else ())
        hint, start, hits = self._hint(r, int(s.at[i]), course, _channel(judged, case), summary)
        if stops:
            hint, start, hits = "stop", None, ()
        number = int(s.threads["touches"][i]) + 1
        draw = CERTAIN
        if hint == "nudge" and self.hold is not None:
            draw = self._draw(self.hold, r, campaign, number, _channel(judged, case), summary)
        if draw.release is not None:
            hint, start, hits = "wait", draw.release, (HELD_BACK,)
        rules = (*stops, *hits, *(h for h in closed if h not in stops))
        at = _datetime(int(s.at[i]))
        return Decision(
            decision_id=self._decision_id(r, campaign, judged.rows[case], summary.agreed),
            contact_id=r.contact_id,
            campaign_id=campaign,
            at=at,
            valid_until=_valid_until(at, start, hint),
            hint=hint,
            channel=None if hint == "stop" else _channel(judged, case),
            nudge_at=start,
            score=float(course["now"] - max(course["wait"], course["stop"])),
            if_nudged=self._if_nudged(judged, case),
            if_left_alone=self._if_left_alone(s, i, bool(stops), last),
            plan=self._plan(course, start, summary),
            curve=self._curve(judged, i, case),
            advice="",
            reasons=(),
            changes=(),
            rules=rules,
            evidence=grade(
                seen, landing=self.model.land.events > 0, annoyance=self.model.annoy.events > 0
            ),
            model=self.ref,
            touch_number=number,
            held=draw.release is not None,
            propensity=draw.propensity,
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
        self, r: Request, at: int, course: Any, channel: str, summary: HistorySummary
    ) -> tuple[Hint, datetime | None, tuple[RuleHit, ...]]:
        """The planner's wish, moved to the first moment the rules allow."""
        if course["stop"] >= max(course["now"], course["wait"]):
            return "stop", None, ()
        now = course["now"] > course["wait"]
        wish = at + (0 if now else int(course["delay"] * _DAY_US))
        first, agreed = self.rulebook.agreed_date(summary, wish, r.zones)
        when = (
            channel,
            r.zones,
            r.country,
            first,
            summary.touches_us,
            self.rulebook.come_back_us(summary),
        )
        start = self.rulebook.next_allowed_us(*when)
        hits = agreed if start == first else (*agreed, *self.rulebook.bites(*when))
        if start is None:
            return "stop", None, hits
        return ("nudge" if now and start == at else "wait"), _datetime(start), hits

    def _plan(self, course: Any, start: datetime | None, summary: HistorySummary) -> Plan:
        """The course from `start` on, its touches as far apart as the earlier ones ask for.

        Of gaps that grow it is the mean, in whole hours.
        """
        if start is None:
            return Plan(0, None, None)
        now = course["now"] > course["wait"]
        touches = int(course["touches"] if now else course["wait_touches"])
        if touches == 1:
            return Plan(1, None, start)
        growing = float(course["growth"]) ** np.arange(touches - 1)
        wished = round(float(course["gap"] * growing.mean()) * _DAY_US)
        first = microseconds(start)
        gap = self.rulebook.spaced(touches, wished, first, summary.touches_us)
        days = -(-gap // _HOUR_US) / 24
        return Plan(touches, days, start + timedelta(days=days * (touches - 1)))

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
            return None if start is None else _datetime(start)

        return hold.draw(r, campaign, number, allowed)

    def _if_nudged(self, judged: _Judged, case: int) -> BoundedChance:
        values = []
        for outcome, (score, doubt) in (
            (self.model.land, judged.land),
            (self.model.annoy, judged.annoy),
        ):
            low, high = self.model.interval(outcome, score[case], doubt[case])
            values.append((float(outcome.chance(score[case])), (float(low), float(high))))
        (p_land, land_interval), (p_annoy, annoy_interval) = values
        return BoundedChance(p_land, p_annoy, land_interval, annoy_interval)

    def _if_left_alone(
        self, s: Situations, i: int, stopped: bool, last: tuple[float, float]
    ) -> Chance:
        lag = float(s.lag[i])
        if stopped or np.isnan(lag):
            return Chance(0.0, 0.0)
        land, annoy = (
            o.chance_between(float(score), lag, lag + HORIZON, int(s.threads["last_channel"][i]))
            for o, score in ((self.model.land, last[0]), (self.model.annoy, last[1]))
        )
        return Chance(land, annoy)

    def _curve(self, judged: _Judged, i: int, case: int) -> tuple[CurvePoint, ...]:
        course = judged.courses[i]
        land = self.model.land.chance(course["eta_land"])
        annoy = self.model.annoy.chance(course["eta_annoy"])
        land[0] = self.model.land.chance(judged.land[0][case])
        annoy[0] = self.model.annoy.chance(judged.annoy[0][case])
        return tuple(
            CurvePoint(float(DELAYS[k]), float(land[k]), float(annoy[k]), float(course["value"][k]))
            for k in _CURVE
        )

    def _decision_id(
        self, r: Request, campaign: str | None, row: Rows, agreed: Agreed | None
    ) -> str:
        """The same question to the same version under the same dials has the same id."""
        asked = (r.contact_id, campaign, r.at.timestamp(), r.channels, r.utility, self.ref,
                 r.hinted_since, *((self.dials_number,) if self.dials_number else ()),
                 *(agreed or ()))  # fmt: skip
        return hashlib.blake2b(repr(asked).encode() + row.tobytes(), digest_size=12).hexdigest()


def _planning(o: Outcome) -> tuple[Any, ...]:
    """What the planner needs of an outcome: its first member, and room to work in."""
    forest = o.forests[0].arrays() if o.forests else EMPTY.arrays()
    return (
        forest,
        np.array(o.basis.columns, np.int64),
        np.array(o.basis.logs, np.bool_),
        np.array(o.basis.flags, np.int64),
        HIGHEST_COUNT,
        o.coefficients[0],
        o.slope,
        o.score_covariance,
        np.empty(len(o.basis.columns)),
    )


def _valid_until(at: datetime, start: datetime | None, hint: Hint) -> datetime:
    """A day, or until the moment to nudge if that comes sooner."""
    day = at + timedelta(days=1)
    return min(day, start) if hint == "wait" and start is not None else day


def _channel(judged: _Judged, case: int) -> str:
    return CHANNELS[int(judged.cases["channel"][case])]


def _datetime(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)
