"""Whether a candidate's decisions are worth as much as the champion's, played out side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.decide import Decider
from models.decision import ModelRef
from models.model import Model
from training.playout.arena import Arena, Stakes
from training.playout.asked import Game, play_side_by_side
from training.playout.estimates import average, difference
from training.playout.policies import Fineline
from training.simulate.worlds import world_named

#: Worlds that differ in what wears people out: nothing, touches, others, the fifth touch.
WORLDS = ("agency", "fatigue", "crowded", "late_anger")
#: Fresh people met in each world; both models meet the same ones, with the same luck.
PEOPLE = 60
SEED = 20_260_101
STAKES = Stakes()
_REF = ModelRef("rehearsed", "0")


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Worth per person of a candidate's decisions less the champion's, with a 95 % interval."""

    people: int
    candidate: float
    champion: float
    low: float
    high: float
    annoyed: float
    champion_annoyed: float


def rehearse(
    candidate: Model, champion: Model, progress: Callable[[str], None] = lambda _: None
) -> Rehearsal:
    """Let both deal with the same people of every world for 120 days.

    Worlds are simulated, and neither model has learned from them: what is compared is how the two
    decide on people they do not know.
    """
    arenas = [Arena(world_named(name), PEOPLE, SEED) for name in WORLDS]
    played = []
    for what, model in (("the new version", candidate), ("the champion", champion)):
        progress(f"a rehearsal of {what}")
        games = [Game(arena, STAKES) for arena in arenas]
        played.append(play_side_by_side(games, Fineline(Decider(model, _REF).silent())))
    pairs = list(zip(*played, strict=True))
    gap = average([difference(a.value(STAKES), b.value(STAKES), a.parties) for a, b in pairs])
    worth = np.array([[o.value(STAKES).mean() for o in pair] for pair in pairs]).mean(axis=0)
    annoyed = np.array([[o.annoyed.mean() for o in pair] for pair in pairs]).mean(axis=0)
    return Rehearsal(
        PEOPLE * len(WORLDS), float(worth[0]), float(worth[1]), gap.low, gap.high,
        float(annoyed[0]), float(annoyed[1]),
    )  # fmt: skip
