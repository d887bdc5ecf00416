"""A challenger in shadow: asked what was asked, on record, never answering."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient

from features.errors import BadInput, NoModel
from features.store import decisions, shadows
from features.store.database import Database
from features.store.events import append
from features.store.shadows import Waiting
from models import artifact, registry
from models.settings import Settings
from serving.app import create_app
from serving.flight.beside import beside
from serving.flight.command import shadow
from serving.settings import ServiceSettings
from tests.api import post
from tests.factories import agency
from tests.registries import quick_model, register
from tests.stored import TENANT, rows_of
from tests.test_flight import damage, eventually, metric
from tests.test_stored_record import hint

# MLflow's own code warns about what its dependencies deprecate.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
PEOPLE = [f"contact-{i}" for i in range(12)]


@pytest.fixture
def two(registry_home: Settings) -> Settings:
    """A registry with a champion and another version."""
    for slope in (1.0, 4.0):
        register(registry_home, quick_model(slope))
    registry.promote(registry_home, "1")
    return registry_home


@contextmanager
def service(settings: Settings, database_url: str) -> Iterator[TestClient]:
    asked = ServiceSettings(
        home=settings.home, tracking_uri="", watch_seconds=0.05, shadow_seconds=0.05,
        database_url=database_url,
    )  # fmt: skip
    with TestClient(create_app(asked), raise_server_exceptions=False) as client:
        post(client, rows_of(agency(5)), "/v1/events")
        yield client


def challenger(client: TestClient) -> dict[str, Any] | None:
    found: dict[str, Any] | None = client.get("/v1/model").json()["challenger"]
    return found


def in_place(client: TestClient) -> bool:
    found = challenger(client)
    return found is not None and found["asked"]


def told(database: Database, version: str = "2") -> list[shadows.Pair]:
    with database.reading() as connection:
        return shadows.pairs(connection, TENANT, version, 1000)


def test_it_is_asked_and_never_answers(
    two: Settings, database: Database, database_url: str
) -> None:
    registry.challenge(two, "2")
    with service(two, database_url) as client:
        eventually(lambda: in_place(client))
        answers = [hint(client, person) for person in PEOPLE]
        assert {a["model"]["version"] for a in answers} == {"1"}
        eventually(lambda: len(told(database)) == len(answers))
        listed = client.get("/v1/worklist").json()["items"]
        assert {a["model"]["version"] for a in listed} <= {"1"}
        assert metric_of(client, "fineline_shadow_decisions_total") >= len(answers)
        assert metric(client, "fineline_shadow_failures_total") == 0
        for pair in told(database):
            said, other = orjson.loads(pair.said.answer), orjson.loads(pair.shadow)
            assert (said["model"]["version"], other["model"]["version"]) == ("1", "2")
            assert said["contact_id"] == other["contact_id"]
            assert said["at"] == other["at"]
        assert any(
            orjson.loads(p.said.answer)["if_nudged"] != orjson.loads(p.shadow)["if_nudged"]
            for p in told(database)
        )
        exported = client.get("/v1/contacts/contact-1").json()
        assert [s["model_version"] for s in exported["shadows"]] == ["2"]
        client.delete("/v1/contacts/contact-1")
        assert "contact-1" not in {p.said.contact_id for p in told(database)}
        registry.challenge(two, None)
        eventually(lambda: challenger(client) is None)
        count = len(told(database))
        hint(client, "contact-2", at="2024-07-09T10:00:00Z")
        assert len(told(database)) == count


def metric_of(client: TestClient, name: str) -> float:
    """The sum over all labels."""
    lines = client.get("/metrics").text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(name + "{"))


def test_a_bad_one_is_refused_and_the_champion_goes_on(two: Settings, database_url: str) -> None:
    registry.challenge(two, "2")
    damage(two, "2", artifact.MANIFEST, format=99)
    with service(two, database_url) as client:
        eventually(lambda: (challenger(client) or {}).get("trouble") is not None)
        found = challenger(client)
        assert found is not None
        assert not found["asked"]
        assert "version 2 was refused" in found["trouble"]
        assert hint(client, "contact-1")["model"]["version"] == "1"
        assert client.get("/readyz").json()["trouble"] is None


def test_each_decision_is_claimed_once(
    two: Settings, database: Database, database_url: str
) -> None:
    with service(two, database_url) as client:
        answers = [hint(client, person) for person in PEOPLE[:5]]

    def claim() -> list[Waiting]:
        return database.write(lambda c: shadows.claim(c, "9", 0, 1, 3))

    first, second, third = claim(), claim(), claim()
    assert [len(x) for x in (first, second, third)] == [3, 2, 0]
    ids = {one.decision_id for one in (*first, *second)}
    assert ids == {a["decision_id"] for a in answers}
    assert told(database, "9") == []
    database.write(lambda c: shadows.answer(c, first[0], "9", "{}"))
    assert [p.shadow for p in told(database, "9")] == ["{}"]
    later = int((datetime.now(UTC) + timedelta(days=1)).timestamp() * 1e6)
    assert database.write(lambda c: decisions.expire(c, later)) == 5
    with database.reading() as connection:
        assert shadows.versions(connection, TENANT) == []


def test_both_are_judged_by_what_happened(database: Database) -> None:
    """One says of everybody what happened to them, the other says the same of all."""
    events: list[dict[str, Any]] = []
    rows: list[decisions.Recorded] = []
    start = datetime(2026, 3, 2, 9, tzinfo=UTC)
    for i in range(80):
        person, lands = f"p{i}", i % 2 == 0
        at = start + timedelta(hours=1)
        events.append({"event_id": f"{i}t", "contact_id": person, "kind": "touch",
                       "occurred_at": at.isoformat(), "channel": "email"})  # fmt: skip
        if lands:
            events.append({"event_id": f"{i}r", "contact_id": person, "kind": "reply",
                           "sentiment": "positive",
                           "occurred_at": (at + timedelta(days=1)).isoformat()})  # fmt: skip
        made = int(start.timestamp() * 1e6)
        answer = said(0.5)
        rows.append(decisions.Recorded(
            f"d{i}", person, "latest", 1, 1, True, made, made, "fineline", "1", None, "nudge", 1,
            False, 1.0, "{}", b"", answer,
        ))  # fmt: skip
    append(database, TENANT, [e | {"recorded_at": e["occurred_at"]} for e in events], 1)
    database.write(lambda c: decisions.add(c, TENANT, rows))
    taken = database.write(lambda c: shadows.claim(c, "2", 0, 1, 100))
    assert len(taken) == 80
    for one in taken:
        lands = int(one.decision_id[1:]) % 2 == 0
        written = said(0.9 if lands else 0.1, "nudge" if lands else "stop")
        database.write(lambda c, one=one, written=written: shadows.answer(c, one, "2", written))
    found = beside(database, TENANT, "2", start + timedelta(days=60))
    assert (found.decisions, found.touches) == (80, 80)
    assert (found.agreed, found.champion_nudges, found.challenger_nudges) == (0.5, 1.0, 0.5)
    assert found.land is not None
    assert found.land.champion == pytest.approx(0.6931, abs=1e-3)
    assert found.land.challenger == pytest.approx(0.1054, abs=1e-3)
    assert found.land.high < -0.5
    early = beside(database, TENANT, "2", start + timedelta(days=3))
    assert early.land is None


def said(p_land: float, hint_: str = "nudge") -> str:
    return json.dumps(
        {"hint": hint_, "channel": "email", "if_nudged": {"p_land": p_land, "p_annoy": 0.01}}
    )


def test_the_command_names_and_shows_it(
    two: Settings, database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FINELINE_HOME", str(two.home))
    monkeypatch.setenv("FINELINE_DATABASE_URL", database_url)
    for name in ("MLFLOW_TRACKING_URI", "FINELINE_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    database.prepare()

    def run(*words: str) -> Any:
        return CliRunner().invoke(shadow, words)

    assert isinstance(run().exception, NoModel)
    assert "is the champion" in str(run("1").exception)
    assert isinstance(run("7").exception, BadInput)
    assert isinstance(run("2", "--off").exception, BadInput)
    assert run("2").output == "Version 2 is in shadow.\n"
    assert "was asked about 0 decisions" in run().output
    assert json.loads(run("--json").output)["version"] == "2"
    assert run("--off").output == "Version 2 left.\n"
    assert run("--off").output == "Nobody was in shadow.\n"
