"""Batch scoring: a request for every open thread of an events table at a moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.events.known import known_by
from features.histories import from_events
from features.moments import microseconds
from features.outcomes import outcomes
from features.state import COMPLAINT, NOTHING, OPT_OUT, TOUCH
from features.timeline import Timeline, as_it_happened
from models.decide import Decider
from models.decision import Decision, Request
from models.fares import Fresh
from models.ledger import Ledger
from serving.record import Record

CHUNK = 1000


def open_threads(
    events: pa.Table,
    contacts: pa.Table | None,
    at: datetime,
    closings: Mapping[str, datetime] | None = None,
) -> list[Request]:
    """Threads with a touch recorded by `at` that nothing recorded by `at` has ended.

    Ordered by contact, then by when the thread began. A contact that has opted out or complained
    has no open thread. The channel judged is the one the thread began on, as where the API is not
    told any. `closings`: when roles close, by campaign.
    """
    known = known_by(events, microseconds(at))
    h = from_events(known)
    happened = as_it_happened(h)
    ends = outcomes(h, happened, microseconds(at)).ends
    threads = _open(happened, ends[happened.entries["event"]])
    ids = h.names["contact_id"].to_pylist()
    campaigns = h.names["campaign_id"].to_pylist()
    histories = known.take(pa.array(happened.entries["event"])).combine_chunks()
    people, closes = _people(contacts), closings or {}
    found = []
    for contact in sorted(threads, key=ids.__getitem__):
        start, end = happened.starts[contact : contact + 2].tolist()
        history = histories.slice(start, end - start)
        person = dict(people.get(ids[contact], {}))
        timezone, country = person.pop("timezone", None), person.pop("country", None)
        found += [
            Request(
                ids[contact], at, history, campaigns[c] if c >= 0 else "", timezone, country,
                person, closes_at=closes.get(campaigns[c]) if c >= 0 else None,
            )
            for c in threads[contact]
        ]  # fmt: skip
    return found


def _open(happened: Timeline, ends: npt.NDArray[np.int8]) -> dict[int, list[int]]:
    """Campaign codes of the open threads of each contact's code; `ends` is per entry."""
    entries, starts = happened.entries, happened.starts
    contact = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    # A contact has at most as many threads as events, so each thread gets a number of its own.
    thread = starts[contact] + entries["slot"]
    touches = entries["kind"] == TOUCH
    campaign = np.zeros(len(entries), np.int64)
    campaign[thread[touches]] = entries["campaign"][touches]
    owner = np.zeros(len(entries), np.int64)
    owner[thread] = contact
    is_open = np.zeros(len(entries), np.bool_)
    is_open[thread[touches]] = True
    is_open[thread[ends != NOTHING]] = False
    gone = np.zeros(len(starts) - 1, np.bool_)
    gone[contact[np.isin(entries["kind"], (OPT_OUT, COMPLAINT))]] = True
    found: dict[int, list[int]] = {}
    for i in np.flatnonzero(is_open & ~gone[owner]).tolist():
        found.setdefault(int(owner[i]), []).append(int(campaign[i]))
    return found


def _people(contacts: pa.Table | None) -> dict[str, dict[str, Any]]:
    if contacts is None:
        return {}
    names = [n for n in contacts.column_names if n != "contact_id"]
    rows = contacts.select(names).to_pylist()
    return dict(zip(contacts["contact_id"].to_pylist(), rows, strict=True))


def fares_by(events: pa.Table, at: datetime) -> Fresh:
    """How senders and clients have fared, by what of the events was recorded by `at`."""
    at_us = microseconds(at)
    return Fresh(Ledger.counted(known_by(events, at_us), at_us))


def decided(decider: Decider, requests: Sequence[Request], record: Record | None) -> list[Decision]:
    """One decision per request; nudges may be held back only where a record is kept."""
    if record is None:
        return decider.decide(requests)
    return decider.recording(record.since).decide(requests)


def chunks(requests: Sequence[Request]) -> Iterator[Sequence[Request]]:
    """Requests in lists of `CHUNK`."""
    for start in range(0, len(requests), CHUNK):
        yield requests[start : start + CHUNK]
