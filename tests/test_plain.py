"""The baseline that is made again: it learns, and by then it knew no more than was recorded."""

from __future__ import annotations

import numpy as np
import pytest

from features.catalog.columns import COLUMNS, POSITION
from features.state import DAY
from tests.factories import Shape, agency
from training import plain
from training.dataset import known_before, prepare
from training.metrics import roc_auc


def test_it_learns_what_is_to_be_seen() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4_000, len(COLUMNS))).astype(np.float32)
    hit = x[:, POSITION["person_silence"]] + rng.normal(size=4_000) > 1
    p = plain.chances(x[:3_000], hit[:3_000], x[3_000:])
    assert (roc_auc(hit[3_000:], p) or 0) > 0.8
    assert p.mean() == pytest.approx(hit.mean(), abs=0.05)
    assert np.array_equal(p, plain.chances(x[:3_000], hit[:3_000], x[3_000:]))


def test_by_then_it_knew_what_was_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    events = agency(3, Shape(contacts=200))
    whole, encoding = prepare(events, None)
    cutoff = round(float(np.quantile(whole.watched.time, 0.7)) * DAY)
    early, _ = prepare(known_before(events, cutoff), None, encoding, cutoff)
    learned: list[int] = []
    made = plain.chances

    def noting(x: plain.Rows, hit: plain.Flags, asked: plain.Rows) -> plain.Floats:
        learned.append(int(hit.sum()))
        return made(x, hit, asked)

    monkeypatch.setattr(plain, "chances", noting)
    found = plain.compared(whole, early, cutoff)
    assert set(found) == {"land", "annoy"}
    for one in found.values():
        assert set(one) == {"later", "by_then", "beside"}
        assert one["later"] != one["by_then"]
        assert all(0 < how["log_loss"] < 2 for how in one.values())
    # Of some touches it only became known afterwards what came of them.
    assert learned[0] > learned[1] > 0
    assert learned[2] > learned[3] > 0


def test_beside_learns_from_everybody_else_of_any_day(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    contact = rng.integers(0, 300, 3_000)
    x = np.column_stack([contact, rng.normal(size=3_000)]).astype(np.float32)
    hit = x[:, 1] + rng.normal(size=3_000) > 1
    asked = np.arange(3_000) >= 2_000
    seen: list[bool] = []
    made = plain._learned

    def noting(known: plain.Rows, hits: plain.Flags, rows: plain.Rows, seeds: int) -> plain.Floats:
        seen.append(not set(known[:, 0]) & set(rows[:, 0]))
        return made(known, hits, rows, seeds)

    monkeypatch.setattr(plain, "_learned", noting)
    p = plain.beside(x, hit, contact, asked)
    assert len(p) == 1_000
    assert (roc_auc(hit[asked], p) or 0) > 0.75
    assert seen == [True] * plain.FOLDS
