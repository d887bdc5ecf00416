"""The work list: current, ranked, within what the day allows, the same however it came about."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pyarrow as pa
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, select

from features.moments import microseconds
from features.store import campaigns, people, threads
from features.store.database import Database
from features.store.events import append
from features.store.people import Person
from features.store.tables import PEOPLE, THREADS
from models.decide import Decider
from models.decision import Decision, Request, Utility
from serving import schemas
from serving.app import create_app
from serving.batch import open_threads
from serving.problems import Problem
from serving.settings import ServiceSettings
from serving.stored.hints import Hints
from serving.stored.looking import look, why
from serving.stored.worklist import Asked, Place, worklist
from serving.telemetry import Telemetry
from tests.factories import Shape, agency, contacts_of, table
from tests.stored import TENANT, rows_of, touch

NOW = datetime(2024, 7, 9, 10, tzinfo=UTC)
EVERYBODY = 10**6


class Eager(Decider):
    """Would nudge wherever no rule is against it, first whom it is least likely to annoy."""

    def decide(self, requests: Sequence[Request]) -> list[Decision]:
        return [
            d if d.rules or d.hint == "nudge"
            else dataclasses.replace(
                d, hint="nudge", channel="email", nudge_at=d.at, score=1 - d.if_nudged.p_annoy
            )
            for d in super().decide(requests)
        ]  # fmt: skip


@pytest.fixture(scope="module")
def eager(decider: Decider) -> Decider:
    return Eager(decider.model, decider.ref)


@pytest.fixture(scope="module")
def sent() -> pa.Table:
    return agency(5, Shape(contacts=60))


@pytest.fixture
def hints(database: Database, eager: Decider, sent: pa.Table) -> Hints:
    append(database, TENANT, rows_of(sent), microseconds(NOW))
    described = [Person(**row) for row in contacts_of(sent).to_pylist()]
    people.describe(database, TENANT, described, microseconds(NOW))
    return Hints(database, eager, Telemetry(), TENANT, NOW)


def listed(hints: Hints, place: Place | None = None, **asked: Any) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(worklist(hints, Asked(**asked), place or Place()))
    schemas.WorklistOut.model_validate_json(orjson.dumps(found))
    return found


def names(items: Sequence[dict[str, Any]]) -> list[tuple[str, str | None]]:
    return [(i["contact_id"], i["campaign_id"]) for i in items]


def rows(database: Database) -> list[Any]:
    with database.reading() as connection:
        query = select(THREADS).order_by(THREADS.c.contact_id, THREADS.c.campaign_id)
        return list(connection.execute(query).all())


def test_it_lists_the_nudges_that_a_batch_finds(hints: Hints, sent: pa.Table) -> None:
    found = listed(hints, limit=200)
    batch = hints.decider.decide(open_threads(sent, contacts_of(sent), NOW))
    nudges = sorted((d for d in batch if d.hint == "nudge"), key=lambda d: -d.score)
    assert len(nudges) > 10
    assert names(found["items"]) == [(d.contact_id, d.campaign_id) for d in nudges]
    assert [i["decision_id"] for i in found["items"]] == [d.decision_id for d in nudges]
    assert (found["pending"], found["next_cursor"], found["capacity_left"]) == (0, None, None)
    assert listed(hints, limit=200) == found


def test_pages_join_to_the_whole(hints: Hints) -> None:
    whole, pages, place = listed(hints, limit=200)["items"], [], Place()
    for _ in range(100):
        page = listed(hints, place, limit=3)
        assert len(page["items"]) <= 3
        pages += page["items"]
        if page["next_cursor"] is None:
            break
        place = Place.of(page["next_cursor"])
    assert pages == whole


def test_a_recruiter_sees_their_own_threads(hints: Hints) -> None:
    whole = names(listed(hints, limit=200)["items"])
    with hints.database.reading() as connection:
        owners = {
            (row.contact_id, row.campaign_id or None): row.actor_id
            for row in connection.execute(select(THREADS))
        }
    own = names(listed(hints, limit=200, actor_id="actor-1")["items"])
    assert own == [name for name in whole if owners[name] == "actor-1"]
    assert own
    assert listed(hints, actor_id="nobody")["items"] == []


def test_closed_roles_leave_the_list_and_come_back(hints: Hints) -> None:
    database, whole = hints.database, listed(hints, limit=200)["items"]
    role = whole[0]["campaign_id"]

    def close(closes: datetime | None) -> None:
        closes_us = None if closes is None else microseconds(closes)
        database.write(lambda c: campaigns.tell(c, TENANT, role, closes_us, microseconds(NOW)))

    close(NOW - timedelta(days=1))
    others = [item for item in whole if item["campaign_id"] != role]
    assert 0 < len(others) < len(whole)
    assert names(listed(hints, limit=200)["items"]) == names(others)
    assert {row.hint for row in rows(database) if row.campaign_id == role} == {"stop"}
    close(None)
    assert listed(hints, limit=200)["items"] == whole


def test_capacity_and_annoyance_bound_the_list_over_all_pages(hints: Hints) -> None:
    whole = listed(hints, limit=200)["items"]
    assert listed(hints, limit=200, capacity=5)["items"] == whole[:5]
    first = listed(hints, limit=3, capacity=5)
    second = listed(hints, Place.of(first["next_cursor"]), limit=3, capacity=5)
    assert first["items"] + second["items"] == whole[:5]
    assert (second["next_cursor"], second["capacity_left"]) == (None, 5)
    risks = [i["if_nudged"]["p_annoy"] for i in whole]
    budget = sum(risks) / 2
    within = listed(hints, limit=200, annoyance=budget)["items"]
    assert 0 < len(within) < len(whole)
    assert sum(i["if_nudged"]["p_annoy"] for i in within) <= budget
    assert listed(hints, annoyance=0.0)["items"] == []


def test_touches_of_today_use_up_the_capacity(hints: Hints) -> None:
    append(hints.database, TENANT, [touch("t", "new", occurred_at="2024-07-09T01:00:00Z")], 1)
    append(hints.database, TENANT, [touch("y", "old", occurred_at="2024-07-08T23:59:59Z")], 1)
    assert listed(hints, capacity=3)["capacity_left"] == 2


@pytest.mark.parametrize(
    ("timezone", "left"),
    [("UTC", 2), ("America/New_York", 3), ("Asia/Tokyo", 1), ("Pacific/Kiritimati", 3)],
)
def test_a_day_begins_at_midnight_where_it_is_asked_for(
    hints: Hints, timezone: str, left: int
) -> None:
    """It is 10:00 UTC: 6:00 in New York, 19:00 in Tokyo, and the next midnight in Kiritimati."""
    append(hints.database, TENANT, [touch("t", "new", occurred_at="2024-07-09T01:00:00Z")], 1)
    append(hints.database, TENANT, [touch("y", "old", occurred_at="2024-07-08T16:00:00Z")], 1)
    assert listed(hints, capacity=3, timezone=timezone)["capacity_left"] == left


def test_a_thread_that_changes_leaves_the_list_at_once(hints: Hints) -> None:
    before = listed(hints, limit=200)["items"]
    gone = before[0]["contact_id"]
    out = touch("out", gone, kind="opt_out", channel=None, occurred_at="2024-07-09T09:00:00Z")
    append(hints.database, TENANT, [out], microseconds(NOW))
    after = listed(hints, limit=200)["items"]
    assert names(after) == [n for n in names(before) if n[0] != gone]


def test_time_alone_makes_an_answer_old(hints: Hints, eager: Decider) -> None:
    listed(hints, limit=200)
    night = dataclasses.replace(hints, now=datetime(2024, 7, 10, 1, tzinfo=UTC))
    found = listed(night, limit=200)
    assert all(i["at"] == "2024-07-10T01:00:00Z" for i in found["items"])
    with hints.database.reading() as connection:
        assert threads.waiting(connection, TENANT, microseconds(night.now)) == 0
        soonest = min(connection.execute(select(PEOPLE.c.look_us)).scalars())
    assert microseconds(night.now) < soonest <= microseconds(night.now + timedelta(days=1))


def test_state_kept_up_to_date_equals_a_rebuild(
    database: Database, eager: Decider, sent: pa.Table
) -> None:
    arriving = rows_of(sent)
    random.Random(3).shuffle(arriving)
    for start in range(0, len(arriving), 40):
        append(database, TENANT, arriving[start : start + 40], microseconds(NOW))
        look(database, eager, NOW, random.Random(start).choice([1, 10, EVERYBODY]))
    look(database, eager, NOW, EVERYBODY)
    kept = rows(database)
    assert len(kept) > 30
    database.write(lambda c: c.execute(delete(THREADS)))
    database.write(lambda c: threads.rebuild(c, TENANT))
    look(database, eager, NOW, EVERYBODY)
    assert rows(database) == kept


def test_what_was_thought_of_a_person_who_changed_meanwhile_is_not_kept(
    database: Database, eager: Decider
) -> None:
    append(database, TENANT, [touch("a", occurred_at="2024-06-03T09:00:00Z")], 1)

    class Slow(Eager):
        def decide(self, requests: Sequence[Request]) -> list[Decision]:
            append(database, TENANT, [touch("b", kind="opt_out", channel=None,
                                            occurred_at="2024-06-04T09:00:00Z")], 1)  # fmt: skip
            return super().decide(requests)

    assert look(database, Slow(eager.model, eager.ref), NOW, EVERYBODY) >= 1
    look(database, eager, NOW, EVERYBODY)
    assert rows(database) == []


def test_one_thread_that_cannot_be_decided_about_does_not_stop_the_others(
    database: Database, eager: Decider, sent: pa.Table
) -> None:
    class Fails(Eager):
        def decide(self, requests: Sequence[Request]) -> list[Decision]:
            if any(r.contact_id == "contact-3" for r in requests):
                raise ZeroDivisionError
            return super().decide(requests)

    append(database, TENANT, rows_of(sent), microseconds(NOW))
    look(database, eager, NOW, EVERYBODY)
    whole = rows(database)
    database.write(lambda c: threads.rebuild(c, TENANT))
    look(database, Fails(eager.model, eager.ref), NOW, EVERYBODY)
    assert rows(database) == [row for row in whole if row.contact_id != "contact-3"]


def test_another_model_looks_again(database: Database, eager: Decider, sent: pa.Table) -> None:
    append(database, TENANT, rows_of(sent), microseconds(NOW))
    look(database, eager, NOW, EVERYBODY)
    database.write(lambda c: threads.look_again(c, eager.ref.version))
    assert look(database, eager, NOW, EVERYBODY) == 0
    with database.reading() as connection:
        looks = connection.execute(select(PEOPLE.c.look_us)).scalars().all()
    changing = sum(look_us < threads.NEVER for look_us in looks)
    assert 0 < changing < len(looks)
    database.write(lambda c: threads.look_again(c, "2"))
    assert look(database, eager, NOW, EVERYBODY) == changing


def test_tenants_have_lists_of_their_own(hints: Hints) -> None:
    assert listed(dataclasses.replace(hints, tenant="other"))["items"] == []


def test_an_empty_cursor_is_the_first_page() -> None:
    assert Place.of("") == Place.of(None) == Place()


@pytest.mark.parametrize("cursor", ["x", "W10", "bnVsbA", "WzEsMiwzXQ", "é"])
def test_a_cursor_of_nobodys_is_refused(cursor: str) -> None:
    with pytest.raises(Problem, match="cursor"):
        Place.of(cursor)


@pytest.fixture
def client(eager: Decider, database_url: str) -> Iterator[TestClient]:
    app = create_app(ServiceSettings(database_url=database_url), lambda: eager)

    app.state.clock = lambda: NOW
    with TestClient(app) as found:
        yield found


def test_the_route_answers_as_documented(client: TestClient, hints: Hints) -> None:
    answer = client.get("/v1/worklist", params={"limit": 3, "capacity": 9})
    schemas.WorklistOut.model_validate_json(answer.content)
    found = answer.json()
    again = client.get("/v1/worklist", params={"limit": 200}).json()["items"]
    rest = client.get("/v1/worklist", params={"limit": 200, "cursor": found["next_cursor"]}).json()
    assert found["items"] + rest["items"] == again


@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"limit": "x"}, {"limit": 201}, {"capacity": -1}, {"annoyance": "nan"},
              {"cursor": "x"}, {"timezone": "Mars/Olympus"}],
)  # fmt: skip
def test_a_query_that_is_wrong_names_the_parameter(
    client: TestClient, query: dict[str, Any]
) -> None:
    answer = client.get("/v1/worklist", params=query)
    assert answer.status_code == 422
    problem = schemas.ProblemOut.model_validate_json(answer.content)
    assert [e.field for e in problem.errors] == list(query)


def test_a_closed_channel_is_why_only_where_it_ends_the_thread(decider: Decider) -> None:
    mail = {"contact_id": "c", "channel": "email", "occurred_at": NOW - timedelta(days=9)}
    history = table([{**mail, "kind": "touch"}, {**mail, "kind": "bounce"}])
    asked = Request("c", NOW, history, utility=Utility(touch=9.0))
    ended, dear = decider.decide(
        [dataclasses.replace(asked, channels=c) for c in (("email",), ("email", "phone"))]
    )
    assert ended.hint == dear.hint == "stop"
    assert why(ended).startswith("E-mails no longer reach")
    assert not why(dear).startswith("E-mails no longer reach")
    assert dear.rules[0].rule == ended.rules[0].rule == "channel_bounced"
