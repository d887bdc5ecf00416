"""Luck: nought in the mean whatever a policy does; without it the same is known more exactly."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from training.playout.arena import COUNTS, Arena, Outcome, Stakes
from training.playout.cadence import HABIT, Cadence
from training.playout.estimates import Estimate, difference, share_of_the_way
from training.playout.plays import Play, Played
from training.simulate.environment import Environment
from training.simulate.records import EMAIL
from training.simulate.worlds import WORLDS

STAKES = Stakes()


def outcomes(arena: Arena) -> list[Outcome]:
    n = len(arena.population.threads)
    fixed = (HABIT, Cadence.parse("20x2xphone+email"))
    return [*(arena.by_rules(c.rules(n)) for c in fixed), arena.clear_sighted(0.02, STAKES)]


@pytest.mark.parametrize("world", ["agency", "steady", "crowded"])
def test_luck_is_nought_in_the_mean_for_any_policy(world: str) -> None:
    for outcome in outcomes(Arena(WORLDS[world], 6000, 8)):
        error = outcome.luck.std(axis=0) / np.sqrt(len(outcome.luck))
        assert (np.abs(outcome.luck.mean(axis=0)) < 4 * error).all()
        assert (error > 0).all()


def test_the_luck_of_one_touch_is_what_was_drawn_less_its_chance() -> None:
    environment = Environment("late_anger", 3000, 3)
    at = environment.threads["opens_at"][0].as_py()
    threads = environment._population.threads
    threads["personal_share"] = 0.0
    rows = environment.open_threads(at)
    codes = np.full(len(rows), EMAIL)
    p_land, p_annoy = environment.truth(rows, codes, at)
    # The truth is of the 30 days; a share of the landings on e-mail comes later still.
    p_land = p_land / (1.0 - WORLDS["late_anger"].late_share[EMAIL])
    environment.act(rows, codes, at)
    drawn, luck = threads[rows]["end_as"], threads[rows]
    landed, none = luck["luck_land"] > 0, luck["luck_land"] + luck["luck_annoy"] <= 0
    assert luck["luck_land"] == pytest.approx(landed - p_land)
    assert luck["luck_annoy"] == pytest.approx((~landed & ~none) - p_annoy)
    assert (drawn[landed] == 1).all()
    assert (drawn[~landed & ~none] > 1).all()
    assert landed.sum() > 50


def test_nothing_is_drawn_anew_where_an_end_is_on_its_way() -> None:
    """A touch that cannot change how a thread ends would add noise and tell nothing."""
    environment = Environment("fatigue", 500, 3)
    at = environment.threads["opens_at"][0].as_py()
    for _ in range(2):
        rows = environment.open_threads(at)
        threads = environment._population.threads
        pending = threads["end_at"][rows] < 1 << 61
        before = threads["luck_land"][rows]
        environment.act(rows, np.full(len(rows), EMAIL), at)
        moved = threads["luck_land"][rows] != before
        assert not (moved & pending).any()
        assert moved[~pending].mean() > 0.9
    assert pending.any()


def test_a_mean_is_the_same_and_is_known_as_by_more_than_twice_as_many_people() -> None:
    counted, less = [], []
    for seed in range(40):
        arena = Arena(WORLDS["favourites"], 400, seed)
        habit, other = (arena.by_rules(c.rules(len(arena.population.threads))) for c in
                        (HABIT, Cadence.parse("8x14xlinkedin")))  # fmt: skip
        counted.append((other.value(STAKES) - habit.value(STAKES)).mean())
        less.append((other.less_luck().value(STAKES) - habit.less_luck().value(STAKES)).mean())
    gap = np.array(less) - np.array(counted)
    assert abs(gap.mean()) < 3 * gap.std() / np.sqrt(len(gap))
    assert np.var(counted) > 2 * np.var(less)


def test_intervals_of_differences_and_shares_are_honest() -> None:
    """Also for people of other recruiters, clients and roles than those who were met."""
    truth = [e.mean for e in compared(Arena(WORLDS["favourites"], 100_000, 99))]
    found = [compared(Arena(WORLDS["favourites"], 400, seed)) for seed in range(150)]
    held = np.array([[e.low < t < e.high for e, t in zip(one, truth, strict=True)]
                     for one in found])  # fmt: skip
    assert held.mean(axis=0) == pytest.approx([0.95, 0.95], abs=0.05)


def compared(arena: Arena) -> tuple[Estimate, Estimate]:
    n = len(arena.population.threads)
    outcomes = (
        arena.by_rules(HABIT.rules(n)),
        arena.by_rules(Cadence.parse("8x14xlinkedin").rules(n)),
        arena.clear_sighted(0.05, STAKES),
    )
    habit, other, clear = (outcome.less_luck().value(STAKES) for outcome in outcomes)
    parties = outcomes[0].parties
    return difference(other, habit, parties), share_of_the_way(other, habit, clear, parties)


def test_the_sums_still_add_up_and_nothing_is_left_to_take() -> None:
    outcome = outcomes(Arena(WORLDS["waking"], 300, 5))[0]
    less = outcome.less_luck()
    sums: dict[str, NDArray[np.float64]] = {name: getattr(less, name) for name in COUNTS}
    worth = sums["landed"] - 2.0 * sums["annoyed"] - 0.01 * sums["touches"]
    assert less.value(STAKES) == pytest.approx(worth)
    assert less.less_luck().landed == pytest.approx(less.landed)
    assert (outcome.landed == outcome.landed.astype(int)).all()


def test_luck_that_kept_everybody_calm_is_taken_out_as_well() -> None:
    """Nobody was annoyed, by luck: what is left is the risk that was run."""
    calm = 0
    for seed in range(60):
        arena = Arena(WORLDS["late_anger"], 40, seed)
        outcome = arena.by_rules(HABIT.rules(len(arena.population.threads)))
        if not outcome.annoyed.any():
            calm += 1
            risk = -outcome.luck[:, 1].sum()
            assert outcome.less_luck().annoyed.sum() == pytest.approx(risk, rel=0.2)
            assert risk > 0
    assert calm > 20


def test_few_people_are_not_taken_for_more_than_they_tell() -> None:
    truth = np.mean([o.less_luck().annoyed.mean() for o in few(range(100, 110), 4000)])
    found = [o.less_luck().annoyed.mean() for o in few(range(300), 20)]
    error = np.std(found) / np.sqrt(len(found))
    assert np.mean(found) == pytest.approx(truth, abs=4 * error)


def few(seeds: range, contacts: int) -> list[Outcome]:
    arenas = (Arena(WORLDS["agency"], contacts, seed) for seed in seeds)
    return [a.by_rules(HABIT.rules(len(a.population.threads))) for a in arenas]


def test_nobody_touched_nobody_lucky() -> None:
    arena = Arena(WORLDS["waking"], 100, 5)
    rules = HABIT.rules(len(arena.population.threads))
    rules["cap"] = 0
    outcome = arena.by_rules(rules)
    assert not outcome.luck.any()
    assert not outcome.less_luck().value(STAKES).any()


def test_a_play_is_recalled_with_its_luck() -> None:
    play = Play("agency", "habit", 80)
    rules = HABIT.rules(len(play.arena().population.threads))
    played = Played(play, play.arena().by_rules(rules), "5x3xemail", 7)
    again = Played.of_dict(play, played.as_dict())
    assert again.value == pytest.approx(played.value, abs=1e-4)
    assert (again.counted == played.counted).all()
    assert again.of_first(60).outcome.luck == pytest.approx(played.outcome.luck[:60], abs=1e-6)
