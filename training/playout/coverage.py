"""Do the bounds of `if_nudged` hold the truth? Asked on a sample of what a policy meets.

A sampled thread is asked about again with one channel drawn at random: bounds of the channel that
the policy would choose are those of the luckiest guess among four.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from models.decision import Request
from training.playout.asked import Game, Ints
from training.playout.cadence import PLAYABLE
from training.playout.cohorts import Decides

#: What is noted of each sampled thread; the outcomes stand for land and annoy.
NOTED = ("level", "channel", "p_land", "low_land", "high_land", "true_land",
         "p_annoy", "low_annoy", "high_annoy", "true_annoy")  # fmt: skip


class Coverage:
    """A witness that notes bounds and truth of a share of all threads asked about."""

    def __init__(self, decider: Decides, share: float = 0.05, seed: int = 0) -> None:
        self.decider, self.share = decider, share
        self.random = np.random.default_rng(seed)
        self.notes: list[tuple[str | float, ...]] = []

    def look(self, game: Game, asked: Ints, requests: Sequence[Request], at: int) -> None:
        """As `Witness.look`."""
        picked = np.flatnonzero(self.random.random(len(asked)) < self.share)
        channels = self.random.integers(0, len(PLAYABLE), len(picked))
        truth = game.truth(asked[picked], channels, at)
        known = ~np.isnan(truth[:, 0])
        picked, channels, truth = picked[known], channels[known], truth[known]
        decisions = self.decider.decide(
            [
                replace(requests[i], channels=(PLAYABLE[c],))
                for i, c in zip(picked.tolist(), channels, strict=True)
            ]
        )
        for d, channel, (land, annoy) in zip(decisions, channels, truth, strict=True):
            chance = d.if_nudged
            numbers = (
                chance.p_land, *chance.p_land_interval, float(land),
                chance.p_annoy, *chance.p_annoy_interval, float(annoy),
            )  # fmt: skip
            rounded = (float(f"{x:.4g}") for x in numbers)
            self.notes.append((d.evidence.level, PLAYABLE[channel], *rounded))
