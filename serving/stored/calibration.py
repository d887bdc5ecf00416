"""What was said of a touch before it was made, beside what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa

from features.events.schema import EVENTS
from features.moments import microseconds
from features.store import decisions, history
from features.store.database import Database
from features.store.decisions import Said
from models.lags import HORIZON
from serving.stored.fates import fates
from serving.stored.tally import Interval, share_interval

Floats = npt.NDArray[np.float64]
_DAY_US = 86_400_000_000
#: How far back, and how many decisions at most.
_BACK, _MOST = timedelta(days=400), 10_000
#: Predictions are put together by size, as many to a bin: the more happened, the more bins. Fewer
#: touches than this say nothing.
_BINS, _TO_A_BIN, LEAST = 5, 8, 50


@dataclass(frozen=True, slots=True)
class Bin:
    """Touches of which about the same was said: mean chance said, share that happened, 90 %."""

    said: float
    happened: float
    interval: Interval
    touches: int

    @property
    def holds(self) -> bool:
        """Whether what was said is within what chance leaves open."""
        return self.interval[0] <= self.said <= self.interval[1]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Of touches made within a day of a decision on them: bins by chance to land and to annoy."""

    touches: int = 0
    land: tuple[Bin, ...] = ()
    annoy: tuple[Bin, ...] = ()


def calibration(database: Database, tenant: str, now: datetime) -> Calibration:
    """Compare what is on record with what happened, where 30 days have passed.

    What was said is of a touch that no further one follows. A touch that was followed up counts for
    the days until then only (Aalen and Johansen's estimate: the other outcome may come first).
    """
    until = now - timedelta(days=HORIZON)
    with database.reading() as connection:
        said = decisions.said(
            connection, tenant, microseconds(now - _BACK), microseconds(until), _MOST
        )
        contacts = sorted({one.contact_id for one in said})
        found = history.histories(connection, tenant, contacts)
    events = pa.concat_tables([EVENTS.empty_table(), *found.values()])
    told = list(said_and_happened(said, events, microseconds(now)).values())
    if len(told) < LEAST:
        return Calibration(len(told))
    p_land, p_annoy, days, landed, annoyed = np.array(told).T
    return Calibration(
        len(told), _bins(p_land, days, landed, annoyed), _bins(p_annoy, days, annoyed, landed)
    )


def said_and_happened(
    said: Sequence[Said], events: pa.Table, now_us: int
) -> dict[int, tuple[float, ...]]:
    """Of each touch that was decided about within a day before: chances said, days, outcomes.

    By a number of the touch, the same whatever was said; `said` is oldest first.
    """
    f = fates(events, now_us)
    rows = events.select(["contact_id", "campaign_id", "channel"]).take(pa.array(f.row))
    touches = {
        (row["contact_id"], row["campaign_id"], number): (k, row["channel"])
        for k, (row, number) in enumerate(zip(rows.to_pylist(), f.number.tolist(), strict=True))
    }
    found: dict[int, tuple[float, ...]] = {}
    # Oldest first: the last word before the touch counts.
    for one in said:
        k, channel = touches.get((one.contact_id, one.campaign_id, one.touch_number), (-1, ""))
        if k < 0 or not f.mature[k] or not 0 <= f.made[k] - one.made_us <= _DAY_US:
            continue
        answer = orjson.loads(one.answer)
        if answer["channel"] in (None, channel):
            chance = answer["if_nudged"]
            found[k] = (chance["p_land"], chance["p_annoy"], f.days[k], f.landed[k], f.annoyed[k])
    return found


def _bins(said: Floats, days: Floats, happened: Floats, other: Floats) -> tuple[Bin, ...]:
    """Bins of about equal size, by what was said."""
    found = []
    bins = min(max(int(happened.sum()) // _TO_A_BIN, 1), _BINS)
    for rows in np.array_split(np.argsort(said, kind="stable"), bins):
        share = incidence(days[rows], happened[rows], other[rows])
        hits = float(happened[rows].sum())
        # As many touches as would have told as much, had none been followed up.
        told = max(hits / share, hits) if share else float(len(rows))
        found.append(Bin(float(said[rows].mean()), share, share_interval(hits, told), len(rows)))
    return tuple(found)


def incidence(days: Floats, happened: Floats, other: Floats) -> float:
    """The share to which something happens, of touches watched for so many days each.

    >>> incidence(np.array([1.0, 2, 30, 30]), np.array([1.0, 0, 0, 0]), np.zeros(4))
    0.25
    >>> round(incidence(np.array([1.0, 2, 3]), np.array([0.0, 1, 0]), np.zeros(3)), 2)
    0.5
    """
    open_still, share = 1.0, 0.0
    order = np.argsort(days, kind="stable")
    for left, k in zip(range(len(days), 0, -1), order.tolist(), strict=True):
        share += open_still * happened[k] / left
        open_still *= 1 - (happened[k] + other[k]) / left
    return float(share)
