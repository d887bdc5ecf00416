"""A person's rights: what is held about them as JSON, and its erasure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from features.events.schema import FIELDS
from features.moments import moment_of
from features.store import audit, erasure
from features.store.audit import By
from features.store.database import Database
from features.store.trainings import Training
from serving.answers import to_json
from serving.stored.hints import unknown

_THREAD = ("campaign_id", "actor_id", "hint", "score", "p_annoy")


def export(database: Database, by: By, contact_id: str) -> bytes:
    """Everything that is stored about a person, as JSON. Raises Problem if nothing is."""
    with database.reading() as connection:
        held = erasure.held(connection, by.tenant, contact_id)
    entry = by.to_contact("export", contact_id, database.key, held is not None)
    database.write(lambda c: audit.add(c, entry))
    if held is None:
        raise unknown()
    (person,) = held.people
    described = {name: person[name] for name in ("contact_id", "timezone", "country")}
    return to_json(
        {
            "contact": described | {"attributes": orjson.Fragment(person["attributes"])},
            "events": [_event(row) for row in held.events],
            "threads": [
                {name: row[name] for name in _THREAD}
                | {"touched_at": moment_of(row["touched_us"])}
                for row in held.threads
            ],
            "decisions": [
                {
                    "made_at": moment_of(row["made_us"]), "propensity": row["propensity"],
                    "asked": orjson.Fragment(row["asked"]),
                    "answer": orjson.Fragment(row["answer"]),
                }
                for row in held.decisions
            ],
            "shadows": [
                {
                    "decision_id": row["decision_id"], "model_version": row["model_version"],
                    "made_at": moment_of(row["made_us"]),
                    "answer": None if row["answer"] is None else orjson.Fragment(row["answer"]),
                }
                for row in held.shadows
            ],
            "feedback": [
                {name: row[name] for name in ("decision_id", "action", "reason", "actor_id")}
                | {"given_at": moment_of(row["given_us"])}
                for row in held.feedback
            ],
            "messages": [orjson.Fragment(row["body"]) for row in held.messages],
            "models": _models(held.models),
        }
    )  # fmt: skip


def erase(database: Database, by: By, contact_id: str) -> bytes:
    """Remove everything about a person; what was removed, as JSON. Raises Problem if nothing is."""
    erased = database.write(lambda c: erasure.erase(c, by, contact_id, database.key))
    if erased is None:
        raise unknown()
    return to_json(
        {
            "events": erased.events, "decisions": erased.decisions, "feedback": erased.feedback,
            "opt_out_kept": erased.opt_out_kept, "models": _models(erased.models),
        }
    )  # fmt: skip


def _event(row: dict[str, Any]) -> dict[str, Any]:
    """An event as it was sent, and when the store got it."""
    event = {n: row[n] for n in FIELDS if n in row} | {
        f"{n}_at": moment_of(row[f"{n}_us"])
        for n in ("occurred", "recorded", "come_back", "stored")
        if row[f"{n}_us"] is not None
    }
    return {name: value for name, value in event.items() if value is not None}


def _models(trained: Sequence[Training]) -> list[dict[str, Any]]:
    return [
        {"name": t.model_name, "version": t.model_version, "trained_at": moment_of(t.trained_us)}
        for t in trained
    ]
