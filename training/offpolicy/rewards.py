"""What happened to a person in a stretch of time: threads that landed, annoyances, touches.

People are annoyed, not threads: everything counts that happened to the contact, in any thread.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.histories import from_events
from features.outcomes import outcomes
from features.state import ANNOY, LAND, TOUCH
from features.timeline import as_it_happened
from models.decision import Utility

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rewards:
    """Counts per stretch, shape (n,) each."""

    landed: Floats
    annoyed: Floats
    touches: Floats

    def value(self, utility: Utility) -> Floats:
        """What they are worth together, in the utility's unit."""
        gained = utility.land * self.landed - utility.annoy * self.annoyed
        return np.asarray(gained - utility.touch * self.touches, np.float64)


class Happened:
    """Counts events by contact and time."""

    def __init__(self, events: pa.Table) -> None:
        h = from_events(events)
        self.until = int(h.recorded.max(initial=0))
        happened = as_it_happened(h)
        ends = outcomes(h, happened, self.until).ends
        names = h.names["contact_id"].to_pylist()
        self._code = {name: i for i, name in enumerate(names)}
        self._times = np.unique(h.occurred)
        chosen = {"landed": ends == LAND, "annoyed": ends == ANNOY, "touches": h.kind == TOUCH}
        self._keys = {
            name: np.sort(self._key(h.contact[rows].astype(np.int64), h.occurred[rows]))
            for name, rows in chosen.items()
        }

    def between(self, contacts: list[str], contact: Ints, start: Ints, end: Ints) -> Rewards:
        """What happened to `contacts[contact[i]]` from `start[i]` up to `end[i]`, in microseconds.

        To a contact without events, nothing.
        """
        known = np.array([self._code.get(name, -1) for name in contacts], np.int64)
        code = known[contact]
        low, high = self._key(code, start), self._key(code, end)
        counts = {
            name: np.where(code < 0, 0, np.searchsorted(keys, high) - np.searchsorted(keys, low))
            for name, keys in self._keys.items()
        }
        return Rewards(**{name: count.astype(np.float64) for name, count in counts.items()})

    def _key(self, contact: Ints, time: Ints) -> Ints:
        """Contact and time as one number, in that order."""
        rank = np.searchsorted(self._times, time)
        return np.asarray(contact * (len(self._times) + 1) + rank, np.int64)
