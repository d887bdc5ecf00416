"""Events as others tell them: CloudEvents in three modes, HubSpot's and Salesforce's webhooks."""

from __future__ import annotations

import base64
import hmac
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient

from features.store.database import Database
from models.decide import Decider
from serving.app import create_app
from serving.examples import (
    HUBSPOT,
    SALESFORCE,
    STORED_HUBSPOT,
    STORED_SALESFORCE,
)
from serving.settings import ServiceSettings
from tests.api import post
from tests.stored import everything

CLOUD: dict[str, Any] = {
    "specversion": "1.0", "id": "7", "source": "crm", "type": "example.touch", "subject": "anna",
    "time": "2026-03-02T09:00:00Z", "data": {"kind": "touch", "channel": "email"},
}  # fmt: skip


@pytest.fixture
def client(decider: Decider, tmp_path: Path) -> Iterator[TestClient]:
    settings = ServiceSettings(
        home=tmp_path, hubspot_secret="s3cret", public_url="https://a.example"
    )  # type: ignore[arg-type]
    with TestClient(create_app(settings, lambda: decider)) as found:
        yield found


def send(client: TestClient, kind: str, body: Any, **headers: str) -> Any:
    sent = {"content-type": kind, **{n.replace("_", "-"): v for n, v in headers.items()}}
    return client.post("/v1/events", content=orjson.dumps(body), headers=sent)


def test_cloud_events_in_all_modes_are_the_same_event(client: TestClient, tmp_path: Path) -> None:
    one = send(client, "application/cloudevents+json; charset=utf-8", CLOUD).json()
    assert one["items"] == [{"id": "crm#7", "status": "accepted"}]
    batch = send(client, "application/cloudevents-batch+json", [CLOUD, {**CLOUD, "id": "8"}]).json()
    assert [i["status"] for i in batch["items"]] == ["duplicate", "accepted"]
    attributes = {f"ce_{n}": v for n, v in CLOUD.items() if n != "data"}
    binary = send(client, "application/json", CLOUD["data"], **attributes).json()
    assert binary["items"] == [{"id": "crm#7", "status": "duplicate"}]
    database = Database(f"sqlite:///{tmp_path}/store.db")
    assert everything(database)["contact_id"].to_pylist() == ["anna", "anna"]
    database.close()


@pytest.mark.parametrize(
    ("kind", "body", "field"),
    [
        ("application/cloudevents+json", {**CLOUD, "id": ""}, "id"),
        ("application/cloudevents+json", {**CLOUD, "specversion": "0.3"}, "specversion"),
        ("application/cloudevents+json", {**CLOUD, "data": "x"}, "data"),
        ("application/cloudevents-batch+json", [CLOUD, 5], "[1]"),
        ("application/cloudevents-batch+json", [{**CLOUD, "source": 5}], "[0].source"),
    ],
)
def test_what_is_no_cloud_event_is_refused(
    client: TestClient, kind: str, body: Any, field: str
) -> None:
    answer = send(client, kind, body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


def signed(body: bytes, secret: str = "s3cret", age: float = 0) -> dict[str, str]:
    told = str(int((time.time() - age) * 1000))
    text = b"POSThttps://a.example/v1/events/hubspot" + body + told.encode()
    digest = base64.b64encode(hmac.digest(secret.encode(), text, "sha256")).decode()
    return {
        "x-hubspot-signature-v3": digest, "x-hubspot-request-timestamp": told,
        "content-type": "application/json",
    }  # fmt: skip


def test_hubspot_tells_by_its_map_what_it_has_signed(client: TestClient) -> None:
    path, body = "/v1/events/hubspot", orjson.dumps(HUBSPOT)
    assert client.post(path, content=body, headers=signed(body)).json() == STORED_HUBSPOT
    for headers in (signed(body, "other"), signed(body, age=400), signed(b"{}"), {}):
        assert client.post(path, content=body, headers=headers).status_code == 401
    wrong = orjson.dumps([HUBSPOT, {"properties": {**HUBSPOT["properties"], "hs_timestamp": "x"}}])
    answer = client.post(path, content=wrong, headers=signed(wrong))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "[1].occurred_at"


def test_salesforce_tells_by_its_map(client: TestClient) -> None:
    assert post(client, SALESFORCE, "/v1/events/salesforce").json() == STORED_SALESFORCE
    again = post(client, [SALESFORCE["sobject"]], "/v1/events/salesforce").json()
    assert again["duplicates"] == 1
    planned = {"sobject": {**SALESFORCE["sobject"], "Status": "Open"}}
    assert post(client, planned, "/v1/events/salesforce").json()["items"] == []
    assert post(client, [5], "/v1/events/salesforce").status_code == 422
