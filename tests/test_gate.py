"""The gate: lets a good version through, and stops one that is worse, off or not monotone."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pyarrow as pa
import pytest

import training.rehearsal
from models.model import Model
from training.dataset import Dataset, known_before, prepare
from training.gate import Verdict, judge
from training.rehearsal import rehearse
from training.train import fit_model

SAME = np.zeros(3)


@pytest.fixture(scope="module")
def split(agency_data: Dataset) -> int:
    return int(np.quantile(agency_data.watched.time, 0.6) * 86_400e6)


@pytest.fixture(scope="module")
def early(agency: tuple[pa.Table, pa.Table], split: int, small_trees: None) -> Model:
    """A model that has not seen the touches after the split."""
    data, encoding = prepare(known_before(agency[0], split), agency[1], until=split)
    return fit_model(data, encoding, {}, members=2)


def checks(verdict: Verdict) -> dict[str, bool]:
    return {c.name: c.passed for c in verdict.checks}


def scaled(model: Model, factor: float) -> Model:
    land = model.land
    louder = dataclasses.replace(land, baseline=land.baseline.scaled(factor))
    return dataclasses.replace(model, land=louder)


def test_a_good_first_version_passes(early: Model, agency_data: Dataset, split: int) -> None:
    verdict = judge(early, None, agency_data, split, SAME, SAME, None)
    assert verdict.passed, verdict.summary()
    json.dumps(verdict.as_dict())
    assert "# The gate: passed" in verdict.page()


def test_the_same_version_is_not_worse_than_itself(
    early: Model, agency_data: Dataset, split: int
) -> None:
    assert judge(early, early, agency_data, split, SAME, SAME, None).passed


def test_a_miscalibrated_version_is_stopped(early: Model, agency_data: Dataset, split: int) -> None:
    verdict = judge(scaled(early, 12.0), None, agency_data, split, SAME, SAME, None)
    assert not checks(verdict)["land is calibrated"]
    assert "Stopped by the gate" in verdict.summary()


def test_a_worse_version_is_stopped(early: Model, agency_data: Dataset, split: int) -> None:
    verdict = judge(scaled(early, 6.0), early, agency_data, split, SAME, SAME, None)
    assert not checks(verdict)["land is not worse than the champion"]


def test_a_version_that_pressure_calms_is_stopped(
    early: Model, agency_data: Dataset, split: int
) -> None:
    annoy = early.annoy
    turned = dataclasses.replace(annoy, coefficients=-np.abs(annoy.coefficients) - 0.5, forests=())
    verdict = judge(
        dataclasses.replace(early, annoy=turned), None, agency_data, split, SAME, SAME, None
    )
    assert not checks(verdict)["more pressure never looks less annoying"]


def test_an_artifact_that_answers_otherwise_is_stopped(
    early: Model, agency_data: Dataset, split: int
) -> None:
    verdict = judge(early, None, agency_data, split, SAME, SAME + 1e-9, None)
    assert not checks(verdict)["the stored model answers as it did in training"]


def test_a_version_whose_decisions_are_worth_less_is_stopped(
    early: Model, agency_data: Dataset, split: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training.rehearsal, "WORLDS", ("fatigue",))
    monkeypatch.setattr(training.rehearsal, "PEOPLE", 25)
    again = rehearse(early, early)
    assert (again.low, again.high) == (0.0, 0.0)
    # Sure of landing and blind to annoyance, it writes as often as the rules allow.
    deaf = dataclasses.replace(early.annoy, coefficients=early.annoy.coefficients - 8.0, forests=())
    reckless = dataclasses.replace(scaled(early, 6.0), annoy=deaf)
    found = rehearse(reckless, early)
    assert found.annoyed > found.champion_annoyed
    surely = dataclasses.replace(found, low=-0.3, high=-0.1)
    verdict = judge(early, early, agency_data, split, SAME, SAME, surely)
    assert not checks(verdict)["its decisions are not worth less than the champion's"]
    assert f"{found.people} simulated people" in verdict.page()


def test_too_little_to_judge_on_is_said(early: Model, agency_data: Dataset) -> None:
    verdict = judge(early, early, agency_data, agency_data.until, SAME, SAME, None)
    assert verdict.passed
    assert "not enough data to tell" in verdict.checks[0].text
