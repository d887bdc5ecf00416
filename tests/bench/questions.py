"""What `make bench-serve` asks: histories of twelve events, each moved to end two days ago."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from features.events.files import read_events
from tests.stored import rows_of

EVENTS = 12
_TIMES = ("occurred_at", "recorded_at")
#: What ends a thread for good: an answer to it is short, and so quick.
_ENDS = ("opt_out", "complaint")

History = Sequence[Mapping[str, Any]]


def histories(events: Path, most: int = 1000) -> dict[str, History]:
    """The first twelve events of people who have as many and have not opted out, by contact."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows_of(read_events(events).sort_by("occurred_at")):
        if len(found[row["contact_id"]]) < EVENTS:
            found[row["contact_id"]].append(row)
    whole = {
        contact: _recent(rows)
        for contact, rows in found.items()
        if len(rows) == EVENTS and not any(r["kind"] in _ENDS for r in rows)
    }
    return dict(list(whole.items())[:most])


def _recent(rows: History) -> History:
    last = max(datetime.fromisoformat(row[name]) for row in rows for name in _TIMES)
    later = datetime.now(UTC) - timedelta(days=2) - last
    return [
        {**row, **{n: (datetime.fromisoformat(row[n]) + later).isoformat() for n in _TIMES}}
        for row in rows
    ]


def score_bodies(of: Mapping[str, History]) -> list[bytes]:
    """Bodies of POST /v1/score."""
    return [
        orjson.dumps({"contact": {"contact_id": c, "country": "US"}, "history": rows})
        for c, rows in of.items()
    ]


def scores_bodies(bodies: Sequence[bytes], items: int) -> list[bytes]:
    """The same as bodies of POST /v1/scores, `items` in each."""
    parsed = [orjson.loads(body) for body in bodies]
    whole = range(0, len(parsed) - items + 1, items)
    return [orjson.dumps({"items": parsed[i : i + items]}) for i in whole]


def lists_of(rows: Sequence[Mapping[str, Any]], length: int) -> list[bytes]:
    """Bodies of POST /v1/events."""
    return [orjson.dumps(rows[i : i + length]) for i in range(0, len(rows), length)]


def new_events(of: Mapping[str, History], count: int) -> list[dict[str, Any]]:
    """As many events with ids that nothing else has, of people like these."""
    rows = [row for history in of.values() for row in history]
    return [
        {**rows[i % len(rows)], "event_id": f"new-{i}", "contact_id": f"new-{i // EVENTS}"}
        for i in range(count)
    ]
