"""What became of touches and threads: of everybody, or of a few people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.histories import Histories, from_events
from features.outcomes import ANNOYED, LANDED, Outcomes, outcomes
from features.state import DAY, LAND
from features.timeline import as_it_happened
from models.lags import HORIZON

Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fates:
    """Touches of threads that were open when they were made, an entry each.

    `row`: the touch in the table of events; `made`: microseconds since 1970; `number` in its
    thread; `days`: how long it was watched, until it was answered or followed up; `landed`,
    `annoyed`: within the horizon and credited to it; `mature`: made so long ago that all of it is
    known.
    """

    row: Ints
    made: Ints
    number: Ints
    days: Floats
    landed: Flags
    annoyed: Flags
    mature: Flags

    def __len__(self) -> int:
        return len(self.row)


def fates(events: pa.Table, now_us: int) -> Fates:
    """What has become of every touch recorded by now; `row` counts in the table as given."""
    h, o, places = _followed(events, now_us)
    touches = np.flatnonzero((o.number > 0) & ~o.closed)
    made = h.occurred[touches]
    days = (o.exit[touches] - made) / DAY
    in_time = days <= HORIZON
    why = o.why[touches]
    return Fates(
        places[touches], made, o.number[touches].astype(np.int64), days, (why == LANDED) & in_time,
        (why == ANNOYED) & in_time, made + HORIZON * DAY <= now_us,
    )  # fmt: skip


def ends(events: pa.Table, now_us: int) -> dict[tuple[str, str | None], tuple[int, bool]]:
    """When each thread (contact, campaign) that is over ended, and whether it landed."""
    h, o, _ = _followed(events, now_us)
    contacts, campaigns = (h.names[n].to_pylist() for n in ("contact_id", "campaign_id"))
    found = {}
    for event in np.flatnonzero(o.credited >= 0).tolist():
        touch = o.credited[event]
        campaign = int(h.campaign[touch])
        thread = contacts[h.contact[touch]], None if campaign < 0 else campaigns[campaign]
        found[thread] = int(h.occurred[event]), bool(o.ends[event] == LAND)
    return found


def _followed(events: pa.Table, now_us: int) -> tuple[Histories, Outcomes, Ints]:
    """What was recorded by now, what became of it, and its places in the table."""
    known = pc.less_equal(events["recorded_at"].cast(pa.int64()), now_us)
    h = from_events(events.filter(known))
    return h, outcomes(h, as_it_happened(h), now_us), np.flatnonzero(known.to_numpy())
