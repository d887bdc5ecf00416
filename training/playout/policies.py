"""Policies under test: fineline itself, and plain classifiers with a threshold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from features.events.schema import CHANNELS
from models.decide import Decider
from models.decision import Decision, Request
from models.situation import microseconds
from training.playout.asked import NO_TOUCH

Ints = NDArray[np.int64]
#: A thread that was given up is looked at again after a week, in case the moment has come.
SECOND_THOUGHTS = timedelta(days=7)


class Fineline:
    """Follow the hint: touch on "nudge", else come back when it says."""

    def __init__(self, decider: Decider) -> None:
        self.decider = decider

    def choose(self, requests: Sequence[Request], at: Ints) -> tuple[Ints, Ints]:
        """As `Policy.choose`."""
        decisions = self.decider.decide(requests)
        channels = [_channel(d) for d in decisions]
        return np.array(channels, np.int64), np.array([_again(d) for d in decisions], np.int64)


def _channel(d: Decision) -> int:
    return CHANNELS.index(d.channel) if d.hint == "nudge" and d.channel else NO_TOUCH


def _again(d: Decision) -> int:
    if d.hint == "wait" and d.nudge_at is not None:
        return min(microseconds(d.nudge_at), microseconds(d.at + SECOND_THOUGHTS))
    return microseconds(d.at + (SECOND_THOUGHTS if d.hint == "stop" else timedelta(hours=12)))
