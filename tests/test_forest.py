"""The compiled trees are LightGBM's own, to the bit."""

from __future__ import annotations

import lightgbm as lgb
import numpy as np
import pytest

from features.errors import FinelineError
from models.forest import EMPTY, add_contributions, parse, together


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
    add_contributions(x, forest.trees, 1.0, out)
    roots = forest.predict(x) - out.sum(axis=1)
    assert np.ptp(roots) < 1e-9


def test_features_are_renumbered(grown: tuple[lgb.Booster, np.ndarray]) -> None:
    booster, x = grown
    order = list(range(12))[::-1]
    turned = parse(booster.model_to_string(), order).predict(np.ascontiguousarray(x[:, order]))
    assert np.array_equal(turned, booster.predict(x, raw_score=True))


def test_no_trees_add_nothing() -> None:
    assert EMPTY.predict(np.zeros((3, 2), np.float32)).tolist() == [0, 0, 0]


def test_a_tree_with_more_leaves_than_bits_is_refused() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(4000, 2)).astype(np.float32)
    params = {"objective": "regression", "num_leaves": 65, "min_data_in_leaf": 1, "verbose": -1}
    booster = lgb.train({**params, "num_threads": 1}, lgb.Dataset(x, x[:, 0] * x[:, 1]), 1)
    with pytest.raises(FinelineError, match="more than 64 leaves"):
        parse(booster.model_to_string())


def test_trees_of_64_leaves_are_read() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(4000, 2)).astype(np.float32)
    x[::7, 1] = np.nan
    params = {"objective": "regression", "num_leaves": 64, "min_data_in_leaf": 1, "verbose": -1}
    booster = lgb.train({**params, "num_threads": 1}, lgb.Dataset(x, np.nan_to_num(x[:, 1])), 3)
    assert np.array_equal(
        parse(booster.model_to_string()).predict(x), booster.predict(x, raw_score=True)
    )


def test_forests_together_are_the_sum_of_each(grown: tuple[lgb.Booster, np.ndarray]) -> None:
    booster, x = grown
    whole = parse(booster.model_to_string())
    parts = [
        parse(booster.model_to_string(num_iteration=n, start_iteration=start))
        for start, n in ((0, 20), (20, 40))
    ]
    both = together([*parts, EMPTY])
    assert np.array_equal(both.predict(x), whole.predict(x))
    out, once = np.zeros(x.shape), np.zeros(x.shape)
    add_contributions(x, both.trees, 1.0, out)
    add_contributions(x, whole.trees, 1.0, once)
    assert np.array_equal(out, once)
    assert together([]) is EMPTY
