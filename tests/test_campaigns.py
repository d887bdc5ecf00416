"""When roles close: told once, counted in every hint, as it was known at the moment asked about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from fastapi.testclient import TestClient

from features.moments import microseconds
from features.store import campaigns, people, threads
from features.store.database import Database
from features.store.events import append
from features.store.threads import Looked
from models.decide import Decider
from serving import schemas
from serving.app import create_app
from serving.schemas import SCORE_EXAMPLE
from serving.settings import ServiceSettings
from serving.stored.hints import Hints
from serving.stored.replay import on_record, replay
from serving.telemetry import Telemetry
from tests.api import PROBLEM, Clock, asked, post
from tests.stored import TENANT, touch

NOW = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)
ROLE = "data-engineer"
HISTORY = [e | {"event_id": f"e{i}", "contact_id": "anna"}
           for i, e in enumerate(SCORE_EXAMPLE["history"])]  # fmt: skip
SOON, PAST = "2026-11-26T17:00:00Z", "2026-11-23T09:00:00Z"


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def client(decider: Decider, database_url: str, clock: Clock) -> Iterator[TestClient]:
    # What is looked at in the background would come between, at a moment of its own.
    app = create_app(
        ServiceSettings(database_url=database_url, refresh_seconds=3600), lambda: decider
    )
    app.state.clock = clock
    with TestClient(app, raise_server_exceptions=False) as found:
        assert post(found, HISTORY, "/v1/events").json()["accepted"] == 3
        assert post(found, [SCORE_EXAMPLE["contact"]], "/v1/contacts").json()["accepted"] == 1
        yield found


def tell(client: TestClient, sent: Any, campaign: str = ROLE) -> Any:
    return client.put(f"/v1/campaigns/{quote(campaign, safe='')}", content=orjson.dumps(sent))


def hint(client: TestClient, **query: str) -> dict[str, Any]:
    answer = client.get("/v1/contacts/anna/hint", params=query)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def rules(answer: dict[str, Any]) -> list[str]:
    return [r["rule"] for r in answer["rules"]]


def test_a_closing_that_is_told_counts_as_if_it_were_asked_with(client: TestClient) -> None:
    assert tell(client, {"closes_at": SOON}).json() == {
        "campaign_id": ROLE, "closes_at": SOON, "set_at": "2026-11-23T09:15:00Z",
    }  # fmt: skip
    for query in ({"campaign_id": ROLE}, {}):
        stored = hint(client, at="2026-11-23T09:15:00Z", **query)
        told = asked(at="2026-11-23T09:15:00Z", channels=None, utility=None, closes_at=SOON)
        assert stored == post(client, told | {"campaign_id": ROLE}).json()
    assert hint(client, campaign_id="other")["decision_id"] != stored["decision_id"]


def test_an_answer_holds_until_the_role_closes_at_another_time(client: TestClient) -> None:
    for query in ({"campaign_id": ROLE}, {}):
        tell(client, {})
        open_still = hint(client, **query)
        assert "role_closed" not in rules(open_still)
        tell(client, {"closes_at": PAST})
        closed = hint(client, **query)
        assert (closed["hint"], rules(closed)) == ("stop", ["role_closed"])
        tell(client, {"closes_at": PAST})
        assert hint(client, **query) == closed
        tell(client, {"closes_at": None})
        assert hint(client, **query)["decision_id"] == open_still["decision_id"]


def test_no_hint_outlives_the_role(client: TestClient, clock: Clock) -> None:
    tell(client, {"closes_at": "2026-11-23T09:20:00Z"})
    first = hint(client)
    assert first["valid_until"] <= "2026-11-23T09:20:00Z"
    assert "role_closed" not in rules(first)
    clock.now = NOW + timedelta(minutes=6)
    assert rules(hint(client)) == ["role_closed"]


def test_a_question_about_the_past_goes_by_what_was_told_then(
    client: TestClient, clock: Clock
) -> None:
    before = hint(client, at="2026-11-23T09:10:00Z")
    tell(client, {"closes_at": PAST})
    assert hint(client, at="2026-11-23T09:10:00Z") == before
    clock.now = NOW + timedelta(minutes=10)
    tell(client, {"closes_at": "2027-11-26T17:00:00Z"})
    assert "role_closed" in rules(hint(client, at="2026-11-23T09:20:00Z"))
    assert "role_closed" not in rules(hint(client))


def test_it_stays_until_something_else_is_said(client: TestClient, clock: Clock) -> None:
    assert client.get(f"/v1/campaigns/{ROLE}").status_code == 404
    tell(client, {"closes_at": SOON})
    clock.now = NOW + timedelta(hours=1)
    for _ in range(2):
        same = tell(client, {"closes_at": "2026-11-26T18:00:00+01:00"}).json()
        assert same == client.get(f"/v1/campaigns/{ROLE}").json()
        assert (same["closes_at"], same["set_at"]) == (SOON, "2026-11-23T09:15:00Z")
        schemas.CampaignOut.model_validate(same)
    assert tell(client, {}).json()["closes_at"] is None


def test_ids_with_letters_of_addresses(client: TestClient) -> None:
    role = "berlin/data engineer?#%"
    assert tell(client, {"closes_at": SOON}, role).json()["campaign_id"] == role
    answer = client.get(f"/v1/campaigns/{quote(role, safe='')}")
    assert answer.json()["campaign_id"] == role


@pytest.mark.parametrize(
    ("campaign", "sent", "field"),
    [
        (ROLE, {"closes_at": "in March"}, "closes_at"),
        (ROLE, {"closes_at": 5}, "closes_at"),
        (ROLE, {"closes_at": "2026-11-26T17:00:00"}, "closes_at"),
        (ROLE, {"closes": SOON}, "closes"),
        (ROLE, [SOON], ""),
        (" ", {"closes_at": SOON}, "campaign_id"),
        ("a\x00b", {"closes_at": SOON}, "campaign_id"),
        ("\u00e9" * 501, {"closes_at": SOON}, "campaign_id"),
    ],
)
def test_what_cannot_be_kept_is_refused_naming_the_field(
    client: TestClient, campaign: str, sent: Any, field: str
) -> None:
    answer = tell(client, sent, campaign)
    assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM)
    assert [e["field"] for e in answer.json()["errors"]] == [field]
    assert client.get(f"/v1/campaigns/{ROLE}").status_code == 404


@pytest.fixture
def hints(database: Database, decider: Decider) -> Hints:
    now = microseconds(NOW)
    append(database, TENANT, [*HISTORY, touch("t", "ben", occurred_at="2026-11-02T09:00:00Z")], now)
    people.describe(database, TENANT, [people.Person("anna", "Europe/Berlin")], now)
    return Hints(database, decider, Telemetry(), TENANT, NOW)


def close(database: Database, campaign: str, closes: datetime | None, now: datetime) -> None:
    closes_us = None if closes is None else microseconds(closes)
    database.write(lambda c: campaigns.tell(c, TENANT, campaign, closes_us, microseconds(now)))


def test_a_look_that_began_before_the_role_closed_is_not_kept(hints: Hints) -> None:
    database = hints.database
    with database.reading() as connection:
        version = people.persons(connection, TENANT, ["anna"])["anna"].version
    until = microseconds(NOW + timedelta(minutes=1))
    claimed = database.write(lambda c: threads.claim(c, microseconds(NOW), until, 9))
    assert (TENANT, "anna") in claimed
    close(database, ROLE, NOW, NOW)
    late = Looked("anna", version, microseconds(NOW + timedelta(days=1)), ())
    assert database.write(lambda c: threads.replace(c, TENANT, [late], "1")) == []
    with database.reading() as connection:
        assert threads.waiting(connection, TENANT, microseconds(NOW)) == 2


def test_a_closing_is_one_tenants(hints: Hints) -> None:
    database = hints.database
    database.write(lambda c: campaigns.tell(c, "other", ROLE, microseconds(NOW), microseconds(NOW)))
    answer = orjson.loads(hints.hint("anna", ROLE, None))
    assert "role_closed" not in rules(answer)


def test_an_answer_that_went_by_a_closing_is_replayed(hints: Hints) -> None:
    close(hints.database, ROLE, NOW + timedelta(days=3), NOW)
    answer = orjson.loads(hints.hint("anna", None, None))
    close(hints.database, ROLE, None, NOW + timedelta(minutes=1))
    was = on_record(hints.database, TENANT, answer["decision_id"])
    assert replay(hints.database, TENANT, was, hints.decider).same
