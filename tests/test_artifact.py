"""A model on disk: read back to the bit, refused with a sentence when it cannot be."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from features.errors import IncompatibleModel
from models import artifact
from models.given import Given
from models.model import Model
from training.dataset import Dataset


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


def test_doubt_survives_and_an_older_model_has_none(
    small_model: Model, saved: Path, agency_data: Dataset
) -> None:
    x = agency_data.watched.x[:50]
    assert np.array_equal(
        artifact.load(saved).annoy.judge(x).variance, small_model.annoy.judge(x).variance
    )
    assert small_model.annoy.judge(x).variance.min() > 0
    outcomes = json.loads((saved / artifact.MANIFEST).read_text())["outcomes"]
    for spec in outcomes.values():
        del spec["backbone_covariance"]
    edit(saved, outcomes=outcomes)
    assert not artifact.load(saved).annoy.judge(x).variance.any()


def test_the_slope_of_an_older_model_counts_for_its_backbone_too(
    small_model: Model, saved: Path, agency_data: Dataset
) -> None:
    manifest = json.loads((saved / artifact.MANIFEST).read_text())
    annoy = manifest["outcomes"]["annoy"]
    annoy["slope"] = 0.5
    for told in ("given_columns", "given_centres", "given_scales", "given_weights"):
        del annoy[told]
    edit(saved, format=2, outcomes=manifest["outcomes"])
    x = agency_data.watched.x[:100]
    bare = dataclasses.replace(
        small_model.annoy, slope=1.0, given=Given.none(), weights=np.zeros((0, 0))
    )
    older = artifact.load(saved).annoy
    assert np.allclose(older.score(x)[0], 0.5 * bare.score(x)[0], atol=1e-12)
    assert np.allclose(older.judge(x).variance, 0.25 * bare.judge(x).variance)


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
    edit(saved, format=99)
    with pytest.raises(IncompatibleModel, match="format 99, this version reads 3"):
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
