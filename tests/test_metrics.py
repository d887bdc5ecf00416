"""Metrics: right on cases done by hand, and honest where there is nothing to measure."""

from __future__ import annotations

import numpy as np
import pytest

from training.metrics import (
    baselines,
    bins,
    brier,
    calibration_error,
    calibration_error_from_sampling,
    interval,
    log_loss,
    roc_auc,
    scores,
    training_rates,
    weighted_roc_auc,
)

HIT = np.array([True, False, False, True])
P = np.array([0.9, 0.1, 0.4, 0.6])


def test_by_hand() -> None:
    assert log_loss(HIT, P) == pytest.approx(-np.log([0.9, 0.9, 0.6, 0.6]).mean())
    assert brier(HIT, P) == pytest.approx((0.01 + 0.01 + 0.16 + 0.16) / 4)
    assert roc_auc(HIT, P) == 1.0
    assert roc_auc(HIT, -P) == 0.0


def test_one_class_has_no_auc() -> None:
    assert roc_auc(np.ones(3, bool), np.arange(3.0)) is None
    assert scores(np.zeros(0, bool), *(np.zeros(0),) * 3) == {"touches": 0, "outcomes": 0}


def test_calibration_error_sees_what_is_off() -> None:
    rng = np.random.default_rng(0)
    p = rng.uniform(0, 0.6, 100_000)
    hit = rng.random(100_000) < p
    assert calibration_error(hit, p, bins(p)) < 0.006
    assert calibration_error(hit, p + 0.1, bins(p)) == pytest.approx(0.1, abs=0.006)


def test_right_chances_are_off_by_what_sampling_gives() -> None:
    rng = np.random.default_rng(1)
    p = rng.uniform(0, 0.4, 2_000)
    group = bins(p)
    drawn = [calibration_error(rng.random(2_000) < p, p, group) for _ in range(300)]
    assert calibration_error_from_sampling(p, group) == pytest.approx(np.mean(drawn), rel=0.05)


def test_equal_predictions_share_a_bin() -> None:
    assert len(set(bins(np.full(100, 0.3)))) == 1


def test_the_weighted_auc_is_that_of_rows_repeated() -> None:
    rng = np.random.default_rng(4)
    hit, p = rng.random(400) < 0.3, rng.integers(0, 20, 400) / 20
    weight = rng.poisson(1.0, 400)
    repeated = roc_auc(np.repeat(hit, weight), np.repeat(p, weight))
    measure = weighted_roc_auc(hit, p)
    assert measure(weight.astype(float)) == pytest.approx(repeated)
    assert measure(np.ones(400)) == pytest.approx(roc_auc(hit, p))
    assert measure(hit.astype(float)) is None


def test_the_interval_covers_and_widens_with_dependence() -> None:
    rng = np.random.default_rng(1)
    p = rng.random(2000)
    hit = rng.random(2000) < p
    alone = interval(lambda w: log_loss(hit, p, w), np.arange(2000))
    assert alone is not None
    assert alone[0] < log_loss(hit, p) < alone[1]
    few = interval(lambda w: log_loss(hit, p, w), np.arange(2000) // 200)
    assert few is not None


def test_training_rates_and_baselines() -> None:
    number = np.array([1, 1, 2, 2, 30])
    rates = training_rates(np.array([True, True, False, False, False]), number)
    assert rates["prior"] == pytest.approx(0.4)
    assert rates["by_touch_number"][0] > rates["by_touch_number"][1]
    found = baselines(HIT, np.array([1, 2, 25, 1]), rates)
    assert found["prior"]["roc_auc"] == 0.5
    assert found["touch_number"]["roc_auc"] == 1.0
