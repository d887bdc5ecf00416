"""Decisions on record: replayed to the bit, told what was done with them, gone after a while."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient

from features.errors import BadInput
from features.moments import microseconds
from features.store import decisions
from features.store.database import Database
from features.store.events import append
from models.decide import Decider
from models.decision import ModelRef, NextTouch, Request, Utility
from serving import schemas
from serving.app import create_app
from serving.settings import ServiceSettings
from serving.stored.replay import on_record, replay
from serving.stored.situation import asked_again, asked_json
from tests.api import post
from tests.factories import agency, contacts_of
from tests.stored import TENANT, rows_of, touch

AT = "2024-07-09T10:00:00Z"


@pytest.fixture
def client(decider: Decider, database_url: str) -> Iterator[TestClient]:
    app = create_app(ServiceSettings(database_url=database_url), lambda: decider)
    with TestClient(app, raise_server_exceptions=False) as found:
        post(found, rows_of(agency(5)), "/v1/events")
        people = [{k: v for k, v in row.items() if v} for row in contacts_of(agency(5)).to_pylist()]
        post(found, [p | {"attributes": {"years": 3, "level": "high"}} for p in people],
             "/v1/contacts")  # fmt: skip
        yield found


def hint(client: TestClient, contact: str, **query: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/v1/contacts/{contact}/hint", params=query).json()
    return found


def test_every_decision_comes_out_again_to_the_bit(
    client: TestClient, database: Database, decider: Decider
) -> None:
    asked = [hint(client, f"contact-{i}", at=AT, campaign_id=c)
             for i in range(8) for c in ("role-a", "")]  # fmt: skip
    asked += [hint(client, "contact-1"), hint(client, "contact-2", at=AT)]
    more = [touch(f"n{i}", f"contact-{i}", occurred_at="2024-07-01T09:00:00Z") for i in range(8)]
    post(client, more, "/v1/events")
    post(client, [{"contact_id": "contact-1", "country": "US"}], "/v1/contacts")
    for decision in asked:
        was = on_record(database, TENANT, decision["decision_id"])
        assert orjson.loads(was.answer) == decision
        found = replay(database, TENANT, was, decider)
        assert found.same, found.differences


def test_a_replay_tells_what_differs(
    client: TestClient, database: Database, decider: Decider
) -> None:
    was = on_record(database, TENANT, hint(client, "contact-1", at=AT)["decision_id"])
    other = Decider(decider.model, ModelRef("fineline", "2"))
    assert set(replay(database, TENANT, was, other).differences) == {"decision_id", "model"}
    with pytest.raises(BadInput, match="'x' is on record"):
        on_record(database, TENANT, "x")
    with pytest.raises(BadInput):
        on_record(database, "other", was.decision_id)


def test_a_request_is_written_down_whole() -> None:
    at = datetime(2024, 7, 9, 10, 0, 0, 123456, tzinfo=UTC)
    asked = Request(
        "anna", at, agency(1), "role", "Europe/Berlin", "DE", {"us": 1.0, "level": "high"},
        ("email", "phone"), Utility(0.1, 0.2, 0.3), NextTouch(0.5, True, "actor-1"),
    )  # fmt: skip
    again = asked_again(asked_json(asked), "anna", asked.history)
    assert again == asked


def test_feedback_is_kept_with_the_decision(client: TestClient) -> None:
    decision = hint(client, "contact-1", at=AT)["decision_id"]
    path = f"/v1/decisions/{decision}/feedback"
    sent = {"action": "overridden", "reason": "met yesterday", "actor_id": "actor-1"}
    answer = post(client, sent, path)
    assert answer.status_code == 200
    schemas.FeedbackOut.model_validate_json(answer.content)
    assert post(client, {"action": "followed"}, path).status_code == 200
    kept = client.get("/v1/contacts/contact-1").json()["feedback"]
    assert [(f["action"], f["reason"]) for f in kept] == [
        ("overridden", "met yesterday"), ("followed", None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "status", "field"),
    [
        ({"action": "ignored"}, 422, "action"),
        ({}, 422, "action"),
        ({"action": "followed", "reason": 5}, 422, "reason"),
        ({"action": "followed", "reason": "x" * 1001}, 422, "reason"),
        ({"action": "followed", "why": "x"}, 422, "why"),
        ([], 422, None),
        ({"action": "followed"}, 404, None),
    ],
)
def test_feedback_that_is_wrong_is_refused(
    client: TestClient, sent: Any, status: int, field: str | None
) -> None:
    answer = post(client, sent, "/v1/decisions/nothing/feedback")
    assert answer.status_code == status
    problem = schemas.ProblemOut.model_validate_json(answer.content)
    assert field is None or field in [e.field for e in problem.errors]


def test_what_is_older_than_the_retention_goes_with_its_feedback(
    client: TestClient, database: Database
) -> None:
    decision = hint(client, "contact-1")["decision_id"]
    post(client, {"action": "followed"}, f"/v1/decisions/{decision}/feedback")
    now = datetime.now(UTC)
    before = microseconds(now - timedelta(hours=1))
    assert database.write(lambda c: decisions.expire(c, before)) == 0
    assert len(client.get("/v1/contacts/contact-1").json()["feedback"]) == 1
    after = microseconds(now + timedelta(hours=1))
    assert database.write(lambda c: decisions.expire(c, after)) == 1
    held = client.get("/v1/contacts/contact-1").json()
    assert (held["decisions"], held["feedback"]) == ([], [])


def test_score_puts_nothing_on_record(client: TestClient, database: Database) -> None:
    append(database, TENANT, [], 1)
    answer = post(client, {"contact": {"contact_id": "contact-1"}, "history": []}).json()
    with pytest.raises(BadInput):
        on_record(database, TENANT, answer["decision_id"])
