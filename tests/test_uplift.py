"""The Qini curve against its definition: random orders of the tied, and every pair of rows."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from training.offpolicy.uplift import (
    Flags,
    Floats,
    effect_scores,
    qini_coefficient,
    qini_curve,
)


def by_walking(order: list[int], score: Floats) -> Floats:
    """Gain after nudging the first, the first two, ... in this order, per person of all."""
    gains, total = [0.0], 0.0
    for i in order:
        total += score[i]
        gains.append(total / len(score))
    return np.array(gains)


def orders(by: Floats) -> list[list[int]]:
    """All orders of the rows that rank `by` downwards."""
    groups = [np.flatnonzero(by == v).tolist() for v in sorted(set(by.tolist()), reverse=True)]
    parts = [[list(p) for p in itertools.permutations(group)] for group in groups]
    return [list(itertools.chain(*choice)) for choice in itertools.product(*parts)]


@pytest.mark.parametrize("seed", range(5))
def test_ties_are_the_mean_over_all_their_orders(seed: int) -> None:
    random = np.random.default_rng(seed)
    by, score = random.integers(0, 3, 7).astype(float), random.normal(0, 1, 7)
    mean = np.mean([by_walking(order, score) for order in orders(by)], axis=0)
    curve = qini_curve(by, score)
    assert len(curve.share) == len(set(by.tolist())) + 1
    assert np.interp(np.arange(8) / 7, curve.share, curve.gain) == pytest.approx(mean)
    area = sum((a + b) / 2 / 7 for a, b in itertools.pairwise(mean)) - mean[-1] / 2
    assert curve.coefficient == pytest.approx(area)


def of_pairs(by: Floats, score: Floats) -> float:
    """Mean over pairs (i, j) of score_j times 1/2 less whether i ranks above j, a tie half."""
    total = 0.0
    for i in range(len(by)):
        for j in range(len(by)):
            above = 1.0 if by[i] > by[j] else 0.5 if by[i] == by[j] else 0.0
            total += score[j] * (0.5 - above)
    return total / len(by) ** 2


def test_the_coefficient_is_a_mean_over_pairs_and_its_error_the_jackknifes() -> None:
    random = np.random.default_rng(7)
    by = random.integers(0, 12, 120).astype(float)
    score, contact = random.normal(by / 12, 2.0), np.arange(120) // 2
    found = qini_coefficient(by, score, contact)
    assert found.value == pytest.approx(of_pairs(by, score))
    assert found.influence.mean() == pytest.approx(0, abs=1e-12)
    kept = [contact != c for c in range(60)]
    left = [of_pairs(by[k], score[k]) for k in kept]
    jackknife = np.sqrt((len(left) - 1) * np.var(left))
    assert found.standard_error == pytest.approx(jackknife, rel=0.05)


def test_no_ranking_gains_nothing_and_the_reverse_loses_what_the_ranking_gains() -> None:
    random = np.random.default_rng(8)
    score = random.normal(0.3, 1.0, 500)
    assert qini_curve(np.zeros(500), score).coefficient == pytest.approx(0.0)
    best = qini_curve(score, score)
    assert best.coefficient > 0.2
    assert qini_curve(-score, score).coefficient == pytest.approx(-best.coefficient)
    assert best.gain[-1] == pytest.approx(score.mean())
    assert best.gain.max() == pytest.approx(np.maximum(score, 0).mean(), abs=1e-3)


def _drawn(n: int, seed: int) -> tuple[Floats, Flags, Floats, Floats]:
    """Rewards where nudging helps as much as `by` says, drawn with varying chances."""
    random = np.random.default_rng(seed)
    by = random.normal(0, 1, n)
    nudging = random.uniform(0.6, 0.9, n)
    held = random.random(n) > nudging
    return by, held, nudging, 2.0 + np.where(held, 0.0, by) + random.normal(0, 0.5, n)


def test_the_mean_score_is_the_effect_whatever_is_expected() -> None:
    by, held, nudging, reward = _drawn(40_000, 9)
    wrong = np.column_stack([np.full(len(by), 3.0), np.full(len(by), -1.0)])
    right = np.column_stack([2.0 + by, np.full(len(by), 2.0)])
    spreads = []
    for q in (None, wrong, right):
        score = effect_scores(reward, held, nudging, q)
        spreads.append(score.std())
        assert score.mean() == pytest.approx(0.0, abs=4 * score.std() / 200)
        # Ranked by the true effect, a standard normal: E[max over half] - ... = 1 / (2 sqrt(pi)).
        assert qini_curve(by, score).coefficient == pytest.approx(0.2821, abs=0.05)
    assert spreads[2] < spreads[0]


def test_the_interval_of_the_coefficient_covers() -> None:
    hits = 0
    for seed in range(300):
        by, held, nudging, reward = _drawn(300, seed)
        by = np.round(by)  # many ties
        score = effect_scores(reward, held, nudging)
        low, high = qini_coefficient(by, score, np.arange(300)).interval(0.9)
        hits += low <= _TRUE_ROUNDED <= high
    assert 0.84 <= hits / 300 <= 0.95


def _true_rounded() -> float:
    by = np.random.default_rng(1).normal(0, 1, 400_000)
    return qini_curve(np.round(by), by).coefficient


_TRUE_ROUNDED = _true_rounded()
