"""The API refuses clearly, naming the field, and never fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.decide import Decider
from serving import schemas
from serving.app import create_app
from serving.schemas import SCORE_EXAMPLE
from serving.settings import ServiceSettings
from tests.api import PROBLEM, asked, post


@pytest.fixture(scope="module")
def client(decider: Decider) -> Iterator[TestClient]:
    app = create_app(ServiceSettings(), lambda: decider)
    with TestClient(app, raise_server_exceptions=False) as found:
        yield found


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
        ({"at": "2026-W48-1T09:30:00Z"}, "at"),
        ({"at": "2026-02-29T09:30:00Z"}, "at"),
        ({"at": "9999-12-31T23:59:59-14:00"}, "at"),
        ({"at": "1066-10-14T09:00:00Z"}, "at"),
        ({"campaign_id": 5}, "campaign_id"),
        ({"campaign_id": "x" * 1001}, "campaign_id"),
        ({"campaign_id": "a\x00b"}, "campaign_id"),
        ({"channels": []}, "channels"),
        ({"channels": ["fax"]}, "channels"),
        ({"channels": [["email"]]}, "channels"),
        ({"utility": {"land": -1}}, "utility.land"),
        ({"utility": {"land": True}}, "utility.land"),
        ({"utility": {"placement": 1}}, "utility.placement"),
        ({"closes_at": "in March"}, "closes_at"),
        ({"closes_at": 5}, "closes_at"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_what_is_wrong_is_named(client: TestClient, change: dict[str, Any], field: str) -> None:
    answer = post(client, asked(**change))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == PROBLEM
    problem = schemas.ProblemOut.model_validate_json(answer.content)
    assert field in [e.field for e in problem.errors]


@pytest.mark.parametrize("deep", [50, 900, 2000])
@pytest.mark.parametrize(
    "change",
    [
        {"channels": "?"},
        {"history": "?"},
        {"at": "?"},
        {"utility": "?"},
        {"campaign_id": "?"},
        {"contact": {"contact_id": "a", "attributes": {"x": "?"}}},
        {"history": [SCORE_EXAMPLE["history"][0] | {"relevance": "?"}]},
    ],
)
def test_nesting_is_refused_wherever_it_is(
    client: TestClient, change: dict[str, Any], deep: int
) -> None:
    nested = b"[" * deep + b"]" * deep
    answer = client.post("/v1/score", content=orjson.dumps(asked(**change)).replace(b'"?"', nested))
    assert answer.status_code in (400, 422)
    schemas.ProblemOut.model_validate_json(answer.content)


@pytest.mark.parametrize(
    "at", ["2026-11-23T09:15:00Z", "2026-11-23 10:15:00+01:00", "2026-11-23t09:15:00.0000000z"]
)
def test_a_moment_may_be_written_in_any_way_of_rfc_3339(client: TestClient, at: str) -> None:
    assert post(client, asked(at=at)).json()["at"] == "2026-11-23T09:15:00Z"


def test_what_is_there_twice_is_named(client: TestClient) -> None:
    twice = b'{"contact": {"contact_id": "a"}, "history": [], "at": null, "at": null}'
    assert "'at' twice" in client.post("/v1/score", content=twice).json()["detail"]


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
        (b"[" * 1020 + b"]" * 1020, 400),
        (b'{"items": [], "contact": 1, "contact": 2}', 400),
        (b'{"items": [{"history": [{"kind": "open", "kind": "click"}]}]}', 400),
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
    with TestClient(create_app(limits, lambda: decider)) as client:
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


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=100, deadline=None)
@given(body=json_values)
def test_any_json_is_answered_or_refused(client: TestClient, body: Any) -> None:
    for path in ("/v1/score", "/v1/scores"):
        answer = client.post(path, content=json.dumps(body))
        assert answer.status_code in (200, 400, 422), answer.text


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
                 ("closes_at",), ("contact", "contact_id"), ("contact", "attributes"),
                 ("history", 0), ("history", 1, "kind"), ("history", 0, "occurred_at"),
                 ("history", 0, "relevance"), ("history", 2, "recorded_at"),
                 ("history", 2, "event_id")]
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
