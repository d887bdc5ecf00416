"""How far coefficients are shrunk is learned from them: noise is, what is there is not."""

from __future__ import annotations

import numpy as np
import pytest

from training.ridge import precision_told

EXPECTED = 30.0


def settled(size: float, events: int, columns: int = 200) -> float:
    """The precision that coefficients of that standard deviation lead to, each known from `events`.

    A coefficient's data have the information `events`: its estimate errs by 1/sqrt(events).
    """
    rng = np.random.default_rng(1)
    truth = size * rng.standard_normal(columns)
    seen = truth + rng.standard_normal(columns) / np.sqrt(events)
    precision = EXPECTED
    for _ in range(200):
        beta = seen * events / (events + precision)
        covariance = np.eye(columns) / (events + precision)
        precision = precision_told(beta, covariance, precision, EXPECTED)
    return precision


@pytest.mark.parametrize("size", [0.1, 0.3, 1.0])
def test_it_finds_how_large_coefficients_are(size: float) -> None:
    assert settled(size, 100_000) == pytest.approx(1 / size**2, rel=0.25)


def test_few_events_say_the_same_less_surely() -> None:
    assert settled(0.3, 85) == pytest.approx(1 / 0.3**2, rel=0.5)


def test_noise_is_shrunk_away() -> None:
    assert settled(0.0, 85) > 10 * EXPECTED


def test_one_alone_hardly_moves_what_was_expected() -> None:
    lone, variance = np.array([0.05]), np.array([[1 / 1000]])
    assert EXPECTED < precision_told(lone, variance, EXPECTED, EXPECTED) < 3 * EXPECTED


def test_nothing_is_as_expected() -> None:
    nothing = np.zeros(0)
    assert precision_told(nothing, np.zeros((0, 0)), 7.0, EXPECTED) == EXPECTED
