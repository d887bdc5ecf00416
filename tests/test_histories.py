"""Few events are read by Python and many by Arrow: the same arrays either way."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pyarrow as pa
import pytest

from features import histories
from features.histories import from_events
from tests.factories import Shape, agency


def test_few_events_are_read_as_many_are(monkeypatch: pytest.MonkeyPatch) -> None:
    events = agency(11, Shape(contacts=40))[: histories.FEW]
    few = from_events(events)
    monkeypatch.setattr(histories, "FEW", -1)
    many = from_events(events)
    for field in fields(few):
        one, other = getattr(few, field.name), getattr(many, field.name)
        if isinstance(one, np.ndarray):
            assert one.dtype == other.dtype
            assert np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    names = {name: values.cast(pa.string()).to_pylist() for name, values in few.names.items()}
    assert names == {n: v.cast(pa.string()).to_pylist() for n, v in many.names.items()}
