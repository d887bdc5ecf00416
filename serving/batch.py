"""Batch scoring: a request for every open thread of an events table at a moment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.decision import Request
from models.history import summarise
from models.situation import microseconds

CHUNK = 1000


def open_threads(events: pa.Table, contacts: pa.Table | None, at: datetime) -> Iterator[Request]:
    """Threads with a touch recorded by `at` that nothing recorded by `at` has ended.

    A contact that has opted out or complained has no open thread. The channel judged is the one
    the thread began on, as where the API is not told any.
    """
    at_us = microseconds(at)
    known = events.filter(pc.less_equal(events["recorded_at"].cast(pa.int64()), at_us))
    order = pc.sort_indices(known["contact_id"].cast(pa.string()))
    known = known.take(order).combine_chunks()
    ids = known["contact_id"].cast(pa.string()).to_numpy(zero_copy_only=False)
    starts = np.flatnonzero(np.r_[True, ids[1:] != ids[:-1]]) if len(ids) else np.array([], int)
    people = _people(contacts)
    for start, end in zip(starts, np.r_[starts[1:], len(ids)], strict=True):
        history = known.slice(int(start), int(end - start))
        yield from _of_contact(str(ids[start]), history, at, at_us, people.get(str(ids[start]), {}))


def _of_contact(
    contact: str, history: pa.Table, at: datetime, at_us: int, person: dict[str, Any]
) -> Iterator[Request]:
    summary = summarise(history, at_us)
    if summary.opted_out_us is not None or summary.complained_us is not None:
        return
    touched: dict[str | None, None] = {}
    last: str | None = None
    rows = sorted(
        zip(
            history["occurred_at"].to_pylist(),
            history["kind"].to_pylist(),
            history["campaign_id"].to_pylist(),
            strict=True,
        ),
        key=lambda row: row[0],
    )
    for _, kind, campaign in rows:
        if kind == "touch":
            touched[campaign] = None
            last = campaign
    ended = {*summary.landed, *summary.pushed_back}
    if None in ended and None not in touched:
        ended.add(last)
    attributes = {k: v for k, v in person.items() if k not in ("timezone", "country")}
    for campaign in touched:
        if campaign not in ended:
            yield Request(
                contact, at, history, campaign or "", person.get("timezone"),
                person.get("country"), attributes,
            )  # fmt: skip


def _people(contacts: pa.Table | None) -> dict[str, dict[str, Any]]:
    if contacts is None:
        return {}
    names = [n for n in contacts.column_names if n != "contact_id"]
    rows = contacts.select(names).to_pylist()
    return dict(zip(contacts["contact_id"].to_pylist(), rows, strict=True))


def chunks(requests: Iterator[Request]) -> Iterator[list[Request]]:
    """Requests in lists of `CHUNK`."""
    chunk: list[Request] = []
    for request in requests:
        chunk.append(request)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
