"""The compiled trees are LightGBM's own, to the bit."""

from __future__ import annotations

import lightgbm as lgb
import numpy as np
import pytest

from models.forest import EMPTY, add_contributions, parse


@pytest.fixture(scope="module")
def grown() -> tuple[lgb.Booster, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3000, 12)).astype(np.float32)
    x[rng.random(x.shape) < 0.1] = np.nan
    x[:, 3] = np.where(rng.random(3000) < 0.5, 0, x[:, 3])
    y = rng.poisson(np.exp(np.nan_to_num(x[:, 0]) * 0.7 + np.nan_to_num(x[:, 3])))
    params = {"objective": "poisson", "num_leaves": 9, "verbose": -1, "num_threads": 1}
    return lgb.train(params, lgb.Dataset(x, y), 60), x


def test_predictions_are_lightgbms_own(grown: tuple[lgb.Booster, np.ndarray]) -> None:
    booster, x = grown
    ours = parse(booster.model_to_string()).predict(x)
    assert np.array_equal(ours, booster.predict(x, raw_score=True))


def test_contributions_add_up_to_the_score(grown: tuple[lgb.Booster, np.ndarray]) -> None:
    booster, x = grown
    forest = parse(booster.model_to_string())
    out = np.zeros(x.shape)
    add_contributions(x, forest.arrays(), 1.0, out)
    roots = forest.predict(x) - out.sum(axis=1)
    assert np.ptp(roots) < 1e-9


def test_features_are_renumbered(grown: tuple[lgb.Booster, np.ndarray]) -> None:
    booster, x = grown
    order = list(range(12))[::-1]
    turned = parse(booster.model_to_string(), order).predict(np.ascontiguousarray(x[:, order]))
    assert np.array_equal(turned, booster.predict(x, raw_score=True))


def test_no_trees_add_nothing() -> None:
    assert EMPTY.predict(np.zeros((3, 2), np.float32)).tolist() == [0, 0, 0]
