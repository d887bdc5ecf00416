"""The feature matrix: one row per touch, as of the moment before it, over all histories at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.catalog.columns import COLUMNS
from features.fold import fold_contacts
from features.histories import Histories, Ints
from features.outcomes import Outcomes, outcomes
from features.parallel import cores, ranges
from features.parties import Parties, fill_party_columns
from features.state import TOUCH
from features.timeline import as_it_happened, as_it_was_known, is_prompt, time_order

#: Ranges of contacts to fold: enough that the core that is done with the parties finds more.
_PARTS = 16


@dataclass(frozen=True, slots=True)
class FeatureMatrix:
    """Rows of features, one per touch, in order of time.

    `x`: float32, shape (touches, len(COLUMNS)); `event`: the event each row is about; `outcomes`:
    what became of every touch, by event; `parties`: the final states of who reached out, by the
    codes of the histories.
    """

    x: npt.NDArray[np.float32]
    event: Ints
    outcomes: Outcomes
    parties: Parties


def build(h: Histories, until: int | None = None) -> FeatureMatrix:
    """Fold all histories into a row per touch; contacts and parties at once, on all cores.

    `until` (microseconds) is the last moment the data speak of; by default the last recording.
    """
    end = int(h.recorded.max(initial=0)) if until is None else until
    known = happened = as_it_happened(h)
    credits = o = outcomes(h, happened, end)
    if not is_prompt(h):
        # What belongs to which thread, and who is credited, is itself only known as recorded.
        known = as_it_was_known(h)
        credits = outcomes(h, known, end)
    row_event = _touches(h)
    row = np.full(len(h), -1, np.int32)
    row[row_event] = np.arange(len(row_event))
    x = np.empty((len(row_event), len(COLUMNS)), np.float32)

    def fold(first: int, last: int) -> None:
        fold_contacts(known.entries, known.starts[first : last + 1], row, x)

    with ThreadPoolExecutor(cores()) as pool:
        parties = pool.submit(fill_party_columns, h, credits, row, x)
        folds = [pool.submit(fold, *r) for r in ranges(known.starts, _PARTS)]
        for f in folds:
            f.result()
        return FeatureMatrix(x, row_event, o, parties.result())


def party_states(h: Histories, until: int) -> Parties:
    """How whoever reaches out has fared by `until` (microseconds), without a row per touch."""
    known = as_it_happened(h) if is_prompt(h) else as_it_was_known(h)
    every_touch_into_one_row = np.zeros(len(h), np.int32)
    x = np.empty((1, len(COLUMNS)), np.float32)
    return fill_party_columns(h, outcomes(h, known, until), every_touch_into_one_row, x)


def _touches(h: Histories) -> Ints:
    """The touches in order of time."""
    touches = np.flatnonzero(h.kind == TOUCH)
    return touches[time_order(h.occurred[touches])]
