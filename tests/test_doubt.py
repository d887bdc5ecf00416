"""Doubt: what the data leave open is known, in a row alone and among others, now and later."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import numpy as np
import pytest

from features.events.schema import EVENTS
from models.backbone import covariance_of, fit_backbone
from models.base_rates import ANNOY_TERMS, Term
from models.decide import Decider, Prudence
from models.decision import ModelRef, Request, Utility
from models.doubt import among, row_variance
from models.model import Model
from training.dataset import Dataset

TERMS = tuple(ANNOY_TERMS.values())


def test_without_data_the_doubt_of_the_priors_is_left() -> None:
    none = np.zeros((0, len(TERMS)))
    found = covariance_of(none, none[:, 0], TERMS)
    assert np.allclose(np.diag(found), [1.0, *(1 / term.precision for term in TERMS)])


def test_data_take_doubt_away_where_they_speak() -> None:
    rng = np.random.default_rng(0)
    z = np.zeros((1000, 2))
    z[:, 0] = rng.uniform(0, 3, 1000)  # nothing is seen of the second
    terms = (Term(), Term())
    few, many = (covariance_of(z, np.full(1000, per), terms) for per in (0.001, 1.0))
    assert many[1, 1] < few[1, 1] / 10
    assert few[2, 2] == pytest.approx(1 / Term().precision)
    assert many[2, 2] == pytest.approx(1 / Term().precision)


def test_it_is_the_spread_of_fits_to_fresh_data() -> None:
    rng = np.random.default_rng(1)
    terms, n = (Term(precision=1e-6), Term(precision=1e-6)), np.ones(3000)
    z = rng.uniform(0, 2, (3000, 2))
    rate = 0.1 * np.exp(z @ [0.5, -0.3])
    fits = [fit_backbone(z, n, rng.poisson(rate), n, terms, 0) for _ in range(300)]
    spread = np.std(fits, axis=0)
    assert np.allclose(spread, np.sqrt(np.diag(covariance_of(z, rate, terms))), rtol=0.15)


def test_a_row_has_the_same_variance_alone(agency_data: Dataset, small_model: Model) -> None:
    x, annoy = agency_data.watched.x[:200], small_model.annoy
    together = annoy.judge(x).variance
    alone = np.concatenate([annoy.judge(x[i : i + 1]).variance for i in range(len(x))])
    assert np.array_equal(together, alone)
    z = np.column_stack([np.ones(len(x)), annoy.basis(x)])
    exact = np.einsum("ij,jk,ik->i", z, annoy.covariance, z)
    assert np.allclose(together, exact)
    assert row_variance(np.zeros(1), -np.eye(2)) == 0


def test_courses_into_the_unknown_are_shorter(small_model: Model) -> None:
    """Doubt about what many touches do leaves the first one as it is, and ends the course."""
    open_end = small_model.annoy.covariance.copy()
    count = 1 + list(ANNOY_TERMS).index("thread_touches")
    open_end[count, count] += 4.0
    unsure = dataclasses.replace(
        small_model, annoy=dataclasses.replace(small_model.annoy, covariance=open_end)
    )
    at = datetime(2026, 11, 17, 15, tzinfo=UTC)
    asked = Request("c", at, EVENTS.empty_table(), timezone="America/New_York", country="US",
                    channels=("phone", "email"), utility=Utility(annoy=0.5))  # fmt: skip
    sure, careful = (
        Decider(model, ModelRef("fineline", "1"), prudence=Prudence(land=0.0, annoy=1.0)).decide(
            [asked]
        )[0]
        for model in (small_model, unsure)
    )
    assert careful.if_nudged == sure.if_nudged
    assert 1 <= careful.plan.further_touches < sure.plan.further_touches


def test_a_channel_that_is_little_known_has_to_look_better(small_model: Model) -> None:
    """The doubt about the channel is what counts; what is promised stays as it is."""
    land = small_model.land
    call = 1 + land.basis.names.index("channel_phone")
    nothing = np.zeros_like(land.covariance)
    doubted = nothing.copy()
    doubted[call, call] = 4.0
    known, unsure = (
        dataclasses.replace(small_model, land=dataclasses.replace(land, covariance=covariance))
        for covariance in (nothing, doubted)
    )
    at = datetime(2026, 11, 17, 15, tzinfo=UTC)
    asked = Request("c", at, EVENTS.empty_table(), timezone="America/New_York", country="US",
                    channels=("phone", "email"),
                    utility=Utility(annoy=0.2, touch=0.001))  # fmt: skip
    ref = ModelRef("fineline", "1")
    sure, careful, careless = (
        Decider(model, ref, prudence=Prudence(land=land)).decide([asked])[0]
        for model, land in ((known, 1.0), (unsure, 1.0), (unsure, 0.0))
    )
    assert (sure.channel, careless.channel, careful.channel) == ("phone", "phone", "email")
    alone = dataclasses.replace(asked, channels=("phone",))
    promised = [Decider(m, ref).decide([alone])[0].if_nudged.p_land for m in (known, unsure)]
    assert promised[0] == promised[1]


def test_of_a_covariance_some_terms_alone() -> None:
    found = among(np.arange(9.0).reshape(3, 3), (1,))
    assert found.tolist() == [[0, 0, 0], [0, 0, 0], [0, 0, 8]]
