"""What became of the touches that were made: of everybody, or of a few people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.histories import from_events
from features.outcomes import ANNOYED, LANDED, outcomes
from features.state import DAY
from features.timeline import as_it_happened
from models.lags import HORIZON

Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Fates:
    """Touches of threads that were open when they were made, an entry each.

    `row`: the touch in the table of events; `made`: microseconds since 1970; `number` in its
    thread; `landed`, `annoyed`: within the horizon and credited to it; `mature`: made so long ago
    that all of it is known.
    """

    row: Ints
    made: Ints
    number: Ints
    landed: Flags
    annoyed: Flags
    mature: Flags

    def __len__(self) -> int:
        return len(self.row)


def fates(events: pa.Table, now_us: int) -> Fates:
    """What has become of every touch recorded by now; `row` counts in the table as given."""
    known = pc.less_equal(events["recorded_at"].cast(pa.int64()), now_us)
    places = np.flatnonzero(known.to_numpy())
    h = from_events(events.filter(known))
    o = outcomes(h, as_it_happened(h), now_us)
    touches = np.flatnonzero((o.number > 0) & ~o.closed)
    made = h.occurred[touches]
    in_time = o.exit[touches] - made <= HORIZON * DAY
    why = o.why[touches]
    return Fates(
        places[touches], made, o.number[touches].astype(np.int64), (why == LANDED) & in_time,
        (why == ANNOYED) & in_time, made + HORIZON * DAY <= now_us,
    )  # fmt: skip
