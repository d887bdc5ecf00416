"""Hints from stored history: what /v1/score would say, given again until something happens."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from features.moments import microseconds
from features.store import decisions
from features.store.database import Database
from features.store.tables import DECISIONS
from models.decide import Decider
from serving import schemas
from serving.app import create_app
from serving.routes.common import TURNS
from serving.schemas import SCORE_EXAMPLE
from serving.settings import ServiceSettings
from serving.stored.hints import Hints
from tests.api import Clock, asked, post
from tests.stored import TENANT, touch

NOW = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)
PERSON = SCORE_EXAMPLE["contact"]
HISTORY = [e | {"event_id": f"e{i}", "contact_id": "anna"}
           for i, e in enumerate(SCORE_EXAMPLE["history"])]  # fmt: skip


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def client(decider: Decider, database_url: str, clock: Clock) -> Iterator[TestClient]:
    app = create_app(ServiceSettings(database_url=database_url), lambda: decider)
    app.state.clock = clock
    with TestClient(app, raise_server_exceptions=False) as found:
        assert post(found, HISTORY, "/v1/events").json()["accepted"] == 3
        assert post(found, [PERSON], "/v1/contacts").json()["accepted"] == 1
        yield found


def hint(client: TestClient, contact: str = "anna", **query: str) -> Any:
    return client.get(f"/v1/contacts/{contact}/hint", params=query)


def on_record(database: Database) -> int:
    with database.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(DECISIONS)).scalar_one())


def test_the_hint_is_what_the_history_in_a_request_is_answered(client: TestClient) -> None:
    for query in ({"campaign_id": "data-engineer"}, {}, {"campaign_id": ""}, {"campaign_id": "x"}):
        at = "2026-11-23T10:15:00+01:00"
        stored = hint(client, at=at, **query)
        assert stored.status_code == 200
        schemas.DecisionOut.model_validate_json(stored.content)
        told = asked(at=at, campaign_id=query.get("campaign_id"), channels=None, utility=None)
        assert stored.json() == post(client, told).json()


def test_an_answer_is_given_again_while_it_holds(
    client: TestClient, database: Database, clock: Clock
) -> None:
    first = hint(client).json()
    assert first["at"] == "2026-11-23T09:15:00Z"
    clock.now = NOW + timedelta(minutes=14)
    assert hint(client).json() == first
    assert on_record(database) == 1
    clock.now = max(NOW + timedelta(minutes=16), datetime.fromisoformat(first["valid_until"]))
    later = hint(client).json()
    assert later["decision_id"] != first["decision_id"]
    assert on_record(database) == 2


@pytest.mark.parametrize("what", ["event", "description"])
def test_whatever_is_stored_of_the_person_is_answered_to_at_once(
    client: TestClient, what: str
) -> None:
    before = hint(client).json()
    if what == "event":
        reply = {"event_id": "r", "contact_id": "anna", "occurred_at": "2026-11-23T09:00:00Z",
                 "kind": "opt_out"}  # fmt: skip
        post(client, [reply], "/v1/events")
        after = hint(client).json()
        assert after["hint"] == "stop"
        assert "opted_out" in [r["rule"] for r in after["rules"]]
    else:
        post(client, [{"contact_id": "anna", "country": "US"}], "/v1/contacts")
        assert hint(client).json()["decision_id"] != before["decision_id"]


def test_a_few_are_decided_at_a_time(
    client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More would wait for each other longer than they work."""
    most = TURNS[database.url.get_backend_name()]
    lock, all_of_them, running, found = threading.Lock(), 3 * most, 0, []

    def counted(*_: Any) -> bytes:
        nonlocal running
        with lock:
            running += 1
            found.append(running)
        time.sleep(0.05)
        with lock:
            running -= 1
        return b"{}"

    monkeypatch.setattr(Hints, "hint", counted)
    with ThreadPoolExecutor(all_of_them) as pool:
        answers = list(pool.map(lambda _: hint(client).status_code, range(all_of_them)))
    assert answers == [200] * all_of_them
    assert 1 < max(found) <= most


def test_an_event_dated_ahead_counts_from_its_moment(client: TestClient, clock: Clock) -> None:
    ahead = touch("z", "anna", kind="opt_out", channel=None,
                  occurred_at="2026-11-23T09:20:00Z")  # fmt: skip
    post(client, [ahead], "/v1/events")
    assert "opted_out" not in [r["rule"] for r in hint(client).json()["rules"]]
    clock.now = NOW + timedelta(minutes=6)
    assert "opted_out" in [r["rule"] for r in hint(client).json()["rules"]]


def test_another_model_answers_anew(
    client: TestClient, decider: Decider, database: Database
) -> None:
    hint(client)
    with database.reading() as connection:
        own = decisions.current(connection, TENANT, ["anna"], 1 << 60, ("fineline", "1"))
        assert own == {}
        held = decisions.current(connection, TENANT, ["anna"], microseconds(NOW), ("fineline", "1"))
        assert (
            decisions.current(connection, TENANT, ["anna"], microseconds(NOW), ("fineline", "2"))
            == {}
        )
    ((contact, thread),) = held
    assert (contact, thread) == ("anna", "latest")
    (found,) = held.values()
    assert len(found.features) == 4 * len(decider.model.columns)
    assert found.propensity == 1.0


@pytest.mark.parametrize(
    ("contact", "query", "status"),
    [
        ("nobody", {}, 404),
        ("anna", {"at": "yesterday"}, 422),
        ("anna", {"campaign_id": "a\x00b"}, 422),
        (" ", {}, 422),
    ],
)
def test_what_cannot_be_answered_is_a_problem(
    client: TestClient, contact: str, query: dict[str, str], status: int
) -> None:
    answer = hint(client, contact, **query)
    assert answer.status_code == status
    schemas.ProblemOut.model_validate_json(answer.content)
    assert "nobody" not in answer.json()["detail"]
