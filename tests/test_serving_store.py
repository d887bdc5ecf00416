"""Routes of the store: receipts in order, acknowledged when stored, 503 while it is away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from fastapi.testclient import TestClient

from features.store import history, people
from features.store.database import Database
from models.decide import Decider
from serving import schemas
from serving.app import create_app
from serving.examples import CONTACTS, EVENTS
from serving.settings import ServiceSettings
from tests.api import PROBLEM, post
from tests.postgres import Server
from tests.stored import TENANT, everything, touch


@pytest.fixture
def client(decider: Decider, database_url: str) -> Iterator[TestClient]:
    app = create_app(ServiceSettings(database_url=database_url), lambda: decider)
    with TestClient(app, raise_server_exceptions=False) as found:
        yield found


def put(client: TestClient, contact_id: str, body: Any) -> Any:
    return client.put(f"/v1/contacts/{quote(contact_id, safe='')}", content=orjson.dumps(body))


def test_events_are_acknowledged_in_the_order_sent(client: TestClient, database: Database) -> None:
    sent = [*EVENTS, EVENTS[0], touch("x", kind="dance"), 7, {"event_id": "y"}]
    answer = post(client, sent, "/v1/events")
    assert answer.status_code == 200
    schemas.ReceiptsOut.model_validate_json(answer.content)
    found = answer.json()
    assert (found["accepted"], found["duplicates"], found["refused"]) == (2, 1, 3)
    assert [(i["id"], i["status"]) for i in found["items"]] == [
        ("crm-1", "accepted"), ("crm-2", "accepted"), ("crm-1", "duplicate"),
        ("x", "refused"), (None, "refused"), ("y", "refused"),
    ]  # fmt: skip
    errors = [i["error"]["errors"][0]["field"] for i in found["items"][3:]]
    assert errors == ["events[3].kind", "events[4]", "events[5].contact_id"]
    assert everything(database)["event_id"].to_pylist() == ["crm-1", "crm-2"]
    again = post(client, sent, "/v1/events").json()
    assert (again["accepted"], again["duplicates"], again["refused"]) == (0, 3, 3)


def test_a_reply_two_months_later_finds_its_touch(client: TestClient, database: Database) -> None:
    reply = touch("e2", kind="reply", channel=None, occurred_at="2026-05-04T09:00:00Z")
    for event in (reply, touch("e1")):
        assert post(client, [event], "/v1/events").json()["accepted"] == 1
    with database.reading() as connection:
        found = history.history(connection, TENANT, "anna")
    assert found["kind"].to_pylist() == ["reply", "touch"]


@pytest.mark.parametrize(
    ("path", "sent", "status"),
    [
        ("/v1/events", {"events": []}, 422),
        ("/v1/events", None, 422),
        ("/v1/events", [{}] * 10_001, 413),
        ("/v1/contacts", [{}] * 10_001, 413),
        ("/v1/contacts", "anna", 422),
    ],
)
def test_what_is_no_list_or_too_long_is_refused(
    client: TestClient, path: str, sent: Any, status: int
) -> None:
    answer = post(client, sent, path)
    assert answer.status_code == status
    schemas.ProblemOut.model_validate_json(answer.content)


def test_contacts_are_stored_one_by_one_and_as_a_list(
    client: TestClient, database: Database
) -> None:
    answer = post(client, [*CONTACTS, {"contact_id": "carl", "country": "UK"}, []], "/v1/contacts")
    schemas.ReceiptsOut.model_validate_json(answer.content)
    assert [i["status"] for i in answer.json()["items"]] == ["accepted"] * 2 + ["refused"] * 2
    assert answer.json()["items"][2]["error"]["errors"][0]["field"] == "contacts[2].country"
    odd = "crm/7?x=1#é"
    stored = put(client, odd, {"country": "NL", "attributes": {"senior": True, "audit_age": 50}})
    schemas.PersonOut.model_validate_json(stored.content)
    assert stored.json() == {
        "contact_id": odd, "timezone": None, "country": "NL", "attributes": {"senior": 1.0},
    }  # fmt: skip
    with database.reading() as connection:
        found = people.persons(connection, TENANT, ["anna", "ben", "carl", odd])
    assert set(found) == {"anna", "ben", odd}
    assert found["anna"].attributes == {"seniority": "senior", "years_experience": 9.0}


@pytest.mark.parametrize(
    ("contact", "body", "field"),
    [
        ("anna", {"timezone": "Mars"}, "timezone"),
        ("anna", {"contact_id": "anna"}, "contact_id"),
        ("anna", {"attributes": {"x": [1]}}, "attributes.x"),
        ("anna", {"attributes": 3}, "attributes"),
        ("anna", [], None),
        (" ", {}, "contact_id"),
        ("é" * 501, {}, "contact_id"),
    ],
)
def test_a_description_that_is_wrong_names_the_field(
    client: TestClient, contact: str, body: Any, field: str | None
) -> None:
    answer = put(client, contact, body)
    assert answer.status_code == 422
    problem = schemas.ProblemOut.model_validate_json(answer.content)
    assert field is None or field in [e.field for e in problem.errors]


def test_a_store_that_is_away_is_a_503_and_comes_back(decider: Decider, postgres: Server) -> None:
    url = postgres.create("away", "migrated")
    app = create_app(ServiceSettings(database_url=url), lambda: decider)
    with TestClient(app) as client:
        assert post(client, [touch("e1")], "/v1/events").status_code == 200
        postgres.stop()
        try:
            answers = [post(client, [touch("e2")], "/v1/events"), put(client, "anna", {})]
            assert client.get("/readyz").status_code == 200
        finally:
            postgres.start()
        for answer in answers:
            assert answer.status_code == 503
            assert answer.headers["content-type"] == PROBLEM
            assert answer.headers["retry-after"] == "5"
            assert "fineline@" not in answer.text
        assert post(client, [touch("e1"), touch("e2")], "/v1/events").json()["accepted"] == 1


def test_nothing_is_made_where_nothing_is_stored(decider: Decider, tmp_path: Path) -> None:
    with TestClient(create_app(ServiceSettings(home=tmp_path), lambda: decider)) as client:
        assert client.get("/readyz").status_code == 200
        assert list(tmp_path.iterdir()) == []
        post(client, EVENTS, "/v1/events")
        assert (tmp_path / "store.db").exists()
