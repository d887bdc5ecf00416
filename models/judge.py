"""Judging: every request on every channel it may use, scored and planned for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from features.catalog.columns import CONTACT_COLUMNS
from features.events.schema import CHANNELS
from features.moments import microseconds
from features.state import DAY
from models.courses import CASE, COURSE, MADE
from models.decision import Request
from models.fares import Fares
from models.lags import LAG_EDGES
from models.lasting import lasting_columns
from models.model import Model
from models.openings import openings
from models.outcome import Outcome
from models.planner import plan, rows_now
from models.rules import Rulebook
from models.situation import Made, Situations

Rows = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
#: Days after which nothing is planned for.
_NEVER = 1e6


@dataclass(frozen=True, slots=True)
class Prudence:
    """How doubt and delay count in comparing courses; chosen in closed loop.

    `annoy`: courses are judged at this many standard deviations on the bad side of annoyance's
    score, at one at most while it is known from base rates alone, or nothing would ever be tried.
    The more annoyances a model has seen, the fewer deviations count: half way to `known_annoy`
    after `many`. `land`: so many deviations of what the channel adds count on the bad side of
    landing's score, or the channel that looks best would be the one that is known least.
    `discount`: what is left of a worth after a day of waiting for it. Roles close: what comes later
    than `fades_after` days after a thread's first touch counts ever less, after `gone_after`
    nothing, but for `at_least` so many days one looks ahead (`Prudence.ends`). `hesitation`:
    waiting has to be worth more than touching now by this share of what the touch may bring.
    """

    land: float = 1.0
    annoy: float = 2.0
    known_annoy: float = 0.8
    many: float = 40.0
    discount: float = 0.995
    fades_after: float = 90.0
    gone_after: float = 120.0
    at_least: float = 30.0
    hesitation: float = 0.04

    def deviations(self, annoy: Outcome) -> float:
        """How many standard deviations of doubt about annoyance count."""
        if not annoy.events:
            return min(self.annoy, 1.0)
        surplus = (self.annoy - self.known_annoy) / (1.0 + annoy.events / self.many)
        return self.known_annoy + surplus

    def ends(self, s: Situations, closes: Floats) -> tuple[Floats, Floats]:
        """Days from now until a worth begins to fade, and until it is gone, shape (requests,) each.

        They count from the thread's first touch: an end that began anew with each question would
        never come. A thread that has outlived `gone_after` shows that the guess was wrong, and is
        looked at from now on. Where it is known in how many days the role `closes` (infinite where
        not), nothing is guessed: the planner reckons with that day.
        """
        first = np.where(s.threads["touches"] > 0, s.threads["first_touch"], s.at)
        age = np.maximum(s.at - first, 0) / DAY
        age[age >= self.gone_after] = 0.0
        known = np.isfinite(closes)
        return (
            np.where(known, _NEVER, np.maximum(self.fades_after - age, 0.0)),
            np.where(known, 2 * _NEVER, np.maximum(self.gone_after - age, self.at_least)),
        )


@dataclass(frozen=True, slots=True)
class Scored:
    """An outcome's scores, the standard deviations of doubt about them, the backbone's part of the
    doubt's square, and how far the planning member is off, each shape (cases,)."""

    score: Floats
    doubt: Floats
    known: Floats
    shift: Floats


@dataclass(frozen=True, slots=True)
class Judged:
    """Everything computed for all cases of a batch; a case is one request on one channel.

    `seen`: of each case how many touches in the same situation the model has learned from.
    """

    cases: npt.NDArray[Any]
    request: Ints
    rows: Rows
    land: Scored
    annoy: Scored
    courses: npt.NDArray[Any]
    seen: Ints

    @property
    def best(self) -> Ints:
        """The case each request's best course begins on."""
        best: Ints = self.courses["case"]
        return best


def judge(
    model: Model,
    prudence: Prudence,
    rulebook: Rulebook,
    requests: Sequence[Request],
    s: Situations,
    channels: Sequence[tuple[str, ...]],
    earliest: Sequence[int],
    fares: Fares | None = None,
) -> Judged:
    """Score a touch now, and plan, on every channel of every request.

    `earliest`: for each request as `Rulebook.earliest_us` gives it; `fares` as `lasting_columns`
    takes it.
    """
    fixed, unseen = lasting_columns(model, requests, s, fares)
    made = _rates(model, s.made, fixed)
    request = np.repeat(np.arange(len(requests)), [len(c) for c in channels])
    cases = _cases(requests, s, channels, request)
    threads, persons, rows = s.threads[request], s.persons[request], fixed[request]
    rows_now(cases, threads, persons, rows)
    seen = model.evidence.like(rows)
    strange = unseen[request]
    land = _score(model, model.land, rows, seen, strange)
    annoy = _score(model, model.annoy, rows, seen, strange)
    cases["shift_land"], cases["shift_annoy"] = land.shift, annoy.shift
    cases["tide_land"] = model.land.tide(rows)
    cases["prudence_land"] = prudence.land
    cases["prudence_annoy"] = prudence.deviations(model.annoy)
    cases["doubt_annoy"], cases["known_annoy"] = annoy.doubt, annoy.known
    cases["discount"] = prudence.discount
    closes = _closing(requests, s.at)
    fades, gone = prudence.ends(s, closes)
    cases["closes"] = closes[request]
    cases["fades_after"], cases["gone_after"] = fades[request], gone[request]
    cases["hesitation"] = prudence.hesitation
    hours = openings(rulebook, requests, channels, earliest)
    cases["earliest"] = np.array(earliest)[request]
    cases["first_window"], cases["last_window"] = hours.first, hours.last
    courses = np.zeros(len(requests), COURSE)
    firsts = np.concatenate([[0], np.cumsum([len(c) for c in channels])])
    begun = np.searchsorted(s.made.request, np.arange(len(requests) + 1))
    plan(
        cases, firsts, made, begun, threads, persons, rows.copy(), _planning(model.land),
        _planning(model.annoy), _hazards(model), rulebook.limits, hours.windows, courses,
    )  # fmt: skip
    return Judged(cases, request, rows, land, annoy, courses, seen)


def _rates(model: Model, made: Made, fixed: Rows) -> npt.NDArray[Any]:
    """The rates of touches that were made, by what was known of the contact then."""
    rows = fixed[made.request]
    own = len(CONTACT_COLUMNS)
    rows[:, :own] = made.rows[:, :own]
    found = np.zeros(len(rows), MADE)
    found["channel"], found["lag"] = made.channel, made.lag
    for o in (model.land, model.annoy):
        found[o.name] = np.exp(o.score(rows)[0])
    return found


def _cases(
    requests: Sequence[Request], s: Situations, channels: Sequence[tuple[str, ...]], request: Ints
) -> npt.NDArray[Any]:
    """What is asked about, and when; nothing scored yet."""
    cases = np.zeros(len(request), CASE)
    cases["channel"] = [CHANNELS.index(c) for usable in channels for c in usable]
    cases["at"], cases["local"] = s.at[request], s.local[request]
    cases["zone_known"] = s.zone_known[request]
    for field in ("actor", "relevance", "personalized"):
        cases[field] = s.picks[field][request]
    worth = np.array([(r.utility.land, r.utility.annoy, r.utility.touch) for r in requests])
    for i, field in enumerate(("worth_land", "worth_annoy", "cost")):
        cases[field] = worth[request, i]
    return cases


def _closing(requests: Sequence[Request], at: Ints) -> Floats:
    """Days until each request's role closes; infinite where that is not known."""
    found = np.full(len(requests), np.inf)
    for i, r in enumerate(requests):
        if r.closes_at is not None:
            found[i] = (microseconds(r.closes_at) - at[i]) / DAY
    return found


def _score(model: Model, o: Outcome, rows: Rows, seen: Ints, unseen: Floats) -> Scored:
    found = o.judge(rows)
    doubt = model.doubt(o, seen, found, unseen)
    return Scored(found.score, doubt, found.variance, found.score - found.first)


def _hazards(model: Model) -> tuple[Any, ...]:
    """The baselines as the planner reads them (models.under_way), and what is carried over."""
    land, annoy = model.land, model.annoy
    return (
        LAG_EDGES, land.baseline.by_channel, annoy.baseline.by_channel, land.carry, annoy.carry
    )  # fmt: skip


def _planning(o: Outcome) -> tuple[Any, ...]:
    """What the planner needs of an outcome: its first member, and room to work in."""
    known = o.compiled
    trees = len(o.planned[0].first) - 1
    return (
        *o.planned,
        np.empty(trees, np.uint64),
        np.empty(trees, np.uint64),
        known.basis,
        known.coefficients[0],
        known.slope,
        known.covariance,
        np.empty(len(known.basis[0])),
        known.of_channel,
    )
