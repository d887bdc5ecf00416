"""How much history like a given touch the model has seen: counts by situation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from features.catalog.columns import POSITION
from features.compiled import jit
from features.events.schema import CHANNELS
from models.decision import Evidence, EvidenceLevel

#: A situation is a channel, a touch number and the time since the thread's last touch (days).
TOUCH_NUMBERS = (1, 2, 3, 4, 5, 6, 8, 11, 16, 26)
GAPS = (1.0, 2.5, 4.5, 8.0, 15.0, 31.0)
#: Least number of touches seen in a situation for each level.
LEVELS: tuple[tuple[EvidenceLevel, int], ...] = (("strong", 1000), ("fair", 200), ("weak", 20))

_TOUCHES = POSITION["thread_touches"]
_GAP = POSITION["thread_days_since_touch"]
#: Positions of the columns that say which channel a touch is made on.
CHANNEL_COLUMNS = [POSITION[f"channel_{c}"] for c in CHANNELS[:4]]
#: The same as arrays, for the compiled routine.
_EDGES = (np.array(CHANNEL_COLUMNS), np.array(TOUCH_NUMBERS), np.array(GAPS))

Rows = npt.NDArray[np.float32]


def situation(x: Rows) -> npt.NDArray[np.int64]:
    """The situation of every row, as one code."""
    code = np.empty(len(x), np.int64)
    _situate(x, *_EDGES, code)
    return code


@jit
def _situate(x: Any, channels: Any, numbers: Any, gaps: Any, code: Any) -> None:
    for r in range(len(x)):
        channel = 0
        while channel < len(channels) and not x[r, channels[channel]] > 0.5:
            channel += 1
        number = np.searchsorted(numbers, x[r, _TOUCHES] + 1, side="right") - 1
        gap = np.searchsorted(gaps, x[r, _GAP], side="right") if x[r, _TOUCHES] > 0 else 0
        code[r] = (channel * len(numbers) + number) * (len(gaps) + 1) + gap


@dataclass(frozen=True, slots=True)
class EvidenceTable:
    """Touches seen per situation, shape (situations,)."""

    counts: npt.NDArray[np.int64]

    @classmethod
    def of(cls, x: Rows) -> EvidenceTable:
        """Count the situations of the touches a model is trained on."""
        n = len(CHANNELS) * len(TOUCH_NUMBERS) * (len(GAPS) + 1)
        return cls(np.bincount(situation(x), minlength=n).astype(np.int64))

    def like(self, x: Rows) -> npt.NDArray[np.int64]:
        """How many touches in the same situation were seen, shape (rows,)."""
        return self.counts[situation(x)]


def grade(seen: int, **learned: bool) -> Evidence:
    """The level and a sentence; `learned` says of each outcome whether it was in the data."""
    level: EvidenceLevel = next((name for name, least in LEVELS if seen >= least), "none")
    text = f"{seen:,} earlier touches in a situation like this"
    if not seen:
        text = "no earlier touch in a situation like this"
    missing = [name for name, known in learned.items() if not known]
    if missing:
        text += f"; {' and '.join(missing)} from base rates: no case in the data"
        level = "weak" if len(missing) < len(learned) and level != "none" else "none"
    return Evidence(level, f"{text}.")
