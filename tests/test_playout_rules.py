"""Compiled players against slow ones that play the same people through `Environment`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.moments import EPOCH
from training.playout.arena import SPREAD_DAYS, START, Arena, Stakes
from training.playout.cadence import PLAYABLE
from training.simulate.environment import Environment
from training.simulate.habits import RULE, play_clear_sighted, play_rules
from training.simulate.playing import let_pass
from training.simulate.records import DAY, EVENT
from training.simulate.worlds import WORLDS

CONTACTS, DAYS, SEED = 60, 50, 5


def moment(us: int) -> datetime:
    return EPOCH + timedelta(microseconds=us)


def looks_in_order(arena: Arena, days: int) -> list[tuple[int, Any]]:
    """Moments and who is looked at then."""
    return [(int(t) + day * DAY, np.flatnonzero(arena.looks == t))
            for day in range(days) for t in np.unique(arena.looks)]  # fmt: skip


def random_rules(threads: int) -> Any:
    random = np.random.default_rng(1)
    rules = np.zeros(threads, RULE)
    rules["cap"] = random.integers(0, 8, threads)
    rules["gap"] = random.uniform(1.0, 9.0, threads)
    rules["growth"] = random.uniform(0.9, 1.5, threads)
    rules["rest"] = random.choice([0.0, 5.0, 30.0], threads)
    rules["channels"] = random.integers(0, len(PLAYABLE), (threads, 4))
    return rules


class SlowPlayer:
    """Goes by the rule of each thread, and by what the CRM has recorded by the look."""

    def __init__(self, environment: Environment, rules: Any) -> None:
        self.environment, self.rules = environment, rules
        self.touched: dict[int, list[int]] = {}
        table = environment.threads.to_pandas()
        self.names = list(zip(table["contact_id"].astype(str), table["campaign_id"], strict=True))
        self.opens = table["opens_at"]

    def look(self, at: int, people: Any) -> None:
        known = self.environment.observe(moment(at)).to_pandas()
        answered = known[known["sentiment"].astype(str).eq("neutral")]
        rested = answered.groupby(["contact_id", "campaign_id"], observed=True)["recorded_at"].max()
        # Who dials a wrong number knows it, however late it is written down.
        bounced = self.environment._population.people["bounced"].copy()
        whose = self.environment._population.threads["contact"]
        chosen = []
        for k in self.environment.open_threads(moment(at)).tolist():
            if whose[k] in people and (channel := self.next(k, bounced[whose[k]])) is not None:
                not_now = rested.get(self.names[k])
                if self.free(k, at, None if not_now is None else pd.Timestamp(not_now)):
                    chosen.append((k, channel))
        if chosen:
            rows, channels = np.array(chosen).T
            self.environment.act(rows, channels, moment(at))
            for k in rows.tolist():
                self.touched.setdefault(k, []).append(at)

    def next(self, k: int, bounced: int) -> int | None:
        made, order = len(self.touched.get(k, [])), self.rules["channels"][k]
        if made >= self.rules["cap"][k]:
            return None
        turns = [int(order[(made + i) % 4]) for i in range(4)]
        return next((c for c in turns if not bounced >> c & 1), None)

    def free(self, k: int, at: int, not_now: pd.Timestamp | None) -> bool:
        made, rule = self.touched.get(k, []), self.rules[k]
        gap = rule["gap"] * rule["growth"] ** (len(made) - 1)
        early = made and at < made[-1] + int((min(gap, 120.0) - 0.5) * DAY)
        resting = not_now is not None and moment(at) < not_now + timedelta(days=rule["rest"])
        return not early and not resting


@pytest.mark.parametrize("world", ["waking", "phone_led"])
def test_rules_are_played_as_a_slow_player_plays_them(world: str) -> None:
    arena = Arena(WORLDS[world], CONTACTS, SEED)
    p = arena.population
    rules = random_rules(len(p.threads))
    people, threads = p.people.copy(), p.threads.copy()
    play_rules(p.scene, people, threads, p.first, arena.looks, rules, DAYS, np.empty(1000, EVENT))
    end = int(arena.looks.max()) + DAYS * DAY
    let_pass(p.scene, np.empty(1000, EVENT), (people, threads, p.first), end)

    environment = Environment(world, CONTACTS, SEED, START, SPREAD_DAYS)
    player = SlowPlayer(environment, rules)
    for at, group in looks_in_order(arena, DAYS):
        player.look(at, group)
    environment.tally(moment(end))
    slow = environment._population
    made = [len(player.touched.get(k, [])) for k in range(len(rules))]
    assert threads["touches"].tolist() == made
    assert sum(made) > CONTACTS
    assert np.array_equal(threads["ended"], slow.threads["ended"])
    # The same random numbers were drawn: nothing that could differ did.
    assert np.array_equal(people["stream"], slow.people["stream"])
    assert people["pressure"] == pytest.approx(slow.people["pressure"])


def test_the_clear_sighted_see_what_environment_calls_the_truth() -> None:
    arena, stakes, threshold = Arena(WORLDS["seasons"], 40, SEED), Stakes(), 0.05
    p = arena.population
    people, threads = p.people.copy(), p.threads.copy()
    utility = np.array([stakes.land, stakes.annoy, stakes.touch])
    play_clear_sighted(
        p.scene, people, threads, p.first, arena.looks, threshold, utility, DAYS,
        np.empty(1000, EVENT),
    )  # fmt: skip
    environment = Environment("seasons", 40, SEED, START, SPREAD_DAYS)
    contact = environment._population.threads["contact"]
    channels = np.arange(len(PLAYABLE))
    for at, group in looks_in_order(arena, DAYS):
        for k in environment.open_threads(moment(at)):
            if contact[k] not in group:
                continue
            land, annoy = environment.truth(np.full(4, k), channels, moment(at))
            worth = stakes.land * land - stakes.annoy * annoy - stakes.touch
            worth[(environment._population.people["bounced"][contact[k]] >> channels & 1) > 0] = -1
            if worth.max() > threshold:
                environment.act(np.array([k]), worth.argmax(keepdims=True), moment(at))
    made = environment._population.threads["touches"]
    assert threads["touches"].tolist() == made.tolist()
    assert made.sum() > 20
