"""Splitting contacts over cores changes nothing but the time it takes."""

from __future__ import annotations

import numpy as np
import pytest

from features import parallel
from features.histories import from_events
from features.matrix import build
from tests.built import different
from tests.factories import Shape, agency


@pytest.mark.parametrize("cores", [1, 2, 7])
def test_any_number_of_cores_gives_the_same_matrix(
    cores: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    h = from_events(agency(31, Shape(contacts=200)))
    alone = build(h)
    monkeypatch.setattr(parallel, "WORTH_A_THREAD", 1)
    for module in ("features.matrix", "features.outcomes", "features.timeline"):
        monkeypatch.setattr(f"{module}.cores", lambda: cores)
    together = build(h)
    assert different(alone.x, together.x) == []
    assert np.array_equal(alone.event, together.event)
    assert np.array_equal(alone.outcomes.exit, together.outcomes.exit)
    assert np.array_equal(alone.parties.actors, together.parties.actors)


def test_ranges_cover_every_contact_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "WORTH_A_THREAD", 1)
    starts = np.array([0, 0, 90, 91, 91, 95, 100])
    covered = [c for first, last in parallel.ranges(starts, 4) for c in range(first, last)]
    assert covered == list(range(6))


def test_little_work_is_not_split() -> None:
    assert parallel.ranges(np.array([0, 3, 5]), 8) == [(0, 2)]


def test_no_contacts_are_one_empty_range() -> None:
    assert parallel.ranges(np.array([0]), 8) == [(0, 0)]
