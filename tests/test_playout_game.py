"""Games: the same luck for everybody, history as it was known, nobody bothered after an opt-out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow.compute as pc
import pytest

from models.decide import Decider
from models.decision import Request
from training.playout.arena import Arena, Outcome, Stakes
from training.playout.asked import NO_TOUCH, Game, Ints, play_side_by_side
from training.playout.bounds import GROUP, LEVELS, by_level, held
from training.playout.cadence import HABIT
from training.playout.coverage import NOTED, Coverage
from training.playout.policies import Fineline
from training.simulate.records import COMPLAINT, DAY, HOUR, OPT_OUT, TOUCH
from training.simulate.worlds import WORLDS

STAKES = Stakes()


class ByMail:
    """The five-mail habit, from nothing but the history in the request."""

    def choose(self, requests: Sequence[Request], at: int) -> tuple[Ints, Ints]:
        wanted = []
        for r in requests:
            own = r.history.filter(pc.equal(r.history["campaign_id"], r.campaign_id or ""))
            made = own.filter(pc.equal(own["kind"], "touch"))["occurred_at"].cast("int64")
            rested = len(made) == 0 or at >= pc.max(made).as_py() + 2.5 * DAY
            bounced = pc.any(pc.equal(r.history["kind"], "bounce")).as_py()
            wanted.append(len(made) < HABIT.touches and rested and not bounced)
        channels = np.where(wanted, HABIT.channels[0], NO_TOUCH)
        return channels, np.where(wanted, at, at + DAY // 2)


class Pest:
    """Touches everybody, all day, a few hours after being asked."""

    def choose(self, requests: Sequence[Request], at: int) -> tuple[Ints, Ints]:
        n = len(requests)
        return np.arange(n) % 4, at + np.arange(n) % 23 * HOUR


def same(a: Outcome, b: Outcome) -> bool:
    return all(np.array_equal(getattr(a, n), getattr(b, n)) for n in ("landed", "annoyed",
                                                                       "touches"))  # fmt: skip


def test_a_policy_that_is_asked_ends_as_the_compiled_one() -> None:
    arena = Arena(WORLDS["agency"], 60, 4)
    asked = Game(arena, STAKES).play(ByMail(), days=40)
    compiled = arena.by_rules(HABIT.rules(len(arena.population.threads)), days=40)
    assert same(asked, compiled)
    assert compiled.touches.sum() > 120


def test_fewer_people_are_the_same_people() -> None:
    few, many = Arena(WORLDS["waking"], 50, 4, only=20), Arena(WORLDS["waking"], 50, 4)
    ends = [a.by_rules(HABIT.rules(len(a.population.threads))) for a in (few, many)]
    assert np.array_equal(ends[0].landed, ends[1].landed[:20])
    assert np.array_equal(ends[0].touches, ends[1].touches[:20])


def test_nobody_is_touched_once_an_end_is_recorded() -> None:
    game = Game(Arena(WORLDS["crowded"], 80, 4), STAKES)
    game.play(Pest(), days=40)
    rows = game.rows
    stops = rows[np.isin(rows["kind"], (OPT_OUT, COMPLAINT))]
    known = dict(zip(stops["contact"].tolist(), stops["recorded"].tolist(), strict=True))
    touches = rows[rows["kind"] == TOUCH]
    late = [t for t in touches if t["occurred"] >= known.get(int(t["contact"]), 1 << 62)]
    assert len(known) > 20
    assert not late
    end = {(int(t["contact"]), int(t["campaign"])): int(t["ended_known"]) for t in game.threads}
    assert all(t["occurred"] < end[int(t["contact"]), int(t["campaign"])] for t in touches)


def test_a_game_replays_and_its_witness_changes_nothing(decider: Decider) -> None:
    arena = Arena(WORLDS["agency"], 25, 4)
    witness = Coverage(decider, share=0.5)
    games = [Game(arena, STAKES), Game(arena, STAKES, witness)]
    ends = [game.play(Fineline(decider), days=20) for game in games]
    assert same(*ends)
    assert games[0].asked == games[1].asked > 25
    assert len(witness.notes) > 10
    for note in witness.notes:
        n = dict(zip(NOTED, note, strict=True))
        assert n["level"] in LEVELS
        for outcome in ("land", "annoy"):
            low, p, high, true = (n[f"{x}_{outcome}"] for x in ("low", "p", "high", "true"))
            assert 0 <= low <= p <= high <= 1  # type: ignore[operator]
            assert 0 <= true < 1  # type: ignore[operator]


def test_games_side_by_side_come_to_what_each_comes_to_alone(decider: Decider) -> None:
    """Though people of different worlds have the same numbers, and are asked about at once."""
    arenas = [Arena(WORLDS[name], 25, 4) for name in ("agency", "late_anger")]
    alone = [Game(arena, STAKES).play(Fineline(decider), days=20) for arena in arenas]
    games = [Game(arena, STAKES) for arena in arenas]
    together = play_side_by_side(games, Fineline(decider.silent()), days=20)
    assert all(same(*pair) for pair in zip(alone, together, strict=True))
    assert not same(*together)


def test_strangers_are_strangers_to_the_model(decider: Decider) -> None:
    """Recruiters of the arena are named unlike those of the history a model learned from."""
    seen = []

    class Onlooker:
        def look(self, game: Game, asked: Ints, requests: Sequence[Request], at: int) -> None:
            for r in requests:
                seen.append(decider.model.ledger.actor(r.next_touch.actor_id))
                seen.extend(map(decider.model.ledger.actor, r.history["actor_id"].to_pylist()))

    Game(Arena(WORLDS["agency"], 10, 4), STAKES, Onlooker()).play(ByMail(), days=6)
    assert set(seen) == {decider.model.ledger.NOBODY}
    assert decider.model.ledger.actor("recruiter-0") != decider.model.ledger.NOBODY


def test_bounds_that_hold_and_bounds_that_do_not() -> None:
    random = np.random.default_rng(3)
    true = random.uniform(0.05, 0.15, 2 * GROUP)
    notes = [("fair", "email", 0.1, 0.08, 0.12, t, 0.1, 0.2, 0.3, t) for t in true.tolist()]
    land, annoy = held(notes, "land"), held(notes, "annoy")
    assert land is not None
    assert annoy is not None
    assert land.average == 1.0
    assert 0.2 < land.single < 0.6
    assert (annoy.average, annoy.single, annoy.below, annoy.above) == (0.0, 0.0, 1.0, 0.0)
    assert held(notes[: GROUP - 1], "land") is None
    assert {k: len(v) for k, v in by_level(notes).items()} == dict.fromkeys(LEVELS, 0) | {
        "fair": 2 * GROUP
    }


@pytest.mark.slow
def test_pressure_by_a_policy_annoys() -> None:
    arena = Arena(WORLDS["crowded"], 200, 4)
    pest = Game(arena, STAKES).play(Pest(), days=60)
    habit = arena.by_rules(HABIT.rules(len(arena.population.threads)))
    assert pest.annoyed.mean() > 2 * habit.annoyed.mean()
