"""The backbone: with pressure annoyance never falls and landing never rises, whatever the data."""

from __future__ import annotations

import numpy as np
import pytest

from features.catalog.columns import COLUMNS
from models.backbone import Basis, fit_backbone, term
from models.base_rates import ANNOY_TERMS, LAND_TERMS, UNWELCOME, WELCOME, Term

TERMS = tuple(ANNOY_TERMS.values())
NAMES = [c.name for c in COLUMNS]


def test_terms_are_taken_as_they_are_as_logs_or_as_squares() -> None:
    x = np.zeros((2, len(NAMES)), np.float32)
    x[:, NAMES.index("thread_touches")] = [40, 3]
    x[0, NAMES.index("person_silence")] = np.e - 1
    names = ("thread_touches", "log1p person_silence", "square thread_touches")
    basis = Basis.of(names, NAMES)
    assert np.allclose(basis(x), [[15, 1, 15], [3, 0, 0.6]])
    arrays = basis.arrays()
    assert [[term(row, arrays, j) for j in range(3)] for row in x] == basis(x).tolist()


def test_a_shape_that_is_not_known_is_not_taken_for_another() -> None:
    with pytest.raises(KeyError):
        Basis.of(("cube thread_touches",), NAMES)


def test_a_term_counts_only_where_its_flag_is_set() -> None:
    x = np.zeros((2, len(NAMES)), np.float32)
    x[:, NAMES.index("thread_touches")] = np.e - 1
    x[1, NAMES.index("channel_phone")] = 1
    basis = Basis.of(("channel_phone * log1p thread_touches", "channel_phone"), NAMES)
    assert np.allclose(basis(x), [[0, 0], [1, 1]])


def test_coefficients_never_fall_below_zero() -> None:
    rng = np.random.default_rng(0)
    z = rng.exponential(1, (4000, len(ANNOY_TERMS)))
    calm = rng.random(4000) < 0.2 * np.exp(-z[:, 0])  # the data say: pressure calms
    beta = fit_backbone(z, np.ones(4000), calm, np.ones(4000), TERMS, 1)
    pressures = [term.pressure == 1 for term in TERMS]
    assert (beta[1:][pressures] >= 0).all()


def test_landing_never_rises_with_pressure() -> None:
    rng = np.random.default_rng(0)
    terms = tuple(LAND_TERMS.values())
    z = rng.exponential(1, (4000, len(terms)))
    sought = rng.random(4000) < 0.2 * np.minimum(np.exp(0.5 * z[:, 1]), 5)  # popular people
    free = fit_backbone(z, np.ones(4000), sought, np.ones(4000), terms, 0)
    beta = fit_backbone(z, np.ones(4000), sought, np.ones(4000), terms, -1)
    pressures = [term.pressure == 1 for term in terms]
    assert free[2] > 0.1
    assert (beta[1:][pressures] <= 0).all()


def test_what_relieves_moves_the_other_way_alone() -> None:
    rng = np.random.default_rng(0)
    z, n = rng.normal(0, 1, (4000, 2)), np.ones(4000)
    hit = rng.random(4000) < 0.2 * np.exp(np.clip(z[:, 0] - z[:, 1], -2, 1) / 2)
    fitted = {
        direction: fit_backbone(z, n, hit, n, (WELCOME, UNWELCOME), direction)
        for direction in (-1, 0, 1)
    }
    assert fitted[0][1] > 0.2
    assert fitted[0][2] < -0.2
    assert np.allclose(fitted[-1], fitted[0], atol=1e-3)  # under landing they may
    assert fitted[1][1:].tolist() == [0, 0]  # under annoyance they may not


def test_a_known_rate_is_recovered() -> None:
    rng = np.random.default_rng(1)
    z = rng.uniform(0, 2, (200_000, len(ANNOY_TERMS)))
    rate = 0.1 * np.exp(0.5 * z[:, 0] + 0.2 * z[:, 3])
    hit = rng.poisson(rate)  # counts, so that nothing saturates
    n = np.ones(200_000)
    beta = fit_backbone(z, n, hit, n, TERMS, 1)
    assert abs(beta[1] - 0.5) < 0.05
    assert abs(beta[4] - 0.2) < 0.05


def test_what_a_bootstrap_did_not_draw_is_as_if_it_were_not_there() -> None:
    rng = np.random.default_rng(2)
    z, n = rng.uniform(0, 2, (4000, len(TERMS))), np.ones(4000)
    hit, weight = rng.poisson(0.1 * np.exp(0.5 * z[:, 0])), rng.poisson(1.0, 4000).astype(float)
    drawn = weight > 0
    beta = fit_backbone(z, n, hit, weight, TERMS, 1)
    alone = fit_backbone(z[drawn], n[drawn], hit[drawn], weight[drawn], TERMS, 1)
    assert beta.tolist() == alone.tolist()


@pytest.mark.parametrize("unit", [1e-2, 1.0, 100.0])
def test_the_unit_of_a_term_changes_its_coefficient_alone(unit: float) -> None:
    rng = np.random.default_rng(3)
    z, n = rng.normal(0, 1, (4000, 1)), np.ones(4000)
    hit = rng.poisson(0.2 * np.exp(0.4 * z[:, 0]))
    term = Term(centre=0.3 / unit, precision=5.0 * unit**2)
    beta = fit_backbone(z * unit, n, hit, n, (term,), 0)
    assert beta * [1.0, unit] == pytest.approx([-1.6, 0.4], abs=0.1)
    in_one = fit_backbone(z, n, hit, n, (Term(centre=0.3, precision=5.0),), 0)
    assert beta * [1.0, unit] == pytest.approx(in_one, abs=1e-4)


def test_without_data_the_base_rates_stay() -> None:
    none = np.zeros((0, len(ANNOY_TERMS)))
    beta = fit_backbone(none, none[:, 0], none[:, 0].astype(bool), none[:, 0], TERMS, 1)
    assert np.allclose(beta[1:], [term.centre for term in TERMS])
