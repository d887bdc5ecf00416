"""People's rights: all of it, then none of it, but that an opt-out survives."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import inspect, text

from features.store import trainings
from features.store.database import Database
from features.store.suppression import ErasureKey, digest_of
from features.store.trainings import Training
from models.decide import Decider
from serving import schemas
from serving.app import create_app
from serving.settings import ServiceSettings
from tests.api import post
from tests.stored import TENANT, everything, touch

ANNA = "anna-Xyzzy-4711"
OUT = touch("out", ANNA, kind="opt_out", channel=None, occurred_at="2026-03-05T09:00:00Z")


@pytest.fixture
def client(decider: Decider, database_url: str, tmp_path: Path) -> Iterator[TestClient]:
    own = ServiceSettings(database_url=database_url, home=tmp_path / "home")
    with TestClient(create_app(own, lambda: decider), raise_server_exceptions=False) as found:
        yield found


def store_anna(client: TestClient, *more: dict[str, Any]) -> str:
    """Everything that can be stored about a person; the id of a decision."""
    post(client, [touch("e1", ANNA), touch("e2", "ben"), *more], "/v1/events")
    post(client, [{"contact_id": ANNA, "country": "DE", "attributes": {"level": "high"}}],
         "/v1/contacts")  # fmt: skip
    client.get("/v1/worklist")
    decision = str(client.get(f"/v1/contacts/{ANNA}/hint").json()["decision_id"])
    post(client, {"action": "followed"}, f"/v1/decisions/{decision}/feedback")
    client.get("/v1/contacts/ben/hint")
    return decision


def words(database: Database) -> str:
    """Every value in every table."""
    with database.reading() as connection:
        tables = inspect(connection).get_table_names()
        return repr([connection.execute(text(f"SELECT * FROM {t}")).all() for t in tables])


def test_an_export_is_all_that_is_stored(client: TestClient, database: Database) -> None:
    decision = store_anna(client)
    answer = client.get(f"/v1/contacts/{ANNA}")
    assert answer.status_code == 200
    schemas.ExportOut.model_validate_json(answer.content)
    held = answer.json()
    assert held["contact"]["attributes"] == {"level": "high"}
    assert [e["event_id"] for e in held["events"]] == ["e1"]
    assert len(held["threads"]) == 1
    assert [d["answer"]["decision_id"] for d in held["decisions"]] == [decision]
    assert [f["decision_id"] for f in held["feedback"]] == [decision]
    assert client.get("/v1/contacts/nobody").status_code == 404


def test_an_erasure_leaves_nothing_of_the_person(client: TestClient, database: Database) -> None:
    store_anna(client)
    assert ANNA in words(database)
    answer = client.delete(f"/v1/contacts/{ANNA}")
    assert answer.status_code == 200
    schemas.ErasedOut.model_validate_json(answer.content)
    assert answer.json() | {"models": []} == {
        "events": 1, "decisions": 1, "feedback": 1, "opt_out_kept": False, "models": [],
    }  # fmt: skip
    assert ANNA not in words(database)
    assert everything(database)["event_id"].to_pylist() == ["e2"]
    assert client.get("/v1/contacts/ben").json()["events"]
    for gone in (client.get(f"/v1/contacts/{ANNA}"), client.get(f"/v1/contacts/{ANNA}/hint"),
                 client.delete(f"/v1/contacts/{ANNA}")):  # fmt: skip
        assert gone.status_code == 404
        assert ANNA not in gone.json()["detail"]


@pytest.mark.parametrize("back", ["nothing", "events", "description"])
def test_an_opt_out_outlives_the_erasure(client: TestClient, database: Database, back: str) -> None:
    store_anna(client, OUT)
    assert client.delete(f"/v1/contacts/{ANNA}").json()["opt_out_kept"]
    assert ANNA not in words(database)
    if back == "events":
        again = [touch("new", ANNA, occurred_at="2026-06-01T09:00:00Z"), touch("e9", "carl")]
        assert post(client, again, "/v1/events").json()["accepted"] == 2
    if back == "description":
        post(client, [{"contact_id": ANNA, "country": "DE"}], "/v1/contacts")
    found = client.get(f"/v1/contacts/{ANNA}/hint").json()
    assert found["hint"] == "stop"
    assert "opted_out" in [r["rule"] for r in found["rules"]]
    assert (ANNA in words(database)) == (back != "nothing")
    if back != "nothing":
        kinds = [e["kind"] for e in client.get(f"/v1/contacts/{ANNA}").json()["events"]]
        assert kinds[0] == "opt_out"
        assert client.delete(f"/v1/contacts/{ANNA}").json()["opt_out_kept"]
    carl = client.get("/v1/contacts/carl/hint")
    assert carl.status_code == (200 if back == "events" else 404)


def test_the_digest_needs_the_key_and_the_key_is_made_once(tmp_path: Path) -> None:
    file = tmp_path / "home" / "erasure.key"
    key = ErasureKey("", file).read()
    assert key == ErasureKey("", file).read()
    assert len(key) == 64
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
    assert ErasureKey("given", file).read() == b"given"
    assert digest_of(key, TENANT, ANNA) != digest_of(b"given", TENANT, ANNA)
    assert digest_of(key, "other", ANNA) != digest_of(key, TENANT, ANNA)


def test_models_that_learned_from_a_person_are_named(
    client: TestClient, database: Database
) -> None:
    store_anna(client)
    with database.reading() as connection:
        last = trainings.last_seq(connection)
    march = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp() * 1e6)
    for version, seq, cutoff in (("1", 0, None), ("2", last, None), ("3", last, march)):
        database.write(
            lambda c, v=version, s=seq, t=cutoff: trainings.add(  # type: ignore[misc]
                c, TENANT, Training("fineline", v, 5), s, t
            )
        )
    named = client.get(f"/v1/contacts/{ANNA}").json()["models"]
    assert [m["version"] for m in named] == ["2"]
    assert client.delete(f"/v1/contacts/{ANNA}").json()["models"] == named


def test_what_is_erased_is_overwritten_in_the_file(decider: Decider, tmp_path: Path) -> None:
    own = ServiceSettings(home=tmp_path)
    with TestClient(create_app(own, lambda: decider)) as client:
        store_anna(client)
        client.delete(f"/v1/contacts/{ANNA}")
    connection = sqlite3.connect(tmp_path / "store.db")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    left = b"".join(p.read_bytes() for p in tmp_path.glob("store.db*"))
    assert b"role-a" in left
    assert ANNA.encode() not in left


def test_nobody_is_named_in_logs_or_metrics(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG", logger="fineline"):
        store_anna(client, touch("bad", ANNA, kind="dance"), touch("e1", ANNA, channel="sms"))
        client.delete(f"/v1/contacts/{ANNA}")
        assert ANNA not in client.get("/metrics").text
    assert ANNA not in caplog.text
