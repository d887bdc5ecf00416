"""Outcomes are shared out among a thread's touches, and what is carried over is found."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from features.catalog.columns import COLUMNS, POSITION
from features.outcomes import FOLLOWED_UP, LANDED, OPEN_END
from models.attributes import Encoding
from models.lags import LONGEST, Baseline
from models.outcome import Outcome
from training.credit import Claims, peak
from training.fit import Fitter
from training.kinds import land_kind
from training.watched import Watched

NAMES = [c.name for c in COLUMNS]
KIND = land_kind(Encoding(()))
#: Between the touches of a thread, in days.
GAPS = (0.25, 1.0, 3.0, 10.0)


def lag(rng: np.random.Generator, n: int, hazard: float) -> np.ndarray:
    """Days until something comes of a touch, never where nothing does.

    `hazard`: all that there ever is, of which one part in e is left after every four days.
    """
    drawn = np.minimum(rng.exponential(1.0, n) / (hazard + 1e-12), 1.0)
    with np.errstate(divide="ignore"):
        return np.asarray(-4.0 * np.log1p(-drawn))


def two_touches(carry: float, n: int = 12_000) -> Watched:
    """Threads of an e-mail and, some days later, another unless the first has landed by then.

    Either lands one of ten; once the second is made, the first goes on for `carry` of its hazard.
    """
    rng = np.random.default_rng(6)
    hazard = -np.log(0.9)
    first, gap = lag(rng, n, hazard), rng.choice(GAPS, n)
    begin = np.sort(rng.uniform(0, 100, n))
    second = first >= gap
    after = np.minimum(lag(rng, n, carry * hazard * np.exp(-gap / 4.0)), lag(rng, n, hazard))
    landed = np.isfinite(after)
    left = np.where(landed, after, 80.0)
    end = np.where(second & ~landed, OPEN_END, LANDED).astype(np.int8)
    thread = np.arange(n)
    whole = Watched(
        x=np.zeros((2 * n, len(NAMES)), np.float32),
        time=np.concatenate([begin, begin + gap]),
        days=np.concatenate([np.minimum(first, gap), left]),
        why=np.concatenate([np.where(second, FOLLOWED_UP, LANDED), end]).astype(np.int8),
        contact=np.tile(thread, 2).astype(np.int32),
        number=np.repeat([1, 2], n).astype(np.int32),
        thread=np.tile(thread, 2),
        left=np.concatenate([np.where(second, gap + left, first), left]),
        end=np.tile(end, 2),
    )
    whole.x[:, POSITION["channel_email"]] = 1
    whole.x[n:, POSITION["thread_touches"]] = 1
    made = whole.take(np.concatenate([np.ones(n, bool), second]))
    return made.take(np.argsort(made.time, kind="stable"))


def fitted(w: Watched, carried: bool = True) -> Outcome:
    kind = dataclasses.replace(KIND, carried=carried)
    return Fitter(kind, NAMES, members=2).fit(w, slope=1.0)


def promised(o: Outcome) -> np.ndarray:
    """The chances of a first and a second touch alone."""
    x = np.zeros((2, len(NAMES)), np.float32)
    x[:, POSITION["channel_email"]] = 1
    x[1, POSITION["thread_touches"]] = 1
    return o.chance(o.score(x)[0])


def test_touches_that_know_nothing_of_each_other_are_credited_with_their_own() -> None:
    w = two_touches(1.0)
    shared, to_the_latest = fitted(w), fitted(w, carried=False)
    assert shared.carry > 0.8
    assert promised(shared) == pytest.approx([0.1, 0.1], abs=0.015)
    assert promised(to_the_latest)[1] > 0.13


def test_where_a_further_touch_ends_the_one_before_nothing_is_carried_over() -> None:
    o = fitted(two_touches(0.0))
    assert o.carry < 0.15
    assert promised(o) == pytest.approx([0.1, 0.1], abs=0.015)


def test_a_share_between_is_found() -> None:
    assert fitted(two_touches(0.5)).carry == pytest.approx(0.5, abs=0.15)


def test_what_is_not_carried_over_belongs_to_the_latest() -> None:
    w = two_touches(1.0, 400)
    claims, flat = Claims(w, LANDED), np.zeros(len(w))
    latest = (w.why == LANDED).astype(float)
    assert np.array_equal(claims.of_the_latest(), latest)
    assert np.array_equal(claims.by_hazard(flat, Baseline.prior(0.1), 0.0), latest)


def test_every_outcome_is_given_away_once() -> None:
    w = two_touches(1.0, 400)
    share = Claims(w, LANDED).by_hazard(np.zeros(len(w)), Baseline.prior(0.1), 0.7)
    by_thread = np.bincount(w.thread, share)
    ended = np.zeros(len(by_thread), bool)
    ended[w.thread[(w.why == LANDED) & (w.left < LONGEST)]] = True
    assert by_thread == pytest.approx(ended.astype(float))
    assert share[(w.why == FOLLOWED_UP) & (w.end == LANDED)].min() > 0.0


def test_touches_lost_sight_of_are_watched_no_longer() -> None:
    w = two_touches(1.0, 400)
    moment = 50.0
    then = w.as_of(moment)
    assert (then.time + then.left <= moment + 1e-9).all()
    late = then.left < w.take(w.time < moment).left
    assert late.any()
    assert (then.end[late] == OPEN_END).all()


def test_the_highest_point_is_found_between_and_at_the_ends() -> None:
    tried = np.linspace(0, 1, 6)
    assert peak(tried, -((tried - 0.37) ** 2)) == pytest.approx(0.37)
    assert peak(tried, tried) == pytest.approx(1.0)
    assert peak(tried, -tried) == pytest.approx(0.0)
    assert peak(tried, -((tried + 0.5) ** 2)) == 0.0
