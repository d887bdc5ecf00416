"""Golden questions: what was answered at training is answered after loading, or nobody is."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from features.errors import UnsoundModel
from models import artifact, golden
from models.decide import Decider
from models.decision import ModelRef
from models.model import Model


@pytest.fixture
def saved(small_model: Model, tmp_path: Path) -> Path:
    artifact.save(small_model, tmp_path / "model")
    golden.write(small_model, tmp_path / "model")
    return tmp_path / "model"


def check(folder: Path, **changes: object) -> None:
    model = dataclasses.replace(artifact.load(folder), **changes)  # type: ignore[arg-type]
    golden.check(Decider(model, ModelRef("fineline", "1")), folder)


def test_a_sound_artifact_passes(saved: Path) -> None:
    check(saved)


def test_a_model_that_answers_otherwise_is_refused(saved: Path, small_model: Model) -> None:
    other = dataclasses.replace(small_model.annoy, slope=small_model.annoy.slope * 1.001)
    with pytest.raises(UnsoundModel, match=r"p_annoy of a stored row was .* and is"):
        check(saved, annoy=other)


def test_an_answer_that_makes_no_sense_is_refused(saved: Path, small_model: Model) -> None:
    (saved / golden.GOLDEN).unlink()
    other = dataclasses.replace(small_model.land, crude=1000.0)
    with pytest.raises(UnsoundModel, match="makes no sense"):
        check(saved, land=other)


def test_features_that_are_computed_otherwise_are_found(saved: Path) -> None:
    """The rows would still answer the same; a request does not."""
    content = json.loads((saved / golden.GOLDEN).read_text())
    content["requests"][3]["chances"]["p_land if nudged"] += 1e-6
    (saved / golden.GOLDEN).write_text(json.dumps(content))
    with pytest.raises(UnsoundModel, match="p_land if nudged of golden request 3"):
        check(saved)


@pytest.mark.parametrize("name", ["annoy_1.txt", "ledger.parquet", "manifest.json"])
def test_a_file_that_was_touched_is_named(saved: Path, name: str) -> None:
    decider = Decider(artifact.load(saved), ModelRef("fineline", "1"))
    path = saved / name
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UnsoundModel, match=name):
        golden.check(decider, saved)


def test_an_artifact_from_before_there_were_golden_questions_is_asked_them(saved: Path) -> None:
    (saved / golden.GOLDEN).unlink()
    check(saved)


def test_columns_are_found_by_name(saved: Path) -> None:
    content = json.loads((saved / golden.GOLDEN).read_text())
    content["columns"].reverse()
    for row in content["rows"]:
        row.reverse()
    (saved / golden.GOLDEN).write_text(json.dumps(content))
    check(saved)
