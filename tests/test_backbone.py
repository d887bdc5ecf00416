"""The backbone of annoyance: never falls with pressure, keeps rising beyond the data."""

from __future__ import annotations

import numpy as np

from features.catalog.columns import COLUMNS
from models.backbone import Basis, fit_backbone
from models.base_rates import ANNOY_PRIOR

NAMES = [c.name for c in COLUMNS]


def test_terms_are_taken_as_they_are_or_as_logs() -> None:
    x = np.zeros((1, len(NAMES)), np.float32)
    x[0, NAMES.index("thread_touches")] = 40
    x[0, NAMES.index("person_silence")] = np.e - 1
    basis = Basis.of(("thread_touches", "log1p person_silence"), NAMES)
    assert np.allclose(basis(x), [[15, 1]])


def test_coefficients_never_fall_below_zero() -> None:
    rng = np.random.default_rng(0)
    z = rng.exponential(1, (4000, len(ANNOY_PRIOR)))
    calm = rng.random(4000) < 0.2 * np.exp(-z[:, 0])  # the data say: pressure calms
    beta = fit_backbone(z, np.ones(4000), calm, np.ones(4000), ANNOY_PRIOR, list(ANNOY_PRIOR), True)
    assert (beta[1:] >= 0).all()


def test_a_known_rate_is_recovered() -> None:
    rng = np.random.default_rng(1)
    z = rng.uniform(0, 2, (200_000, len(ANNOY_PRIOR)))
    rate = 0.1 * np.exp(0.5 * z[:, 0] + 0.2 * z[:, 3])
    hit = rng.poisson(rate)  # counts, so that nothing saturates
    n = np.ones(200_000)
    beta = fit_backbone(z, n, hit, n, ANNOY_PRIOR, list(ANNOY_PRIOR), True)
    assert abs(beta[1] - 0.5) < 0.05
    assert abs(beta[4] - 0.2) < 0.05


def test_without_data_the_base_rates_stay() -> None:
    none = np.zeros((0, len(ANNOY_PRIOR)))
    beta = fit_backbone(
        none, none[:, 0], none[:, 0].astype(bool), none[:, 0], ANNOY_PRIOR, list(ANNOY_PRIOR), True
    )
    assert np.allclose(beta[1:], list(ANNOY_PRIOR.values()))
