"""Intervals: right about as often as they say, and tighter when the people are the same."""

from __future__ import annotations

import numpy as np
import pytest

from training.playout.estimates import Estimate, average, difference, mean_of, share_of_the_way


def test_an_interval_holds_the_truth_as_often_as_it_says() -> None:
    random = np.random.default_rng(0)
    draws = [mean_of(random.exponential(1.0, 400)) for _ in range(500)]
    held = np.mean([e.low <= 1.0 <= e.high for e in draws])
    assert held == pytest.approx(0.95, abs=0.025)


def test_the_share_of_the_way_has_an_honest_interval() -> None:
    random = np.random.default_rng(1)
    held = []
    for _ in range(500):
        luck = random.normal(0.0, 1.0, 400)
        start, goal, ours = (luck + random.normal(m, 0.5, 400) for m in (0.2, 0.8, 0.65))
        e = share_of_the_way(ours, start, goal)
        held.append(e.low <= 0.75 <= e.high)
    assert np.mean(held) == pytest.approx(0.95, abs=0.025)


def test_differences_are_paired_and_the_longer_one_is_cut() -> None:
    random = np.random.default_rng(2)
    luck = random.normal(0.0, 1.0, 1000)
    a, b = luck + 0.1, luck + random.normal(0.0, 0.01, 1000)
    paired = difference(a, b[:500])
    assert paired.mean == pytest.approx(0.1, abs=0.005)
    assert paired.error < mean_of(a).error / 20


def test_marks_are_at_nought_and_one() -> None:
    start, goal = np.arange(10.0), np.arange(10.0) * 1.5 + 1
    assert share_of_the_way(start, start, goal) == Estimate(0.0, 0.0)
    assert share_of_the_way(goal, start, goal).mean == 1.0


def test_an_average_is_surer_than_its_parts_but_not_where_they_err_alike() -> None:
    random = np.random.default_rng(4)
    one, other = (mean_of(random.normal(m, 1.0, 400)) for m in (1.0, 3.0))
    both, twice = average([one, other]), average([one, one])
    assert both.mean == pytest.approx((one.mean + other.mean) / 2)
    assert both.error == pytest.approx(one.error / 2**0.5, rel=0.1)
    assert twice == one
    assert Estimate(2.0, 0.25).as_dict() == {"mean": 2.0, "low": 1.51, "high": 2.49}


def test_contacts_who_share_recruiters_and_clients_are_fewer_than_they_seem() -> None:
    random = np.random.default_rng(5)
    held, held_alone = [], []
    for _ in range(300):
        parties = np.column_stack([random.integers(0, 40, 800), random.integers(0, 60, 800)])
        effects = (
            random.normal(0.0, 0.3, 40)[parties[:, 0]] + random.normal(0.0, 0.3, 60)[parties[:, 1]]
        )
        x = effects + random.normal(0.0, 1.0, 800)
        for found, e in ((held, mean_of(x, parties)), (held_alone, mean_of(x))):
            found.append(e.low < 0.0 < e.high)
    assert np.mean(held) == pytest.approx(0.95, abs=0.03)
    assert np.mean(held_alone) < 0.85


def test_parties_never_make_anything_surer() -> None:
    random = np.random.default_rng(6)
    x = random.normal(0.0, 1.0, 60)
    for recruiters, clients in ((1, 1), (1, 5), (60, 60), (3, 2)):
        parties = np.column_stack([np.arange(60) % recruiters, np.arange(60) % clients])
        assert mean_of(x, parties).error >= mean_of(x).error
        assert mean_of(x, np.vstack([parties, parties])) == mean_of(x, parties)
