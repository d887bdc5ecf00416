"""Lists to be stored: each item is answered by a receipt, and none fails the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from features.moments import microseconds
from features.store import events, people
from features.store.database import Database
from features.store.people import Person
from serving.answers import to_json
from serving.bodies import load_json
from serving.problems import FieldError, Problem, invalid, within
from serving.stored.described import person_of


def events_stored(body: bytes, database: Database, tenant: str, now: datetime, most: int) -> bytes:
    """Store the events of a `POST /v1/events`; its answer as JSON. Raises Problem."""
    rows = _listed(body, "events", most)
    receipts = events.append(database, tenant, rows, microseconds(now))
    problems = [
        invalid([FieldError(p.field or "", p.message) for p in r.problems]) if r.problems else None
        for r in receipts
    ]
    return _answer(rows, [r.status for r in receipts], problems, "events", "event_id")


def contacts_stored(
    body: bytes, database: Database, tenant: str, now: datetime, most: int
) -> bytes:
    """Store the contacts of a `POST /v1/contacts`; its answer as JSON. Raises Problem."""
    rows = _listed(body, "contacts", most)
    found = [_tried(row) for row in rows]
    people.describe(
        database, tenant, [p for p in found if isinstance(p, Person)], microseconds(now)
    )
    problems = [p if isinstance(p, Problem) else None for p in found]
    statuses = ["refused" if p else "accepted" for p in problems]
    return _answer(rows, statuses, problems, "contacts", "contact_id")


def _tried(row: object) -> Person | Problem:
    try:
        return person_of(row)
    except Problem as problem:
        return problem


def _listed(body: bytes, what: str, most: int) -> list[Any]:
    found = load_json(body)
    if not isinstance(found, list):
        raise invalid([FieldError("", f"The body must be a list of {what}.")])
    if len(found) > most:
        raise Problem(413, f"There are {len(found):,} {what}; at most {most:,} are taken at once.")
    return found


def _answer(
    rows: Sequence[Any],
    statuses: Sequence[str],
    problems: Sequence[Problem | None],
    what: str,
    key: str,
) -> bytes:
    counted = Counter(statuses)
    items: list[dict[str, Any]] = []
    for i, (row, status, problem) in enumerate(zip(rows, statuses, problems, strict=True)):
        own = row.get(key) if isinstance(row, dict) else None
        item: dict[str, Any] = {"id": own if isinstance(own, str) else None, "status": status}
        if problem is not None:
            item["error"] = within(f"{what}[{i}]", problem).body(f"/v1/{what}")
        items.append(item)
    return to_json(
        {
            "accepted": counted["accepted"],
            "duplicates": counted["duplicate"],
            "refused": counted["refused"],
            "items": items,
        }
    )
