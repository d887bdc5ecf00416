"""Baseline hazards: equal to a plain loop, shrunk to the base rates, right on known data."""

from __future__ import annotations

import numpy as np

from models.lags import (
    HORIZON,
    LAG_EDGES,
    LONGEST,
    Baseline,
    breslow,
    breslow_by_channel,
)


def plain_loop(days, happened, risk, prior, weight):  # type: ignore[no-untyped-def]
    total, cumulative = 0.0, [0.0]
    steps = np.diff(prior.cumulative)
    for low, high, step in zip(LAG_EDGES[:-1], LAG_EDGES[1:], steps, strict=True):
        events, exposure = 0, 0.0
        for d, h, r in zip(days, happened, risk, strict=True):
            exposure += r * max(min(d, high) - low, 0)
            events += bool(h) and low <= d < high
        imagined = weight * step / steps.sum()
        rate = (events + imagined) / (exposure + imagined * (high - low) / step)
        total += rate * (high - low)
        cumulative.append(total)
    return np.array(cumulative)


def test_it_equals_a_plain_loop() -> None:
    rng = np.random.default_rng(1)
    days, happened = rng.exponential(9, 300), rng.random(300) < 0.4
    risk, prior = rng.random(300) + 0.5, Baseline.prior(0.03)
    found = breslow(days, happened, risk, prior.cumulative, 5.0)
    assert np.allclose(found, plain_loop(days, happened, risk, prior, 5.0))


def test_a_constant_hazard_is_found_under_censoring() -> None:
    rng = np.random.default_rng(2)
    when, censored = rng.exponential(20, 200_000), rng.uniform(0, 30, 200_000)
    days = np.minimum(when, censored)
    found = breslow(
        days, when <= censored, np.ones_like(days), Baseline.prior(0.03).cumulative, 5.0
    )
    assert abs(Baseline.common(found).at(20.0) - 1.0) < 0.02


def test_nothing_seen_leaves_the_base_rate() -> None:
    none = np.zeros(0)
    prior = Baseline.prior(0.0352)
    found = breslow(none, none.astype(bool), none, prior.cumulative, 5.0)
    assert np.allclose(found, prior.cumulative)
    assert np.isclose(-np.expm1(-prior.at(HORIZON)), 0.0352)


def test_nothing_happens_after_ninety_days() -> None:
    prior = Baseline.prior(0.1)
    assert prior.at(LONGEST) == prior.at(400.0)


def test_a_channel_has_lags_of_its_own_and_the_same_hazard_by_the_horizon() -> None:
    rng = np.random.default_rng(3)
    n = 40_000
    channel = rng.integers(0, 2, n)
    # Letters are answered in days, calls in minutes; all are followed up after three days.
    when = np.where(channel == 0, rng.exponential(4.0, n), rng.exponential(0.01, n))
    when = np.where(rng.random(n) < 0.2, when, np.inf)
    days = np.minimum(when, 3.0)
    found = breslow_by_channel(days, when <= 3.0, np.ones(n), channel, Baseline.prior(0.2), 5.0)
    assert np.allclose(found.by_channel @ (LAG_EDGES == HORIZON), found.at(HORIZON))
    within_an_hour = found.at(np.full(2, 1 / 24), np.array([0, 1])) / found.at(HORIZON)
    assert within_an_hour[0] < 0.1
    assert within_an_hour[1] > 0.8
