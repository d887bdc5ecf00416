"""The OpenAPI document, the reference page and docs/api.md say what the API does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from models.decide import Decider
from serving import schemas
from serving.answers import to_table
from serving.app import create_app
from serving.settings import ServiceSettings
from tests.api import PROBLEM, post

BODIES = {
    "/v1/score": (schemas.ScoreIn, schemas.DecisionOut),
    "/v1/scores": (schemas.ScoresIn, schemas.ScoresOut),
    "/v1/events": (schemas.StoredEventIn, schemas.ReceiptsOut),
    "/v1/events/hubspot": (schemas.WebhookRowIn, schemas.ReceiptsOut),
    "/v1/events/salesforce": (schemas.WebhookRowIn, schemas.ReceiptsOut),
    "/v1/contacts": (schemas.StoredContactIn, schemas.ReceiptsOut),
}


@pytest.fixture(scope="module")
def client(decider: Decider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    app = create_app(ServiceSettings(home=tmp_path_factory.mktemp("home")), lambda: decider)
    with TestClient(app, raise_server_exceptions=False) as found:
        yield found


def test_every_body_and_answer_is_documented_with_an_example(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    for path, methods in document["paths"].items():
        for route in methods.values():
            assert route["summary"]
            for sent in (route.get("requestBody"), *route["responses"].values()):
                for media, content in (sent or {"content": {}})["content"].items():
                    schema, example = content["schema"], content["example"]
                    if schema.get("type") == "array":
                        schema, example = schema["items"], example[0]
                    schema = schema.get("anyOf", [schema])[0]
                    name = schema.get("$ref", "").rpartition("/")[2]
                    assert (media == PROBLEM) == (name == "ProblemOut"), path
                    if name:
                        assert name in document["components"]["schemas"]
                        getattr(schemas, name).model_validate(example)
                    else:
                        assert isinstance(example, str)


def test_the_reference_shows_every_route_and_field_and_fetches_nothing(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    answer = client.get("/docs")
    assert answer.headers["content-type"].startswith("text/html")
    assert all(f" {path}<" in answer.text for path in document["paths"])
    for name, schema in document["components"]["schemas"].items():
        assert f"id={name}>" in answer.text
        assert all(f"<code>{field}</code>" in answer.text for field in schema["properties"])
    assert set(re.findall(r"href=([^ >]+)", answer.text)) == {
        "/openapi.json",
        *(f"#{name}" for name in document["components"]["schemas"]),
    }
    assert not re.findall(r"(?:src|action)=|<(?:script|link|style|img|iframe)", answer.text)
    page = client.get("/", follow_redirects=False)
    assert page.headers["content-type"].startswith("text/html")


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
        # What is about one decision needs one: see test_stored_record.
        if "post" in methods and "{" not in path:
            example = methods["post"]["requestBody"]["content"]["application/json"]["example"]
            takes, gives = BODIES[path]
            for one in example if isinstance(example, list) else [example]:
                takes.model_validate(one)
            answer = post(client, example, path)
            assert answer.status_code == 200
            gives.model_validate_json(answer.content)


def test_the_page_about_the_api_knows_every_metric_status_and_column(client: TestClient) -> None:
    page = (Path(__file__).parent.parent / "docs" / "api.md").read_text()
    for line in client.get("/metrics").text.splitlines():
        if line.startswith("# TYPE ") and not line.endswith("_created gauge"):
            assert f"`{line.split()[2]}`" in page
    document = client.get("/openapi.json").json()
    statuses = {s for ms in document["paths"].values() for r in ms.values() for s in r["responses"]}
    assert all(f"\n| {status} |" in page for status in statuses - {"200"})
    for name in re.findall(r"`((?:if_nudged|plan|evidence|model)_\w+)`", page):
        assert name in to_table([]).column_names
