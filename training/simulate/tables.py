"""Written event rows to a canonical Arrow table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.events.schema import CHANNELS, EVENTS, KINDS, SENTIMENTS, TIMESTAMP
from training.simulate.population import contact_ids

#: How actors, accounts and campaigns are named: `recruiter-0`, `client-0`, `role-0`, ...
PARTIES = {"actor": "recruiter", "account": "client", "campaign": "role"}
_ID_DIGITS = {"contact": 7, "number": 4}


def events_table(rows: NDArray[np.void], contacts: int) -> pa.Table:
    """The events in order of `occurred_at`, string columns but `event_id` dictionary-encoded."""
    return as_table(rows[np.argsort(rows["occurred"], kind="stable")], contacts)


def as_table(rows: NDArray[np.void], contacts: int, prefix: str = "") -> pa.Table:
    """The events in the order given; `prefix` sets these parties apart from another world's."""
    relevance = rows["relevance"]
    personalized = rows["personalized"]
    columns: dict[str, Any] = {
        "event_id": event_ids(rows["contact"], rows["number"]),
        "contact_id": _encoded(rows["contact"], contact_ids(contacts)),
        "occurred_at": pa.array(rows["occurred"].copy()).cast(TIMESTAMP),
        "recorded_at": pa.array(rows["recorded"].copy()).cast(TIMESTAMP),
        "kind": _encoded(rows["kind"], KINDS),
        "channel": _encoded(rows["channel"], CHANNELS),
        "sentiment": _encoded(rows["sentiment"], SENTIMENTS),
        **{
            f"{who}_id": _encoded(rows[who], [prefix + name for name in party_ids(who, rows[who])])
            for who in PARTIES
        },
        "relevance": pa.array(relevance.copy(), mask=np.isnan(relevance)),
        "personalized": pa.array(personalized == 1, mask=personalized < 0),
        "come_back_at": pa.nulls(len(rows), TIMESTAMP),
    }
    return pa.table([columns[name] for name in EVENTS.names], names=EVENTS.names)


def party_ids(who: str, codes: NDArray[np.int32]) -> list[str]:
    """Names for codes 0 to the largest: `recruiter-0`, `recruiter-1`, ..."""
    return [f"{PARTIES[who]}-{i}" for i in range(int(codes.max(initial=-1)) + 1)]


def event_ids(contact: NDArray[np.int32], number: NDArray[np.int32]) -> pa.Array:
    """`e`, seven digits of the contact, four of the event's number within the contact."""
    digits = [(contact, _ID_DIGITS["contact"]), (number, _ID_DIGITS["number"])]
    width = 1 + sum(_ID_DIGITS.values())
    text = np.empty((len(contact), width), np.uint8)
    text[:, 0] = ord("e")
    column = width
    for values, places in reversed(digits):
        rest = values.astype(np.int64)
        for _ in range(places):
            column -= 1
            text[:, column] = rest % 10 + ord("0")
            rest //= 10
    offsets = np.arange(0, (len(contact) + 1) * width, width, dtype=np.int32)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(text)]
    return pa.Array.from_buffers(pa.string(), len(contact), buffers)


def _encoded(codes: NDArray[Any], names: Any) -> pa.DictionaryArray:
    indices = pa.array(codes.astype(np.int32), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(names, pa.string()))
