"""Whether a candidate's decisions are worth as much as the champion's, played out side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.decide import Decider
from models.decision import ModelRef
from models.model import Model
from training.playout.arena import Arena, Stakes
from training.playout.asked import Game
from training.playout.policies import Fineline
from training.simulate.worlds import world_named

Floats = npt.NDArray[np.float64]

#: Worlds that differ in what wears people out: nothing, touches, others, the fifth touch.
WORLDS = ("agency", "fatigue", "crowded", "late_anger")
#: Fresh people met in each world; both models meet the same ones, with the same luck.
PEOPLE = 60
SEED = 20_260_101
_Z95 = 1.96


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
    played = []
    for name in WORLDS:
        progress(f"a rehearsal in the world {name}")
        arena = Arena(world_named(name), PEOPLE, SEED)
        played.append([_played(arena, model) for model in (candidate, champion)])
    worth, annoyed = (np.concatenate([p[:, k] for p in map(np.array, played)], axis=1)
                      for k in (0, 1))  # fmt: skip
    difference = worth[0] - worth[1]
    mean = float(difference.mean())
    half = float(_Z95 * difference.std(ddof=1) / np.sqrt(len(difference)))
    return Rehearsal(
        len(difference), float(worth[0].mean()), float(worth[1].mean()), mean - half, mean + half,
        float(annoyed[0].mean()), float(annoyed[1].mean()),
    )  # fmt: skip


def _played(arena: Arena, model: Model) -> Floats:
    """Worth and annoyance of each person, shape (2, people), when every hint is followed."""
    stakes = Stakes()
    outcome = Game(arena, stakes).play(Fineline(Decider(model, ModelRef("rehearsed", "0"))))
    return np.array([outcome.value(stakes), outcome.annoyed.astype(np.float64)])
