"""Estimators against plain loops, their influence against leaving rows out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from training.offpolicy.estimators import (
    Estimate,
    Floats,
    Ints,
    doubly_robust,
    effective_sample_size,
    expected_rewards,
    ips,
    self_normalised,
    weights,
)


class Rows:
    """Drawn decisions of 40 contacts, three each on average."""

    def __init__(self, seed: int = 0, n: int = 120) -> None:
        random = np.random.default_rng(seed)
        self.contact = np.sort(random.integers(0, 40, n))
        self.drawn = random.uniform(0.6, 0.95, n)
        self.held = random.random(n) > self.drawn
        self.pi = random.random(n)
        self.reward = random.normal(self.held * 0.5 + self.pi, 1.0)
        self.w = weights(self.held, self.drawn, self.pi)
        self.q = random.normal(0, 1, (n, 2))


def test_weights_are_the_policys_chance_over_the_draws() -> None:
    rows = Rows()
    for i in range(len(rows.w)):
        policy = 1 - rows.pi[i] if rows.held[i] else rows.pi[i]
        draw = 1 - rows.drawn[i] if rows.held[i] else rows.drawn[i]
        assert rows.w[i] == pytest.approx(policy / draw)
    assert weights(rows.held, rows.drawn, rows.drawn) == pytest.approx(1.0)


def test_values_are_those_of_plain_loops() -> None:
    r = Rows()
    n, total, weighted, robust = len(r.w), 0.0, 0.0, 0.0
    for i in range(n):
        total += r.w[i]
        weighted += r.w[i] * r.reward[i]
        guess = r.q[i, 1] if r.held[i] else r.q[i, 0]
        robust += r.pi[i] * r.q[i, 0] + (1 - r.pi[i]) * r.q[i, 1]
        robust += r.w[i] * (r.reward[i] - guess)
    assert ips(r.w, r.reward, r.contact).value == pytest.approx(weighted / n)
    assert self_normalised(r.w, r.reward, r.contact).value == pytest.approx(weighted / total)
    found = doubly_robust(r.w, r.reward, r.held, r.pi, r.q, r.contact)
    assert found.value == pytest.approx(robust / n)


_ESTIMATORS: dict[str, Callable[[Rows, Ints], Estimate]] = {
    "ips": lambda r, k: ips(r.w[k], r.reward[k], r.contact[k]),
    "snips": lambda r, k: self_normalised(r.w[k], r.reward[k], r.contact[k]),
    "dr": lambda r, k: doubly_robust(r.w[k], r.reward[k], r.held[k], r.pi[k], r.q[k], r.contact[k]),
}


@pytest.mark.parametrize("name", _ESTIMATORS)
def test_the_standard_error_is_that_of_leaving_contacts_out(name: str) -> None:
    """The jackknife (Tukey 1958) over contacts, which knows nothing of influence functions."""
    rows, estimator = Rows(n=2000), _ESTIMATORS[name]
    contacts = np.unique(rows.contact)
    left = np.array([estimator(rows, np.flatnonzero(rows.contact != c)).value for c in contacts])
    jackknife = np.sqrt((len(left) - 1) * left.var())
    found = estimator(rows, np.arange(len(rows.w)))
    assert found.influence.mean() == pytest.approx(0, abs=1e-12)
    assert found.standard_error == pytest.approx(jackknife, rel=0.05)


def test_rows_of_one_contact_count_as_one() -> None:
    values = np.random.default_rng(1).normal(0, 1, 50)
    alone = Estimate(0.0, values - values.mean(), np.arange(50))
    tripled = Estimate(0.0, np.repeat(values - values.mean(), 3), np.repeat(np.arange(50), 3))
    assert tripled.standard_error == pytest.approx(alone.standard_error)
    single = Estimate(0.0, values, np.zeros(50, np.int64))
    assert single.standard_error == np.inf


def test_differences_are_paired() -> None:
    rows = Rows()
    one, same = (ips(rows.w, rows.reward, rows.contact) for _ in range(2))
    assert (one - same).interval(0.9) == (0.0, 0.0)


def test_an_interval_is_nearly_the_normal_one_for_a_large_normal_sample() -> None:
    sample = np.random.default_rng(4).normal(0, 1, 5000)
    found = Estimate(0.0, sample - sample.mean(), np.arange(5000))
    assert found.degrees_of_freedom == pytest.approx(5000, rel=0.1)
    low, high = found.interval(0.95)
    assert (high - low) / 2 == pytest.approx(1.959964 * found.standard_error, rel=1e-3)


def test_few_contacts_that_weigh_much_widen_the_interval() -> None:
    sums = np.zeros(5000)
    sums[:4] = (1.0, -1.0, 1.0, -1.0)
    found = Estimate(0.0, sums, np.arange(5000))
    assert found.degrees_of_freedom == pytest.approx(8, rel=0.01)
    low, high = found.interval(0.9)
    assert (high - low) / 2 == pytest.approx(1.859548 * found.standard_error, rel=1e-2)


def test_outcomes_that_the_few_who_weigh_much_lack_are_reckoned_with() -> None:
    """Of 1,000 people 3 % are annoyed, but none of the 35 of whom a policy's value is made."""
    rewards, w = np.zeros(1000), np.zeros(1000)
    rewards[35:65], w[:35] = -2.0, 1000 / 35
    found = ips(w, rewards, np.arange(1000))
    assert found.standard_error == 0.0
    low, high = found.interval(0.9)
    assert low < -0.06 < 0.0 < high
    # The spread of 35 people like all others.
    assert found.least_error == pytest.approx(rewards.std() / 35**0.5)


def test_where_all_weigh_alike_nothing_is_added() -> None:
    rewards = np.random.default_rng(5).normal(0, 1, 400)
    found = ips(np.ones(400), rewards, np.arange(400))
    low, high = found.interval(0.9)
    assert (high - low) / 2 > 1.644854 * found.least_error


def test_the_effective_sample_size_counts_equal_weights_fully() -> None:
    assert effective_sample_size(np.full(7, 3.0)) == pytest.approx(7)
    assert effective_sample_size(np.array([1.0, 0, 0, 0])) == pytest.approx(1)
    assert effective_sample_size(np.zeros(3)) == 0


def _world(seed: int, n: int = 4000) -> tuple[Floats, np.ndarray, Floats, Ints]:
    random = np.random.default_rng(seed)
    numbers = random.normal(0, 1, (n, 3))
    held = random.random(n) < 0.1
    reward = numbers[:, 0] - held * (0.5 + 0.3 * (numbers[:, 2] - numbers[:, 1]))
    return numbers, held, reward + random.normal(0, 0.1, n), np.arange(n) // 2


def test_expected_rewards_find_what_numbers_tell_of_both_actions() -> None:
    numbers, held, reward, contact = _world(2)
    q = expected_rewards(numbers, held, reward, contact)
    gap = numbers[:, 2] - numbers[:, 1]
    assert q[:, 0] == pytest.approx(numbers[:, 0], abs=0.05)
    assert q[:, 1] - q[:, 0] == pytest.approx(-0.5 - 0.3 * gap, abs=0.1)


def test_no_row_is_predicted_from_its_own_contact() -> None:
    numbers, held, reward, contact = _world(3, 400)
    before = expected_rewards(numbers, held, reward, contact)
    changed = reward.copy()
    changed[contact == 7] += 1000.0
    after = expected_rewards(numbers, held, changed, contact)
    own = contact == 7
    assert after[own] == pytest.approx(before[own])
    assert not np.allclose(after[~own], before[~own])


def test_however_wrong_the_expectation_the_doubly_robust_value_is_unbiased() -> None:
    random, found = np.random.default_rng(4), []
    for _ in range(400):
        held = random.random(200) < 0.2
        reward = np.where(held, 2.0, 1.0) + random.normal(0, 1, 200)
        w = weights(held, np.full(200, 0.8), np.zeros(200))
        q = np.column_stack([np.full(200, -5.0), np.full(200, 4.0)])
        found.append(doubly_robust(w, reward, held, np.zeros(200), q, np.arange(200)).value)
    assert np.mean(found) == pytest.approx(2.0, abs=4 * np.std(found) / 20)
