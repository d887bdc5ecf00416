"""Plays of policies that follow a rule, of the clear-sighted, and what they are tuned to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from training.playout.arena import Outcome
from training.playout.cadence import HABIT, Cadence
from training.playout.kept import Kept
from training.playout.plays import BEST, CLEAR, HABITUAL, INSIDER, OWN_CADENCE, Play, Played
from training.playout.search import (
    Tried,
    best_of,
    best_threshold,
    columns_shown,
    insider_rules,
    try_cadences,
    tune_insider,
)


def play_by_rule(play: Play, kept: Kept) -> Played:
    """Play the habit, a cadence, the insider or the clear-sighted."""
    outcome, how = _outcome(play, kept)
    return Played(play, outcome, how)


def _outcome(play: Play, kept: Kept) -> tuple[Outcome, str]:
    arena = play.arena()
    if play.policy == CLEAR:
        threshold = float(tuned(play, kept))
        return arena.clear_sighted(threshold, play.stakes), f"threshold {threshold:g}"
    if play.policy == INSIDER:
        rules = insider_rules(np.array(tuned(play, kept)), columns_shown(arena))
        return arena.by_rules(rules), f"{play.rounds} rounds of search"
    cadence = _cadence(play, kept)
    return arena.by_rules(cadence.rules(len(arena.population.threads))), str(cadence)


def _cadence(play: Play, kept: Kept) -> Cadence:
    if play.policy == HABITUAL:
        return HABIT
    own = play.policy.removeprefix(OWN_CADENCE)
    return Cadence.parse(str(tuned(play, kept)) if play.policy == BEST else own)


def tuned(play: Play, kept: Kept) -> Any:
    """What the search inside the world finds: a cadence, a threshold or the insider's numbers."""
    return kept.result(
        f"tuned-{play.name}", play.tuning_key(), __name__, lambda: {"found": _tune(play, kept)}
    )["found"]


def _tune(play: Play, kept: Kept) -> Any:
    if play.policy == BEST:
        return str(best_of(grid(play, kept), play.stakes).cadence)
    if play.policy == CLEAR:
        return best_threshold(play.tuning_arena(), play.stakes)
    start = Cadence.parse(tuned(replace(play, policy=BEST), kept))
    return tune_insider(play.tuning_arena(), play.stakes, start, play.rounds).tolist()


def grid(play: Play, kept: Kept) -> list[Tried]:
    """What every cadence of the grid comes to among the people of the tuning."""
    key = {"world": play.world, "tuned_on": play.tuned_on, "seed": play.seed}

    def compute() -> dict[str, Any]:
        tried = try_cadences(play.tuning_arena())
        return {"tried": [(str(t.cadence), t.landed, t.annoyed, t.touches) for t in tried]}

    found = kept.result(f"grid-{play.world}", key, __name__, compute)
    return [Tried(Cadence.parse(name), *numbers) for name, *numbers in found["tried"]]
