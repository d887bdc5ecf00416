"""What is found in hindsight: reproducible, and never below where the search began."""

from __future__ import annotations

import numpy as np
import pytest

from features.errors import BadSetting
from training.playout.arena import Arena, Stakes
from training.playout.cadence import HABIT, Cadence
from training.playout.search import (
    INSIDER,
    Tried,
    as_insider,
    best_of,
    best_threshold,
    cadences,
    columns_shown,
    insider_rules,
    try_cadences,
    tune_insider,
)
from training.simulate.worlds import WORLDS

STAKES = Stakes()


@pytest.fixture(scope="module")
def arena() -> Arena:
    return Arena(WORLDS["waking"], 150, 8)


@pytest.mark.parametrize("cadence", [HABIT, *list(cadences())[::97]], ids=str)
def test_the_insider_can_play_every_cadence(arena: Arena, cadence: Cadence) -> None:
    vector = as_insider(cadence)
    bounds = np.array(list(INSIDER.values()))
    assert ((bounds[:, 0] <= vector) & (vector <= bounds[:, 1])).all()
    rules = insider_rules(vector, columns_shown(arena))
    plain = cadence.rules(len(rules))
    for field in ("cap", "growth", "rest", "channels"):
        assert np.array_equal(rules[field], plain[field]), field
    assert rules["gap"] == pytest.approx(plain["gap"])


def test_the_insiders_search_is_reproducible_and_starts_at_the_cadence(arena: Arena) -> None:
    start = Cadence(8, 14.0, (3,))
    one, two = (tune_insider(arena, STAKES, start, rounds=3) for _ in range(2))
    assert np.array_equal(one, two)
    shown = columns_shown(arena)
    found, begun = (arena.by_rules(rules).less_luck().value(STAKES).mean()
                    for rules in (insider_rules(one, shown), start.rules(len(shown))))  # fmt: skip
    assert found >= begun


def test_the_best_cadence_is_the_best_of_all(arena: Arena) -> None:
    small = Arena(WORLDS["waking"], 150, 8, only=20)
    tried = try_cadences(small)
    best = best_of(tried, STAKES)
    assert best.value(STAKES) == max(t.value(STAKES) for t in tried)
    again = small.by_rules(best.cadence.rules(len(small.population.threads)))
    assert best.value(STAKES) == pytest.approx(again.less_luck().value(STAKES).mean())
    cheap, dear = (best_of(tried, Stakes(annoy=c)) for c in (0.1, 50.0))
    assert cheap.annoyed >= dear.annoyed


def test_no_two_cadences_of_the_grid_are_alike() -> None:
    grid = list(cadences())
    assert len(grid) == len(set(grid)) > 500
    assert max(c.gap for c in grid) == 45
    assert max(c.touches for c in grid) == 20
    assert sum(c.touches == 1 for c in grid) == 4
    assert isinstance(best_of([Tried(HABIT, 0.3, 0.1, 5)], STAKES), Tried)


def test_the_threshold_found_is_the_best_for_its_stakes(arena: Arena) -> None:
    found = best_threshold(arena, STAKES)
    value = arena.clear_sighted(found, STAKES).less_luck().value(STAKES).mean()
    for other in (-0.02, 0.0, 0.17):
        assert value >= arena.clear_sighted(other, STAKES).less_luck().value(STAKES).mean()


@pytest.mark.parametrize("text", ["5x3", "x", "0x3xemail", "5x0xemail", "5x3xpigeon", "5x3x",
                                  "101x3xemail", "5x121xemail", "5xnanxemail"])  # fmt: skip
def test_a_cadence_that_is_none_is_refused_showing_how(text: str) -> None:
    with pytest.raises(BadSetting, match="such as 5x3xemail"):
        Cadence.parse(text)


def test_a_cadence_is_written_as_it_is_read() -> None:
    for text in ("5x3xemail", "8x14xlinkedin+email", "2x2.5xphone+sms+email"):
        assert str(Cadence.parse(text)) == text
