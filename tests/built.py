"""The feature matrix of a table of events, keyed by event id so that two can be compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.catalog import COLUMNS
from features.clocks import Clocks
from features.histories import from_events
from features.matrix import build

NAMES = [c.name for c in COLUMNS]
PLACE = {name: i for i, name in enumerate(NAMES)}


@dataclass(frozen=True, slots=True)
class Built:
    """Rows in order of event id: `ids[i]` is the touch of `x[i]`."""

    ids: list[str]
    x: npt.NDArray[np.float32]

    def of(self, ids: list[str]) -> npt.NDArray[np.float32]:
        """The rows of these touches, in this order."""
        place = {e: i for i, e in enumerate(self.ids)}
        return self.x[[place[e] for e in ids]]

    def column(self, name: str) -> npt.NDArray[np.float32]:
        """One column."""
        return self.x[:, PLACE[name]]


def built(events: pa.Table, contacts: pa.Table | None = None) -> Built:
    """Build the full feature set, with local clocks if `contacts` are given."""
    h = from_events(events, None if contacts is None else Clocks.of(contacts))
    m = build(h)
    ids = events["event_id"].take(pa.array(m.event)).to_pylist()
    order = sorted(range(len(ids)), key=ids.__getitem__)
    return Built([ids[i] for i in order], m.x[order])


def different(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> list[str]:
    """Names of the columns in which two matrices differ in any bit that matters."""
    same = ((a == b) | (np.isnan(a) & np.isnan(b))).all(axis=0)
    return [name for name, s in zip(NAMES[: a.shape[1]], same, strict=True) if not s]


def of_contact(events: pa.Table, contact: str) -> pa.Table:
    """The events of one contact."""
    return events.filter(pc.equal(events["contact_id"], contact))


def micros(events: pa.Table, name: str) -> npt.NDArray[np.int64]:
    """A column of times as microseconds since 1970."""
    result: npt.NDArray[np.int64] = events[name].cast(pa.int64()).to_numpy()
    return result
