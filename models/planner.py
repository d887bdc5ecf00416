"""The planner: whole courses compared, each a touch now or later and a cadence after it.

For a thread on one channel it rolls cadences forward through the same state and features as
everything else: a hypothetical touch advances the state like a real one. A course's value is the
discounted, survival-weighted worth of what its touches may bring, less what they cost.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from features.catalog.clock import ebbed
from features.catalog.columns import TIDE_DAYS
from features.catalog.registry import Moment
from features.compiled import inline, jit
from features.fold import fill_contact
from features.state import DAY, PERSON, THREAD, advance_by_touch, fade
from models.backbone import term
from models.carried import RECALLED
from models.courses import DELAYS
from models.doubt import row_variance
from models.lags import HORIZON
from models.leaves import added, rule_out
from models.openings import opened
from models.under_way import GOING, add, coming, split, take_up

#: Delays at which a course with follow-ups is rolled out in full; between, it is interpolated.
#: Close together at first: a day of the week that is liked has to be among them, or a plan that is
#: asked again each week puts it off for ever.
_ROLLED = np.array([0, 1, 2, 3, 5, 7, 10, 14, 16, 17])
#: Days between the touches of a cadence.
GAPS = np.array([2, 3, 5, 7, 10, 14, 21, 30, 45], float)
#: By what factor each gap of a cadence is longer than the one before.
GROWTHS = np.array([1.0, 1.6], float)
#: Touches of a course that begins now, and of one that begins later.
MOST_TOUCHES, MOST_LATER = 8, 7
_LONGEST = 90.0
_TIDE_DAYS = np.array(tuple(TIDE_DAYS.values()))
#: No course goes on for more days than these.
_FARTHEST = 240.0


@inline
def eta(x: Any, outcome: Any) -> Any:
    """An outcome's score of one row by its planning member, but for what is given.

    What is given lasts along a course, but for the tide, which ebbs: it counts in the shift to the
    ensemble's score. `outcome`: trees, which of the features they ask about change along a course
    and which last, room for what is left of their leaves by those that last and by all; the
    backbone's terms, coefficients, the trees' slope, covariance, room for the values of the terms,
    which `variance` reads, and the covariance of what channels add.
    """
    trees, changing, _, base, left, basis, beta, slope, _, terms, _ = outcome
    left[:] = base
    rule_out(x, trees, changing, left)
    total = beta[0] + slope * added(trees, left, 0, len(left))
    for j in range(len(terms)):
        terms[j] = term(x, basis, j)
        total += beta[j + 1] * terms[j]
    return min(total, 6.0)


@inline
def _begin(x: Any, outcome: Any) -> None:
    """Look once at what does not change along the courses of a request; `eta` builds on it."""
    base = outcome[3]
    base[:] = ~np.uint64(0)
    rule_out(x, outcome[0], outcome[2], base)


@inline
def variance(outcome: Any) -> Any:
    """What the data leave open of the backbone's score in the row that `eta` was last asked of."""
    return row_variance(outcome[9], outcome[8])


@inline
def variance_of_channel(outcome: Any) -> Any:
    """What the data leave open of what the channel adds to that score."""
    return row_variance(outcome[9], outcome[10])


@inline
def fill_row(row: Any, thread: Any, person: Any, time: int, case: Any) -> None:
    """The catalog's columns of a touch at `time` on the case's channel; the others stay."""
    moment = Moment(
        time,
        (case.local + (time - case.at)) / DAY,
        case.channel,
        case.actor,
        case.relevance,
        case.personalized,
        case.zone_known,
        fade(thread.decay_time, time),
        fade(person.decay_time, time),
        fade(person.answer_decay_time, time),
    )
    fill_contact(row, thread, person, moment)


@inline
def _gone_with_the_tide(case: Any, time: int) -> float:
    """What has ebbed by `time` of the tide that the score of landing now is with."""
    days, gone = (time - case.at) / DAY, 0.0
    for k in range(len(_TIDE_DAYS)):
        gone += case.tide_land[k] * (1.0 - ebbed(days, _TIDE_DAYS[k]))
    return gone


@inline
def _kept(case: Any, days: float) -> Any:
    """What is left of a worth after so many days of waiting for it (`models.judge.Prudence`)."""
    days = max(days, 0.0)
    fading = (case.gone_after - days) / (case.gone_after - case.fades_after)
    return case.discount**days * min(max(fading, 0.0), 1.0)


@inline
def _allowed(most: int, gap: float, limits: Any) -> Any:
    """How many of `most` touches so many days apart, or ever further, no cap forbids.

    `limits`, shape (rules, 2): at most so many touches within so many days.
    """
    for i in range(len(limits)):
        if limits[i, 0] * gap < limits[i, 1]:
            most = min(most, int(limits[i, 0]))
    return most


@inline
def _begun(case: Any, delay: float, windows: Any) -> Any:
    """The first moment after `delay` days at which a touch of the case is allowed."""
    wish = max(case.at + np.int64(delay * DAY), case.earliest)
    return opened(windows, case.first_window, case.last_window, wish)


@inline
def _course(
    first: Any,
    later: Any,
    state: Any,
    model: Any,
    time: int,
    opening: Any,
    gap: float,
    growth: float,
    most: int,
) -> Any:
    """Worth and length of the best cadence of up to `most` touches, the first of them at `time`.

    The first touch is made on the channel of the case `first`, all others on that of `later`, each
    at the first open moment after its gap. `opening`, shape (4,): the first touch's scores, and
    what doubt takes from that of landing and adds to that of annoyance; looked up if another course
    has filled it, filled otherwise.
    """
    land, annoy, hazards, limits, windows = model
    thread, person, row, made, (threads, persons, going), _ = state
    most = _allowed(most, gap, limits)
    threads[0] = thread
    persons[0] = person
    t, p, n = threads[0], persons[0], len(made)
    going[:n] = made
    days = (time - first.at) / DAY
    p_land, p_annoy, left = split(*coming(going, n, hazards, 0.0, days, first.closes, True))
    value = _kept(first, (days - first.forced) / 2) * (
        p_land * first.worth_land - p_annoy * first.worth_annoy
    )
    best, length = -np.inf, 1
    step = gap
    for k in range(most):
        case = first if k == 0 else later
        if k == 0 and not np.isnan(opening[0]):
            eta_land, eta_annoy, less, more = opening
        else:
            fill_row(row, t, p, time, case)
            eta_land = eta(row, land) + case.shift_land - _gone_with_the_tide(case, time)
            eta_annoy = eta(row, annoy) + case.shift_annoy
            less = case.prudence_land * np.sqrt(variance_of_channel(land))
            more = case.prudence_annoy * np.sqrt(
                case.doubt_annoy**2 + max(variance(annoy) - case.known_annoy, 0.0)
            )
            if k == 0:
                opening[:] = eta_land, eta_annoy, less, more
        rate_land = np.exp(min(eta_land - less, 6.0))
        rate_annoy = np.exp(min(eta_annoy + more, 6.0))
        since = (time - case.at) / DAY
        chosen = since - case.forced
        worth = left * _kept(case, chosen)
        n, open_for = add(going, n, case.channel, since, rate_land, rate_annoy), case.closes - since
        a, b, _ = split(*coming(going, n, hazards, since, _LONGEST, open_for, False))
        ends = value + worth * (a * case.worth_land - b * case.worth_annoy - case.cost)
        if ends > best:
            best, length = ends, k + 1
        wish = time + np.int64(step * DAY)
        following = opened(windows, later.first_window, later.last_window, wish)
        apart = (following - time) / DAY
        a, b, open_still = split(*coming(going, n, hazards, since, apart, open_for, True))
        value += worth * (a * case.worth_land - b * case.worth_annoy - case.cost)
        left *= open_still
        advance_by_touch(t, p, time, case.channel, case.actor, case.personalized)
        time = following
        step *= growth
        # Beyond what can still be hoped for, further touches are not worth the computation.
        if left * worth < 1e-3 or chosen + apart > _FARTHEST:
            break
    return best, length


@jit
def plan(cases: Any, firsts: Any, made: Any, from_made: Any, threads: Any, persons: Any, rows: Any,
         land: Any, annoy: Any, hazards: Any, limits: Any, windows: Any,
         courses: Any) -> None:  # fmt: skip
    """Plan every request; its cases stand together, from `firsts[r]` on.

    So do the touches `made` in its thread, from `from_made[r]` on. `rows`, one per case, hold the
    columns that do not change along a course; `hazards` as in `models.under_way.take_up`; `limits`
    as in `Rulebook.limits`, `windows` as in `models.openings.Openings`.
    """
    scratch = (np.empty(1, THREAD), np.empty(1, PERSON), np.empty(RECALLED + MOST_TOUCHES, GOING))
    model = (land, annoy, hazards, limits, windows)
    going = np.empty(RECALLED + MOST_TOUCHES, GOING)
    begun = np.full((len(cases), 4), np.nan)
    for r in range(len(firsts) - 1):
        f, c = firsts[r], courses[r]
        own = made[from_made[r] : from_made[r + 1]]
        take_up(own, hazards, going)
        state = (threads[f], persons[f], rows[f], going[: len(own)], scratch, begun)
        _leave_alone(going, len(own), hazards, c)
        c.now, c.case, c.later = -np.inf, f, f
        _begin(rows[f], land)
        _begin(rows[f], annoy)
        _force(cases[f : firsts[r + 1]], windows)
        for i in range(f, firsts[r + 1]):
            for g in range(0, len(GAPS), 2):
                _try(cases, i, i, state, model, GAPS[g], 1.0, c)
        _refine(cases, f, firsts[r + 1], state, model, c)
        _plan_waiting(cases, state, model, c)


@inline
def _leave_alone(going: Any, n: int, hazards: Any, c: Any) -> None:
    """What the `n` touches that were made bring within the horizon, alone and past one made now."""
    c.left_land, c.left_annoy = coming(going, n, hazards, 0.0, HORIZON, HORIZON, False)
    add(going, n, 0, 0.0, 0.0, 0.0)
    c.still_land, c.still_annoy = coming(going, n + 1, hazards, 0.0, HORIZON, HORIZON, False)


@inline
def _force(cases: Any, windows: Any) -> None:
    """Set when each case of one request may begin, and the days that any has to wait."""
    for i in range(len(cases)):
        cases[i].begin = _begun(cases[i], 0.0, windows)
    forced = (cases["begin"].min() - cases[0].at) / DAY
    for i in range(len(cases)):
        cases[i].forced = forced


@inline
def _try(cases: Any, first: int, later: int, state: Any, model: Any, gap: float, growth: float,
         c: Any) -> None:  # fmt: skip
    """Touch now on the case `first`'s channel, go on on `later`'s; kept if it is worth more."""
    _, _, _, _, _, begun = state
    now, case = begun[first], cases[first]
    value, length = _course(
        case, cases[later], state, model, case.begin, now, gap, growth, MOST_TOUCHES
    )
    if value > c.now:
        c.now, c.gap, c.growth, c.touches = value, gap, growth, length
        c.case, c.later = first, later


@inline
def _refine(cases: Any, f: int, end: int, state: Any, model: Any, c: Any) -> None:
    """Around the best course so far: gaps between, growing gaps, going on on another channel."""
    coarse = c.gap
    for g in range(1, len(GAPS), 2):
        if GAPS[g - 1] == coarse or (g + 1 < len(GAPS) and GAPS[g + 1] == coarse):
            _try(cases, c.case, c.case, state, model, GAPS[g], 1.0, c)
    for growth in GROWTHS[1:]:
        gap = c.gap
        _try(cases, c.case, c.case, state, model, gap / growth, growth, c)
        _try(cases, c.case, c.case, state, model, gap, growth, c)
    own, gap, growth = c.case, c.gap, c.growth
    for i in range(f, end):
        if i != own:
            _try(cases, own, i, state, model, gap, growth, c)
            _try(cases, i, own, state, model, gap, growth, c)


@inline
def _plan_waiting(cases: Any, state: Any, model: Any, c: Any) -> None:
    """The courses that begin later than the rules ask for, and the whole curve."""
    _, _, hazards, _, windows = model
    _, _, _, made, (_, _, going), begun_now = state
    then = np.empty(4)
    case = cases[c.case]
    going[: len(made)] = made
    a, b, _ = split(*coming(going, len(made), hazards, 0.0, _LONGEST, case.closes, False))
    c.stop = a * case.worth_land - b * case.worth_annoy
    c.value[0] = c.now
    c.wait, c.delay, c.wait_touches = -np.inf, DELAYS[1], 1
    time, best = case.begin, c.now
    margin = _margin(case, begun_now[c.case], hazards[1]) if c.now > c.stop else 0.0
    c.eta_land[:] = np.nan
    for k in _ROLLED[1:]:
        begun = _begun(case, DELAYS[k], windows)
        if begun > time:
            time, then[0] = begun, np.nan
            best, length = _course(
                case, cases[c.later], state, model, time, then, c.gap, c.growth, MOST_LATER
            )
            if best - margin > c.wait:
                c.wait, c.delay, c.wait_touches = best - margin, DELAYS[k], length
            if time == case.at + np.int64(DELAYS[k] * DAY):
                c.eta_land[k], c.eta_annoy[k] = then[0], then[1]
        c.value[k] = best
    for r in range(len(_ROLLED) - 1):
        low, high = _ROLLED[r], _ROLLED[r + 1]
        for k in range(low + 1, high):
            part = (DELAYS[k] - DELAYS[low]) / (DELAYS[high] - DELAYS[low])
            c.value[k] = c.value[low] + part * (c.value[high] - c.value[low])
    _draw_curve(case, state, model, c)


@inline
def _margin(case: Any, opening: Any, h_land: Any) -> Any:
    """What waiting has to bring beyond touching now, where touching now is worth it.

    The best of many delays looks better than it is; asked again each day, a plan that believed it
    would put off for ever.
    """
    p_land, _, _ = split(np.exp(min(opening[0], 6.0)) * h_land[case.channel][-1], 0.0)
    return case.hesitation * p_land * case.worth_land


@inline
def _draw_curve(case: Any, state: Any, model: Any, c: Any) -> None:
    """The scores of a touch made after each delay to the day, whatever the hours."""
    land, annoy, _, _, _ = model
    thread, person, row, _, _, _ = state
    for k in range(1, len(DELAYS)):
        if DELAYS[k] <= HORIZON and np.isnan(c.eta_land[k]):
            time = case.at + np.int64(DELAYS[k] * DAY)
            fill_row(row, thread, person, time, case)
            c.eta_land[k] = eta(row, land) + case.shift_land - _gone_with_the_tide(case, time)
            c.eta_annoy[k] = eta(row, annoy) + case.shift_annoy


@jit
def rows_now(cases: Any, threads: Any, persons: Any, rows: Any) -> None:
    """The catalog's columns of every case's touch made now."""
    for i in range(len(cases)):
        fill_row(rows[i], threads[i], persons[i], cases[i].at, cases[i])
