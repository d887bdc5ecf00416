"""Files of events to read, and what is said of bad ones."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from features.errors import BadInput
from features.events.files import read_events
from features.events.rows import events_from_rows

HEADER = "event_id,contact_id,occurred_at,kind,channel"
ROW = "e1,c1,2026-03-01T09:00:00Z,touch,email"


def sentence(path: Path) -> str:
    """What is said of a bad file, without the folder it is in."""
    with pytest.raises(BadInput) as caught:
        read_events(path)
    found = str(caught.value)
    assert "\n" not in found
    return found.replace(f"{path.parent}/", "")


def file(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def csv(folder: Path, *lines: str) -> Path:
    return file(folder, "e.csv", "\n".join([HEADER, *lines, ""]))


def some_events(count: int = 3) -> pa.Table:
    rows = [
        {
            "event_id": f"e{n}",
            "contact_id": "007",
            "occurred_at": "2026-03-01T09:00:00.25Z",
            "recorded_at": "2026-03-02T09:00:00Z",
            "kind": "touch",
            "channel": "email",
            "actor_id": 'Zoë, "Z"',
            "relevance": 0.1 + 0.2,
            "personalized": n % 2 == 0,
        }
        for n in range(count)
    ]
    table, problems = events_from_rows(rows)
    assert problems == []
    return table
