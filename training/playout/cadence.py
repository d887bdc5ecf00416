"""A fixed cadence: so many touches, so many days apart, on these channels in turn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.errors import BadSetting
from features.events.schema import CHANNELS
from training.simulate.habits import RULE
from training.simulate.records import LINKEDIN

#: Channels a touch can be made on in a world; the code of a channel is its place.
PLAYABLE = CHANNELS[: LINKEDIN + 1]
MOST_TOUCHES, LONGEST_GAP = 100, 120.0


@dataclass(frozen=True, slots=True)
class Cadence:
    """`touches` at most, `gap` days apart (1 to 120), on `channels` (codes) in turn."""

    touches: int
    gap: float
    channels: tuple[int, ...]

    @classmethod
    def parse(cls, text: str) -> Cadence:
        """Read `touches x gap x channels`; raises BadSetting showing how to write it.

        >>> Cadence.parse("5x3xemail")
        Cadence(touches=5, gap=3.0, channels=(0,))
        >>> str(Cadence.parse("8x14xlinkedin+email"))
        '8x14xlinkedin+email'
        """
        parts = text.replace(" ", "").split("x", 2)
        try:
            touches, gap = int(parts[0]), float(parts[1])
            channels = tuple(PLAYABLE.index(name) for name in parts[2].split("+"))
        except (ValueError, IndexError):
            touches, gap, channels = 0, 0.0, ()
        if not (1 <= touches <= MOST_TOUCHES and 1 <= gap <= LONGEST_GAP and channels):
            raise BadSetting(
                f"{text!r} is no cadence; write touches x days between x channels, such as "
                f"5x3xemail or 8x14xlinkedin+email (channels: {', '.join(PLAYABLE)}; 1 to "
                f"{MOST_TOUCHES} touches, 1 to {LONGEST_GAP:g} days)"
            )
        return cls(touches, gap, channels)

    def __str__(self) -> str:
        names = "+".join(PLAYABLE[c] for c in self.channels)
        return f"{self.touches}x{self.gap:g}x{names}"

    def rules(self, threads: int) -> NDArray[np.void]:
        """This cadence for every thread, shape (threads,)."""
        rules = np.zeros(threads, RULE)
        rules["cap"], rules["gap"], rules["growth"] = self.touches, self.gap, 1.0
        rules["channels"] = [self.channels[k % len(self.channels)] for k in range(4)]
        return rules


#: The habit of the trade: five e-mails, three days apart.
HABIT = Cadence(5, 3.0, (0,))
