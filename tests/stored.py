"""Events as JSON objects, for the tests of the store."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa

from features.store import history
from features.store.database import Database

TENANT = "default"


def touch(event_id: str, contact_id: str = "anna", **more: Any) -> dict[str, Any]:
    """A touch by e-mail, changed."""
    return {
        "event_id": event_id, "contact_id": contact_id, "occurred_at": "2026-03-02T09:00:00Z",
        "kind": "touch", "channel": "email", "campaign_id": "role-a", **more,
    }  # fmt: skip


def rows_of(events: pa.Table) -> list[dict[str, Any]]:
    """A table of events as JSON objects: what a CRM would send."""
    return [_sent(row) for row in events.to_pylist()]


def _sent(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
        if value is not None
    }


def everything(database: Database, tenant: str = TENANT) -> pa.Table:
    """All events of a tenant, by `event_id`."""
    with database.reading() as connection:
        return history.all_events(connection, tenant).sort_by("event_id")
