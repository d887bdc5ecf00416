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
from features.outcomes import OPEN_END, Outcomes
from features.state import DAY
from models.attributes import Encoding
from models.carried import RECALLED, Earlier
from models.lags import HORIZON, LONGEST
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

    def earlier(self, chosen: npt.NDArray[np.bool_]) -> Earlier:
        """The latest touches of the same thread that were on record at each of the `chosen`."""
        w, h = self.watched, self.histories
        place = np.cumsum(chosen) - 1
        order = np.flatnonzero(~self.closed)
        order = order[np.argsort(w.thread[order], kind="stable")]
        pairs = []
        for back in range(1, RECALLED + 1):
            asked, made = order[back:], order[:-back]
            age = w.time[asked] - w.time[made]
            known = h.recorded[self.event[made]] <= h.occurred[self.event[asked]]
            same = (w.thread[asked] == w.thread[made]) & (age < LONGEST) & known & chosen[asked]
            pairs.append((place[asked[same]], made[same], age[same]))
        asked, made, age = map(np.concatenate, zip(*pairs, strict=True))
        return Earlier(asked, made, age, w.x, int(chosen.sum()))

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
    thread = _threads(h, event)
    left, why_left = _ends(h, m.outcomes, event, thread)
    own = encoding.of_contacts(contacts, h.names["contact_id"])
    x = np.column_stack([m.x, own[h.contact[event]]]) if own.shape[1] else m.x
    watched = Watched(
        x=x,
        time=h.occurred[event] / DAY,
        days=np.maximum((m.outcomes.exit[event] - h.occurred[event]) / DAY, 1e-6),
        why=m.outcomes.why[event],
        contact=h.contact[event],
        number=m.outcomes.number[event],
        thread=thread,
        left=left,
        end=why_left,
    )
    return Dataset(events, h, m, event, watched, m.outcomes.closed[event], end), encoding


def _threads(h: Histories, event: Ints) -> Ints:
    """Codes of the threads of touches, which come as the events `event`."""
    campaigns = int(h.campaign.max(initial=-1)) + 2
    key = h.contact[event].astype(np.int64) * campaigns + h.campaign[event] + 1
    return np.asarray(np.unique(key, return_inverse=True)[1], np.int64)


def _ends(
    h: Histories, o: Outcomes, event: Ints, thread: Ints
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int8]]:
    """Days from each touch until its thread ended or was lost sight of, and by what (`o.why`).

    Its latest touch before any end tells; touches, in order of time, as the events `event`.
    """
    latest = np.full(int(thread.max(initial=-1)) + 1, -1, np.int64)
    before = ~o.closed[event]
    latest[thread[before]] = event[before]
    ends = latest[thread]
    left = np.maximum((o.exit[ends] - h.occurred[event]) / DAY, 1e-6)
    return left, np.where(ends >= 0, o.why[ends], OPEN_END).astype(np.int8)
