"""A model on disk: read back to the bit, refused with a sentence when it cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from features.errors import IncompatibleModel
from models import artifact
from models.model import Model
from training.dataset import Dataset
from training.train import model_of_base_rates


@pytest.fixture
def saved(small_model: Model, tmp_path: Path) -> Path:
    artifact.save(small_model, tmp_path / "model")
    return tmp_path / "model"


def edit(folder: Path, **changes: object) -> None:
    path = folder / artifact.MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_predictions_survive_to_the_bit(
    small_model: Model, saved: Path, agency_data: Dataset
) -> None:
    again, x = artifact.load(saved), agency_data.watched.x[:500]
    for before, after in zip(small_model.chances(x), again.chances(x), strict=True):
        assert np.array_equal(before, after)
    assert again.card == small_model.card
    assert again.encoding == small_model.encoding
    assert np.array_equal(again.ledger.states, small_model.ledger.states)
    assert again.ledger.actors == small_model.ledger.actors


def test_doubt_survives(small_model: Model, saved: Path, agency_data: Dataset) -> None:
    x = agency_data.watched.x[:50]
    for before, after in zip(
        small_model.annoy.judge(x), artifact.load(saved).annoy.judge(x), strict=True
    ):
        assert np.array_equal(before, after)
    assert small_model.annoy.judge(x).variance.min() > 0


def test_what_comes_from_base_rates_survives(tmp_path: Path, agency_data: Dataset) -> None:
    model, x = model_of_base_rates(), agency_data.watched.x[:50]
    artifact.save(model, tmp_path)
    again = artifact.load(tmp_path)
    assert np.array_equal(again.annoy.judge(x).variance, model.annoy.judge(x).variance)
    for before, after in zip(model.chances(x), again.chances(x), strict=True):
        assert np.array_equal(before, after)


def test_what_is_carried_over_survives_and_is_nothing_in_models_of_before(
    small_model: Model, saved: Path
) -> None:
    model = artifact.load(saved)
    assert (model.land.carry, model.annoy.carry) == (
        small_model.land.carry, small_model.annoy.carry
    )  # fmt: skip
    assert model.land.carry > 0
    outcomes = json.loads((saved / artifact.MANIFEST).read_text())["outcomes"]
    for spec in outcomes.values():
        del spec["carry"]
    edit(saved, format=artifact.OLDEST, outcomes=outcomes)
    assert artifact.load(saved).land.carry == 0


def test_nothing_is_pickled(saved: Path) -> None:
    assert {p.suffix for p in saved.iterdir()} == {".txt", ".json", ".parquet"}


def test_ids_of_people_are_not_in_it(saved: Path) -> None:
    text = b"".join(p.read_bytes() for p in saved.iterdir())
    assert b"actor-" not in text


def test_columns_are_found_by_name(saved: Path, agency_data: Dataset, small_model: Model) -> None:
    """A model made when the catalog had its columns in another order still answers the same."""
    manifest = json.loads((saved / artifact.MANIFEST).read_text())
    n = len(manifest["columns"])
    turned = list(range(n))[::-1]
    columns = [manifest["columns"][i] for i in turned]
    outcomes = manifest["outcomes"]
    for spec in outcomes.values():
        for told in ("columns", "given_columns"):
            spec[told] = [turned.index(c) for c in spec[told]]
    edit(saved, columns=columns, outcomes=outcomes)
    x = agency_data.watched.x[:100]
    assert np.array_equal(artifact.load(saved).chances(x)[0], small_model.chances(x)[0])


def test_another_format_is_refused(saved: Path) -> None:
    for number in (artifact.OLDEST - 1, 99):
        edit(saved, format=number)
        told = f"format {number}, this version reads {artifact.READS}; train it again"
        with pytest.raises(IncompatibleModel, match=told):
            artifact.load(saved)


def test_a_feature_that_is_gone_is_named(saved: Path) -> None:
    assert artifact.readable(saved)
    edit(saved, columns=["moon_phase"])
    assert not artifact.readable(saved)
    with pytest.raises(IncompatibleModel, match="'moon_phase'"):
        artifact.load(saved)


def test_other_lag_bins_are_refused(saved: Path) -> None:
    edit(saved, lag_edges_days=[0, 1])
    with pytest.raises(IncompatibleModel, match="bins"):
        artifact.load(saved)


def test_a_broken_manifest_is_one_sentence(saved: Path) -> None:
    (saved / artifact.MANIFEST).write_text("{")
    with pytest.raises(IncompatibleModel, match="no readable manifest"):
        artifact.load(saved)
