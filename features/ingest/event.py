"""One event on its way from a mailbox or an export to the table of events."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa

from features.events.schema import EVENTS, FIELDS
from features.events.text import id_problem


@dataclass(frozen=True, slots=True)
class Event:
    """The fields of the contract; times are aware, `recorded_at` None means `occurred_at`."""

    event_id: str
    contact_id: str
    occurred_at: datetime
    kind: str
    recorded_at: datetime | None = None
    channel: str | None = None
    sentiment: str | None = None
    actor_id: str | None = None
    account_id: str | None = None
    campaign_id: str | None = None
    relevance: float | None = None
    personalized: bool | None = None
    #: Not shown: events without an id are named after what is, and keep their names.
    come_back_at: datetime | None = field(default=None, repr=False)


def events_table(events: Iterable[Event]) -> pa.Table:
    """The events as a table of `EVENTS`, in their order."""
    rows = list(events)
    columns = {name: [getattr(row, name) for row in rows] for name in FIELDS}
    columns["recorded_at"] = [row.recorded_at or row.occurred_at for row in rows]
    return pa.table(columns, schema=EVENTS)


def stable_id(text: str) -> str:
    """The text itself where it can be an id, else a digest of it, the same on every run.

    >>> stable_id("a@example.org")
    'a@example.org'
    >>> stable_id("line" + chr(10))[:7]
    'blake2-'
    """
    if text and id_problem(text) is None:
        return text
    return f"blake2-{digest(text.encode('utf-8', 'surrogateescape'))}"


def digest(data: bytes) -> str:
    """A short fingerprint (128 bits, hexadecimal)."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()
