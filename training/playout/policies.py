"""The policy under test: fineline, followed to the letter."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from features.events.schema import CHANNELS
from features.moments import microseconds
from models.decide import Decider
from models.decision import ModelRef, Request
from training.playout.asked import NO_TOUCH, Game
from training.playout.cohorts import Cohorts, Decides
from training.playout.coverage import Coverage
from training.playout.kept import Kept
from training.playout.plays import Play, Played
from training.playout.students import student
from training.simulate.records import DAY

Ints = NDArray[np.int64]
#: A thread that was given up is looked at again after a week, in case the moment has come.
SECOND_THOUGHTS = 7 * DAY


class Fineline:
    """Follow the hint: touch on "nudge", else come back when it says."""

    def __init__(self, decider: Decides) -> None:
        self.decider = decider

    def choose(self, requests: Sequence[Request], at: int) -> tuple[Ints, Ints]:
        """As `Policy.choose`."""
        actions = [
            action(d.hint, d.channel, d.at, d.nudge_at, at + DAY)
            for d in self.decider.decide(requests)
        ]
        return np.array([a[0] for a in actions], np.int64), np.array([a[1] for a in actions])


def action(
    hint: str, channel: str | None, at: datetime, nudge_at: datetime | None, next_look: int
) -> tuple[int, int]:
    """The touch a decision asks for before the next look, else when to ask again."""
    asked = microseconds(at)
    if hint == "stop" or nudge_at is None or channel is None:
        return NO_TOUCH, asked + SECOND_THOUGHTS
    when = microseconds(nudge_at)
    if when < next_look:
        return CHANNELS.index(channel), when
    return NO_TOUCH, min(when - DAY // 2, asked + SECOND_THOUGHTS)


def play_fineline(play: Play, kept: Kept) -> Played:
    """Play fineline as it would be served, noting how true its bounds are."""
    draws = range(play.histories if play.history else 1)
    models = [student(kept, play.learn_from, play.history, draw) for draw in draws]
    decider = Cohorts([Decider(model, ModelRef("fineline", "1")).silent() for model in models])
    witness = Coverage(decider, seed=play.seed)
    game = Game(play.arena(), play.stakes, witness)
    outcome = game.play(Fineline(decider))
    how = f"{play.history:,} contacts of {play.learn_from}" if play.history else "base rates only"
    how += f", {len(models)} histories" if len(models) > 1 else ""
    return Played(play, outcome, f"learned from {how}", game.asked, tuple(witness.notes))
