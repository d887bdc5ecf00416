"""From validated events to the touches a model learns from or is judged on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.clocks import Clocks
from features.events.known import known_by
from features.histories import Histories, Ints, from_events
from features.matrix import FeatureMatrix, build
from features.outcomes import OPEN_END
from features.state import DAY
from models.attributes import Encoding
from models.lags import HORIZON
from training.watched import Watched


@dataclass(frozen=True, slots=True)
class Dataset:
    """Touches in order of time, with the events and histories they come from.

    `event`: row of each touch in `events`; `watched`: features and what became of the touch;
    `closed`: the thread had ended before the touch.
    """

    events: pa.Table
    histories: Histories
    matrix: FeatureMatrix
    event: Ints
    watched: Watched
    closed: npt.NDArray[np.bool_]
    until: int

    def mature(self) -> npt.NDArray[np.bool_]:
        """Touches whose fate within the horizon is known."""
        made = self.watched.time * DAY
        return np.asarray((self.watched.why != OPEN_END) | (made + HORIZON * DAY <= self.until))

    def column(self, name: str) -> pa.ChunkedArray:
        """A column of the events, for the touches."""
        return self.events[name].take(pa.array(self.event))


def known_before(events: pa.Table, cutoff: int | None) -> pa.Table:
    """Only what was recorded before `cutoff` (microseconds since 1970)."""
    if cutoff is None:
        return events
    return known_by(events, cutoff - 1)


def prepare(
    events: pa.Table,
    contacts: pa.Table | None,
    encoding: Encoding | None = None,
    until: int | None = None,
) -> tuple[Dataset, Encoding]:
    """Features and outcomes of every touch; learns the encoding unless one is given."""
    encoding = Encoding.fit(contacts) if encoding is None else encoding
    h = from_events(events, None if contacts is None else Clocks.of(contacts))
    end = int(h.recorded.max(initial=0)) if until is None else until
    m = build(h, end)
    event = m.event
    own = encoding.of_contacts(contacts, h.names["contact_id"])
    x = np.column_stack([m.x, own[h.contact[event]]]) if own.shape[1] else m.x
    watched = Watched(
        x=x,
        time=h.occurred[event] / DAY,
        days=np.maximum((m.outcomes.exit[event] - h.occurred[event]) / DAY, 1e-6),
        why=m.outcomes.why[event],
        contact=h.contact[event],
        number=m.outcomes.number[event],
    )
    return Dataset(events, h, m, event, watched, m.outcomes.closed[event], end), encoding
