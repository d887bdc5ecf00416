"""The first day: no history at all, and still a sensible answer."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from features.events.schema import EVENTS
from models import artifact
from models.base_rates import ANNOY_FIRST_TOUCH, LAND_FIRST_TOUCH
from models.decide import Decider
from models.decision import ModelRef, Request
from training.playout.arena import Arena, Stakes
from training.playout.asked import Game
from training.playout.cadence import HABIT
from training.playout.policies import Fineline
from training.simulate.worlds import WORLDS
from training.train import model_of_base_rates

# A Tuesday, at ten in New York.
NOW = datetime(2026, 11, 17, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def first_day() -> Decider:
    return Decider(model_of_base_rates(), ModelRef("fineline", "0"))


def test_a_first_touch_has_the_published_chances(first_day: Decider) -> None:
    d = first_day.decide(
        [Request("c", NOW, EVENTS.empty_table(), timezone="America/New_York", country="US")]
    )[0]
    assert d.if_nudged.p_land == pytest.approx(LAND_FIRST_TOUCH, rel=1e-6)
    assert d.if_nudged.p_annoy == pytest.approx(ANNOY_FIRST_TOUCH, rel=1e-6)
    assert d.if_nudged.p_land_interval[0] < d.if_nudged.p_land / 1.5
    assert d.evidence.level == "none"
    assert "landing and annoyance from base rates" in d.evidence.text


def test_it_survives_storing(first_day: Decider, tmp_path: Path) -> None:
    artifact.save(first_day.model, tmp_path)
    again = artifact.load(tmp_path)
    x = np.random.default_rng(0).uniform(0, 9, (50, len(again.columns))).astype(np.float32)
    assert np.array_equal(again.chances(x), first_day.model.chances(x))


def test_it_plays_and_annoys_less_than_the_habit(first_day: Decider) -> None:
    arena = Arena(WORLDS["agency"], 60, 6)
    game = Game(arena, Stakes())
    ours = game.play(Fineline(first_day), days=30)
    habit = arena.by_rules(HABIT.rules(len(arena.population.threads)), days=30)
    assert 0 < ours.touches.sum() < habit.touches.sum()
    assert ours.annoyed.sum() <= habit.annoyed.sum()
