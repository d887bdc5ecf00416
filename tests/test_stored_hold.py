"""The randomised hold over stored histories: it begins with the first hint on record."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from features.moments import microseconds
from features.store import decisions
from features.store.database import Database
from features.store.events import append
from models.decide import Decider
from models.decision import Decision, Request, Utility
from models.hold import Hold
from serving.stored.hints import Hints
from serving.stored.looking import look_at
from serving.stored.replay import on_record, replay
from serving.telemetry import Telemetry
from tests.stored import TENANT, touch

MORNING = datetime(2026, 3, 3, 10, tzinfo=UTC)


class Eager(Decider):
    """Of somebody to whom a landing is worth a hundred times as much, and nothing else counts."""

    def decide(self, requests: Sequence[Request]) -> list[Decision]:
        worth = Utility(100.0, 0.0, 0.0)
        return super().decide([dataclasses.replace(r, utility=worth) for r in requests])


@pytest.fixture(scope="module")
def eager(decider: Decider) -> Decider:
    return Eager(decider.model, decider.ref)


def held_store(database: Database, decider: Decider, key: bytes) -> Hints:
    """A store of one person who is worth a nudge, asked with a hold of every second nudge."""
    append(database, TENANT, [touch("t1", occurred_at="2026-01-05T09:00:00Z")], 1)
    keen = copy.copy(decider)
    keen.hold = Hold(0.5, key)
    return Hints(database, keen, Telemetry(), TENANT, MORNING)


def first_key(decider: Decider, held: bool) -> bytes:
    """A key by which the person's second touch is drawn, or not."""
    keys = (str(i).encode() for i in range(100))
    return next(k for k in keys if (Hold(0.5, k).uniform("anna", "role-a", 2) < 0.5) == held)


def ask(hints: Hints, now: datetime) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(
        dataclasses.replace(hints, now=now).hint("anna", "role-a", None)
    )
    return found


def test_a_stored_nudge_is_held_for_a_week_from_its_first_hint(
    database: Database, eager: Decider
) -> None:
    hints = held_store(database, eager, first_key(eager, held=True))
    first = ask(hints, MORNING)
    assert (first["hint"], first["held"], first["propensity"]) == ("wait", True, 0.5)
    assert "held_back" in [r["rule"] for r in first["rules"]]
    release = first["nudge_at"]
    assert release >= (MORNING + timedelta(days=7)).isoformat()[:10]
    for hours in (1, 4):
        later = ask(hints, MORNING + timedelta(hours=hours))
        assert (later["held"], later["nudge_at"]) == (True, release)
    free = ask(hints, MORNING + timedelta(days=7, hours=1))
    assert (free["hint"], free["held"], free["propensity"]) == ("nudge", False, 1.0)
    for answer in (first, free):
        was = on_record(database, TENANT, answer["decision_id"])
        assert replay(database, TENANT, was, hints.decider).same


def test_a_question_about_another_moment_is_never_held(database: Database, eager: Decider) -> None:
    hints = held_store(database, eager, first_key(eager, held=True))
    found = orjson.loads(hints.hint("anna", "role-a", MORNING + timedelta(days=1)))
    assert (found["hint"], found["held"], found["propensity"]) == ("nudge", False, 1.0)


@pytest.mark.parametrize("held", [True, False])
def test_a_look_begins_the_week_as_a_hint_does(
    database: Database, eager: Decider, held: bool
) -> None:
    hints = held_store(database, eager, first_key(eager, held))
    look_at(database, hints.decider, TENANT, ["anna"], MORNING)
    with database.reading() as connection:
        [since] = decisions.first_hinted(connection, TENANT, ["anna"]).values()
    assert since == microseconds(MORNING)
    later = ask(hints, MORNING + timedelta(days=3))
    assert (later["held"], later["propensity"]) == (held, 0.5)
    look_at(database, hints.decider, TENANT, ["anna"], MORNING + timedelta(days=4))
    with database.reading() as connection:
        [since] = decisions.first_hinted(connection, TENANT, ["anna"]).values()
    assert since == microseconds(MORNING)
