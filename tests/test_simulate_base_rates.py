"""The agency comes near the published rates, and the documentation says how near."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from training.simulate import documented
from training.simulate.base_rates import TARGETS, Floats, base_rates
from training.simulate.worlds import AGENCY, WORLDS

PAGE = (Path(__file__).parent.parent / "docs" / "simulate.md").read_text(encoding="utf-8")
CONTACTS = 60_000
#: Relative tolerance by row, as docs/simulate.md states it; the interested share is in points.
TOLERANCE = dict(zip(TARGETS, (0.25, 5.0, 0.25, 0.25, 0.30), strict=True))
SHARE = "e-mail: of these interested"


@pytest.fixture(scope="module")
def simulated() -> dict[str, Floats]:
    return base_rates(AGENCY, CONTACTS, 2)


@pytest.mark.parametrize("row", TARGETS)
def test_simulated_rates_are_near_their_targets(row: str, simulated: dict[str, Floats]) -> None:
    target = np.array(TARGETS[row])
    replies = 0.6 * CONTACTS * np.array(TARGETS["e-mail: P(reply)"]) / 100
    if row == SHARE:
        sampling = 100 * np.sqrt(target / 100 * (1 - target / 100) / replies)
        allowed = TOLERANCE[row] + 3 * sampling
    else:
        allowed = TOLERANCE[row] * target + 3 * np.sqrt(target * 100 / (0.6 * CONTACTS))
    assert (np.abs(simulated[row] - target) < allowed).all()


def test_documented_rates_are_the_simulated_ones(simulated: dict[str, Floats]) -> None:
    for row, rates in simulated.items():
        line = next(line for line in PAGE.splitlines() if line.startswith(f"| {row} |"))
        cells = re.findall(r"([\d.]+) → ([\d.]+)", line)
        assert [float(target) for target, _ in cells] == list(TARGETS[row])
        written = np.array([float(rate) for _, rate in cells])
        np.testing.assert_allclose(written, rates, rtol=0.5, atol=0.06)
        np.testing.assert_allclose(written[:3], rates[:3], rtol=0.1, atol=0.03)


def test_assumptions_are_documented() -> None:
    assert documented.assumptions_table() in PAGE


def test_worlds_are_documented_and_differ() -> None:
    assert documented.worlds_table() in PAGE
    unlike = [line.split("|")[3] for line in documented.worlds_table().splitlines()[2:]]
    assert len(set(unlike)) == len(WORLDS)
