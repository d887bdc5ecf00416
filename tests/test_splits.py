"""The yardstick's other splits learn what was recorded by then, and judge what came after."""

from __future__ import annotations

import numpy as np
import pytest

from features.state import DAY
from tests.factories import Shape, agency
from training import splits
from training.dataset import Dataset, prepare


def test_every_split_judges_what_came_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    events = agency(3, Shape(contacts=200))
    whole, encoding = prepare(events, None)
    monkeypatch.setattr(splits, "SHARES", (0.5, 0.8))
    learned: list[int] = []
    made = splits.fit_model

    def noting(data: Dataset, *rest: object, **more: object) -> object:
        learned.append(data.until)
        assert (data.watched.time * DAY < data.until).all()
        return made(data, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(splits, "fit_model", noting)
    found = splits.at_other_moments(events, None, whole, encoding)
    assert learned == [splits.cutoff_at(whole, share) for share in (0.5, 0.8)]
    assert set(found) == {"land", "annoy"}
    for one in found.values():
        assert len(one.fineline) == len(one.baseline) == 2
        for measured in (*one.fineline, *one.baseline):
            assert 0 < measured["log_loss"] < 2
            assert 0 <= measured["calibration_error"] < 1


def test_a_share_is_of_the_mature_touches() -> None:
    whole, _ = prepare(agency(3, Shape(contacts=60)), None)
    times = whole.watched.time[whole.mature() & ~whole.closed] * DAY
    before = (times < splits.cutoff_at(whole, 0.5)).mean()
    assert before == pytest.approx(0.5, abs=1 / len(times) + 0.02)
    assert splits.cutoff_at(whole, 0.0) == round(float(np.min(times)))
