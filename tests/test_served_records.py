"""The yardstick's "as served": what the service knew of senders, and not what training saw."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from features.catalog.columns import POSITION
from models.ledger import Ledger
from models.model import Model
from models.usual import OF_PARTY
from tests.factories import agency
from training.dataset import Dataset, prepare
from training.served import rows_as_served

MICROSECOND, YEAR = 1, 365 * 86_400_000_000


@pytest.fixture(scope="module")
def events() -> pa.Table:
    return agency(2)


@pytest.fixture(scope="module")
def touches(events: pa.Table, small_model: Model) -> Dataset:
    return prepare(events, None, small_model.encoding)[0]


def served(model: Model, events: pa.Table, data: Dataset, every: int | None) -> Any:
    forgetful = dataclasses.replace(model, ledger=Ledger.empty())
    return rows_as_served(forgetful, events, data, np.ones(len(data.watched), bool), every)


def test_counted_at_every_moment_it_is_what_training_saw(
    small_model: Model, events: pa.Table, touches: Dataset
) -> None:
    x = touches.watched.x
    found = served(small_model, events, touches, MICROSECOND)
    for party in ("actor", "account"):
        known = x[:, POSITION[f"{party}_touches"]] > 0
        columns = OF_PARTY[party]
        assert known.sum() > 20
        np.testing.assert_array_equal(found[known][:, columns], x[known][:, columns])


def test_never_counted_it_is_what_the_model_remembers(
    small_model: Model, events: pa.Table, touches: Dataset
) -> None:
    """Nobody, here: every sender fares as usual, also by a count that was made before all began."""
    x, column = touches.watched.x, POSITION["actor_touch_land_excess"]
    named = x[:, POSITION["actor_named"]] > 0
    for every in (None, YEAR):
        found = served(small_model, events, touches, every)
        assert (found[named, column] == small_model.usual[column]).all()
        assert np.array_equal(found[:, : OF_PARTY["actor"][0]], x[:, : OF_PARTY["actor"][0]],
                              equal_nan=True)  # fmt: skip
