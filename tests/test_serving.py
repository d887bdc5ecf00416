"""The API: documented answers, clear refusals, never a trace."""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.errors import BadSetting, NoModel
from models.decide import Decider
from models.decision import Decision, Request
from serving import schemas
from serving.app import create_app
from serving.champion import Champion
from serving.schemas import SCORE_EXAMPLE, SCORES_EXAMPLE
from serving.settings import ServiceSettings

PROBLEM = "application/problem+json"
OUT = {"/v1/score": schemas.DecisionOut, "/v1/scores": schemas.ScoresOut}


@pytest.fixture(scope="module")
def client(decider: Decider) -> Iterator[TestClient]:
    app = create_app(ServiceSettings(), lambda: decider)
    with TestClient(app, raise_server_exceptions=False) as found:
        yield found


def asked(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy(SCORE_EXAMPLE) | changes


def post(client: TestClient, body: Any, path: str = "/v1/score") -> Any:
    return client.post(path, content=json.dumps(body), headers={"content-type": "application/json"})


def test_the_example_is_answered_as_documented(client: TestClient) -> None:
    answer = post(client, SCORE_EXAMPLE)
    assert answer.status_code == 200
    schemas.DecisionOut.model_validate_json(answer.content, strict=False)
    decision = answer.json()
    assert decision["at"] == "2026-11-23T09:15:00Z"
    assert decision["contact_id"] == "anna"
    assert decision["model"] == {"name": "fineline", "version": "1"}


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


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"contact": {"contact_id": ""}}, "contact.contact_id"),
        ({"contact": {"contact_id": "x" * 1_048_576}}, "contact.contact_id"),
        ({"contact": {"contact_id": "a", "timezone": "Mars"}}, "contact.timezone"),
        ({"contact": {"contact_id": "a", "country": "UK"}}, "contact.country"),
        ({"contact": {"contact_id": "a", "name": "b"}}, "contact.name"),
        ({"contact": {"contact_id": "a", "attributes": {"x": [1]}}}, "contact.attributes.x"),
        ({"history": None}, "history"),
        ({"history": [{}]}, "history[0].occurred_at"),
        ({"at": "2026-11-23T10:15:00"}, "at"),
        ({"at": "yesterday"}, "at"),
        ({"at": 5}, "at"),
        ({"at": "1066-10-14T09:00:00Z"}, "at"),
        ({"campaign_id": 5}, "campaign_id"),
        ({"channels": []}, "channels"),
        ({"channels": ["fax"]}, "channels"),
        ({"channels": [["email"]]}, "channels"),
        ({"utility": {"land": -1}}, "utility.land"),
        ({"utility": {"land": True}}, "utility.land"),
        ({"utility": {"placement": 1}}, "utility.placement"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_what_is_wrong_is_named(client: TestClient, change: dict[str, Any], field: str) -> None:
    answer = post(client, asked(**change))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == PROBLEM
    problem = schemas.ProblemOut.model_validate_json(answer.content)
    assert field in [e.field for e in problem.errors]


def test_an_event_of_another_contact_is_refused(client: TestClient) -> None:
    event = SCORE_EXAMPLE["history"][0] | {"contact_id": "somebody else"}
    problem = post(client, asked(history=[event])).json()
    assert problem["errors"][0]["field"] == "history[0].contact_id"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b'{"contact": NaN}', 400),
        (b"[" * 5000, 400),
        (b"[]", 422),
        (b"null", 422),
    ],
)
def test_what_is_no_request_is_a_problem(client: TestClient, body: bytes, status: int) -> None:
    for path in ("/v1/score", "/v1/scores"):
        answer = client.post(path, content=body, headers={"content-type": "application/json"})
        assert answer.status_code == status
        assert answer.headers["content-type"] == PROBLEM
        schemas.ProblemOut.model_validate_json(answer.content)


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "application/json", "content-encoding": "gzip"},
    ],
)
def test_other_media_are_refused(client: TestClient, headers: dict[str, str]) -> None:
    answer = client.post("/v1/score", content=b"a=1", headers=headers)
    assert answer.status_code == 415
    assert answer.headers["content-type"] == PROBLEM


def test_large_bodies_and_batches_are_refused(decider: Decider) -> None:
    limits = ServiceSettings(max_body_mb=1, max_history=3)
    client = TestClient(create_app(limits, lambda: decider))
    big = client.post("/v1/score", content=b" " * 1_000_001)
    assert (big.status_code, big.json()["detail"]) == (
        413,
        "The body is larger than 1 MB; send less at once.",
    )
    long = asked(history=SCORE_EXAMPLE["history"] * 2)
    alone = post(client, long)
    assert (alone.status_code, alone.json()["errors"][0]["field"]) == (413, "history")
    inside = post(client, {"items": [SCORE_EXAMPLE, long]}, "/v1/scores").json()["items"][1]
    assert inside["error"]["status"] == 413
    assert inside["error"]["errors"][0]["field"] == "items[1].history"
    many = post(client, {"items": [{}] * 5001}, "/v1/scores")
    assert many.status_code == 413


def test_unknown_paths_and_methods_are_problems(client: TestClient) -> None:
    for answer, status in ((client.get("/nothing"), 404), (client.get("/v1/score"), 405)):
        assert answer.status_code == status
        assert answer.headers["content-type"] == PROBLEM
    assert client.get("/v1/score").headers["allow"] == "POST"


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


@pytest.mark.parametrize("failure", [ZeroDivisionError("secret"), BadSetting("no such rule")])
def test_a_model_that_cannot_be_loaded_leaves_the_service_alive(failure: Exception) -> None:
    def damaged() -> Decider:
        raise failure

    with TestClient(create_app(ServiceSettings(), damaged)) as client:
        assert client.get("/healthz").status_code == 200
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert "secret" not in answer.text


def test_nobody_waits_behind_a_slow_registry(decider: Decider) -> None:
    looking, go_on = threading.Event(), threading.Event()

    def slow() -> Decider:
        looking.set()
        assert go_on.wait(30)
        return decider

    champion = Champion(slow)
    first = threading.Thread(target=champion.look)
    first.start()
    assert looking.wait(30)
    with pytest.raises(NoModel, match="being loaded"):
        champion.decider()
    go_on.set()
    first.join()
    assert champion.decider() is decider


def test_the_model_says_what_it_is(client: TestClient) -> None:
    answer = client.get("/v1/model")
    schemas.ModelOut.model_validate_json(answer.content)
    assert answer.json()["alias"] == "champion"


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


def test_every_route_is_documented_with_an_example(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    for path, methods in document["paths"].items():
        for route in methods.values():
            assert route["summary"]
            bodies = route.get("requestBody", {}).get("content", {}).values()
            answers = [c for r in route["responses"].values() for c in r["content"].values()]
            examples = [c for c in (*bodies, *answers) if "example" in c]
            assert examples, path
    page = client.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert all(path in page.text for path in document["paths"])
    assert "http" not in page.text.replace("https://", "http").split("<pre>")[0]


def test_every_route_is_in_the_page_about_the_api(client: TestClient) -> None:
    page = (Path(__file__).parent.parent / "docs" / "api.md").read_text()
    for path, methods in client.get("/openapi.json").json()["paths"].items():
        for method in methods:
            assert f"`{method.upper()} {path}`" in page


def test_every_documented_field_says_what_it_is(client: TestClient) -> None:
    for name, schema in client.get("/openapi.json").json()["components"]["schemas"].items():
        for field, described in schema["properties"].items():
            assert described.get("description"), (name, field)


def test_documented_bodies_are_answered(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    for path, methods in document["paths"].items():
        if "post" in methods:
            example = methods["post"]["requestBody"]["content"]["application/json"]["example"]
            schemas.__dict__[{"/v1/score": "ScoreIn", "/v1/scores": "ScoresIn"}[path]](**example)
            answer = post(client, example, path)
            assert answer.status_code == 200
            OUT[path].model_validate_json(answer.content)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_nothing_sent_makes_it_fail(client: TestClient, data: st.DataObject) -> None:
    body: Any = asked()
    for _ in range(data.draw(st.integers(1, 3))):
        place: Any = body
        path = data.draw(
            st.sampled_from(
                [("contact",), ("history",), ("at",), ("utility",), ("channels",),
                 ("contact", "contact_id"), ("contact", "attributes"), ("history", 0),
                 ("history", 1, "kind"), ("history", 0, "occurred_at"), ("history", 0, "relevance"),
                 ("history", 2, "recorded_at"), ("history", 2, "event_id")]
            )
        )  # fmt: skip
        try:
            for step in path[:-1]:
                place = place[step]
            place[path[-1]] = data.draw(json_values)
        except (KeyError, IndexError, TypeError):
            continue
    try:
        content = json.dumps(body).encode()
    except ValueError:
        return
    for path, sent in (("/v1/score", content), ("/v1/scores", b'{"items":[' + content + b"]}")):
        answer = client.post(path, content=sent, headers={"content-type": "application/json"})
        assert answer.status_code in (200, 400, 422), answer.text
