"""The API: documented answers, the same alone and in a batch, and no trace of a failure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient

from features.errors import BadSetting, NoModel
from models.decide import Decider
from models.decision import Decision, Request
from serving import schemas
from serving.app import create_app
from serving.schemas import SCORE_EXAMPLE, SCORES_EXAMPLE
from serving.settings import ServiceSettings
from tests.api import PROBLEM, asked, post


@pytest.fixture(scope="module")
def client(decider: Decider) -> Iterator[TestClient]:
    app = create_app(ServiceSettings(), lambda: decider)
    with TestClient(app, raise_server_exceptions=False) as found:
        yield found


def test_the_example_is_answered_as_documented(client: TestClient) -> None:
    answer = post(client, SCORE_EXAMPLE)
    assert answer.status_code == 200
    schemas.DecisionOut.model_validate_json(answer.content, strict=False)
    decision = answer.json()
    assert decision["at"] == "2026-11-23T09:15:00Z"
    assert decision["contact_id"] == "anna"
    assert decision["model"] == {"name": "fineline", "version": "1"}


def test_a_role_that_has_closed_stops_its_thread(client: TestClient) -> None:
    body = asked(at="2026-11-23T10:15:00Z", closes_at="2026-11-23T10:00:00+01:00")
    answer = post(client, body).json()
    assert (answer["hint"], answer["over"]) == ("stop", True)
    assert "role_closed" in [hit["rule"] for hit in answer["rules"]]
    later = post(client, body | {"closes_at": "2027-01-01T00:00:00Z"}).json()
    assert "role_closed" not in [hit["rule"] for hit in later["rules"]]


def test_many_are_answered_in_order_and_one_by_one(client: TestClient) -> None:
    bad = asked(contact={})
    broken = asked(history=[{"kind": "touch", "occurred_at": "2026-11-09T09:30:00"}])
    items = [asked(contact={"contact_id": f"c{i}"}) for i in range(3)]
    answer = post(client, {"items": [items[0], bad, items[1], 7, broken, items[2]]}, "/v1/scores")
    assert answer.status_code == 200
    schemas.ScoresOut.model_validate_json(answer.content)
    found = answer.json()["items"]
    assert [i.get("contact_id") for i in found] == ["c0", None, "c1", None, None, "c2"]
    assert found[1]["error"]["errors"][0]["field"] == "items[1].contact.contact_id"
    assert found[3]["error"]["errors"][0]["field"] == "items[3]"
    fields = {e["field"] for e in found[4]["error"]["errors"]}
    assert "items[4].history[0].occurred_at" in fields
    alone = [post(client, item).json() for item in items]
    assert [found[0], found[2], found[5]] == alone


def test_a_thousand_items_are_taken(client: TestClient) -> None:
    items = [{"contact": {"contact_id": f"c{i}"}, "history": []} for i in range(1000)]
    found = post(client, {"items": items}, "/v1/scores").json()["items"]
    assert [i["contact_id"] for i in found] == [f"c{i}" for i in range(1000)]


def test_without_a_model_it_lives_but_is_not_ready() -> None:
    def none() -> Decider:
        raise NoModel("no model has become champion yet; run `fineline train` first")

    with TestClient(create_app(ServiceSettings(), none)) as client:
        assert client.get("/healthz").json() == {"status": "alive"}
        for answer in (client.get("/readyz"), post(client, SCORE_EXAMPLE), client.get("/v1/model")):
            assert answer.status_code == 503
            assert "fineline train" in answer.json()["detail"]
            assert answer.headers["retry-after"] == "5"


class FailsOnBen(Decider):
    """Cannot decide about one person."""

    def decide(self, requests: Sequence[Request]) -> list[Decision]:
        if any(r.contact_id == "ben" for r in requests):
            raise ZeroDivisionError("secret")
        return super().decide(requests)


@pytest.fixture
def fails_on_ben(decider: Decider) -> Iterator[TestClient]:
    failing = FailsOnBen(decider.model, decider.ref)
    with TestClient(create_app(ServiceSettings(), lambda: failing)) as client:
        yield client


def test_a_failure_inside_shows_no_trace_and_is_logged_by_its_id(
    fails_on_ben: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    answer = fails_on_ben.post(
        "/v1/score",
        content=json.dumps(asked(contact={"contact_id": "ben"})),
        headers={"x-request-id": "a-1"},
    )
    assert answer.status_code == 500
    assert answer.headers["content-type"] == PROBLEM
    assert answer.headers["x-request-id"] == "a-1"
    assert answer.headers["x-content-type-options"] == "nosniff"
    schemas.ProblemOut.model_validate_json(answer.content)
    assert "secret" not in answer.text
    assert "a-1" in caplog.text
    page = fails_on_ben.get("/metrics").text
    assert 'method="POST",route="/v1/score",status="500"} 1.0' in page
    assert "fineline_decide_errors_total 1.0" in page


def test_a_failure_on_one_item_is_that_items_alone(
    fails_on_ben: TestClient, client: TestClient
) -> None:
    items = [asked(contact={"contact_id": name}) for name in ("anna", "ben", "carl")]
    found = post(fails_on_ben, {"items": items}, "/v1/scores").json()["items"]
    schemas.ScoresOut.model_validate({"items": found})
    assert (found[1]["error"]["status"], found[1]["error"]["errors"][0]["field"]) == (
        500,
        "items[1]",
    )
    whole = post(client, {"items": items}, "/v1/scores").json()["items"]
    assert [found[0], found[2]] == [whole[0], whole[2]]


def test_many_at_once_get_the_answers_they_get_alone(client: TestClient) -> None:
    event = SCORE_EXAMPLE["history"][0]
    bodies = [
        asked(contact={"contact_id": f"c{i}"}, history=[
            event | {"event_id": f"e{j}"} for j in range(1 + 600 * (i % 2))])
        for i in range(16)
    ]  # fmt: skip
    alone = [post(client, body).json() for body in bodies]
    assert [a["contact_id"] for a in alone] == [f"c{i}" for i in range(16)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda body: post(client, body).json(), bodies))
    assert together == alone
    assert post(client, {"items": bodies}, "/v1/scores").json()["items"] == alone


@pytest.mark.parametrize("failure", [ZeroDivisionError("secret"), BadSetting("no such rule")])
def test_a_model_that_cannot_be_loaded_leaves_the_service_alive(failure: Exception) -> None:
    def damaged() -> Decider:
        raise failure

    with TestClient(create_app(ServiceSettings(), damaged)) as client:
        assert client.get("/healthz").status_code == 200
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert "secret" not in answer.text


def test_the_model_says_what_it_is(client: TestClient) -> None:
    answer = client.get("/v1/model")
    schemas.ModelOut.model_validate_json(answer.content)
    assert answer.json()["alias"] == "champion"
    assert answer.json()["service"]["trouble"] is None
    ready = client.get("/readyz")
    schemas.ReadyOut.model_validate_json(ready.content)
    assert (ready.json()["status"], ready.json()["version"]) == ("ready", "1")


def test_metrics_move(client: TestClient) -> None:
    def count() -> float:
        lines = client.get("/metrics").text.splitlines()
        return sum(float(x.split()[-1]) for x in lines if x.startswith("fineline_decisions_total{"))

    before = count()
    post(client, SCORE_EXAMPLE)
    post(client, SCORES_EXAMPLE, "/v1/scores")
    assert count() == before + 3
    page = client.get("/metrics").text
    assert 'fineline_model_info{version="1"} 1.0' in page
    assert "fineline_model_trained_timestamp_seconds 1.7672256e+09" in page
    client.request("PROPFIND", "/healthz")
    page = client.get("/metrics").text
    assert 'method="other",route="/healthz",status="405"' in page
    assert "PROPFIND" not in page


def test_request_ids_come_back(client: TestClient) -> None:
    assert client.get("/healthz", headers={"x-request-id": "a-1"}).headers["x-request-id"] == "a-1"
    odd = client.get("/healthz", headers={"x-request-id": "<script>"}).headers["x-request-id"]
    assert odd != "<script>"
