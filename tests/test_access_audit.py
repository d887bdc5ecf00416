"""The audit log: who did what, about whom, when, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient
from sqlalchemy import inspect, text

from features.errors import StoreUnavailable
from features.store import audit as log
from features.store.audit import EVERYONE, Entry
from features.store.database import Database
from models.decide import Decider
from serving.access.audit_command import audit
from serving.access.commands import keys
from serving.app import create_app
from serving.settings import ServiceSettings
from tests.access import first_day, key_of
from tests.stored import touch
from training.noting import note

ANNA = "anna-Xyzzy-4711"
NOW = datetime(2026, 11, 3, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def decider() -> Decider:
    return first_day()


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> ServiceSettings:
    return ServiceSettings(database_url=database_url, home=tmp_path / "home")


@pytest.fixture
def client(decider: Decider, settings: ServiceSettings) -> Iterator[TestClient]:
    with TestClient(create_app(settings, lambda: decider), raise_server_exceptions=False) as found:
        yield found


def entries(database: Database, **asked: Any) -> list[tuple[str, str, str]]:
    with database.reading() as connection:
        return [(e.who, e.what, e.outcome) for e in log.listed(connection, 1000, **asked)]


def run(settings: ServiceSettings, command: Any, *words: str) -> Any:
    env = {"FINELINE_DATABASE_URL": settings.database_url, "FINELINE_HOME": str(settings.home)}
    found = CliRunner().invoke(command, words, env=env)
    assert found.exit_code == 0, found.output
    return found


def test_exports_and_erasures_are_kept_and_name_nobody(
    client: TestClient, database: Database, settings: ServiceSettings
) -> None:
    header = key_of(database, tenant="north")
    who = "key:" + header["authorization"].split("_")[1]
    client.post("/v1/events", json=[touch("e1", ANNA)], headers=header)
    for method in ("GET", "DELETE", "DELETE", "GET"):
        client.request(method, f"/v1/contacts/{ANNA}", headers=header)
    client.get(f"/v1/contacts/{ANNA}")
    assert entries(database, tenant="north") == [
        (who, "export", "done"), (who, "erase", "done"),
        (who, "erase", "nothing"), (who, "export", "nothing"),
    ]  # fmt: skip
    assert entries(database, tenant="default") == [("local", "export", "nothing")]
    with database.reading() as connection:
        tables = inspect(connection).get_table_names()
        kept = repr([connection.execute(text(f"SELECT * FROM {t}")).all() for t in tables])
    assert ANNA not in kept
    words = ("--tenant", "north", "--contact", ANNA)
    shown = run(settings, audit, *words).stdout
    assert shown.count("export") == 2
    assert ANNA not in shown
    assert run(settings, audit, "--contact", "ben").stdout.count("\n") == 1


def test_a_refused_erasure_is_kept_too(client: TestClient, database: Database) -> None:
    header = key_of(database, "read", "score")
    who = "key:" + header["authorization"].split("_")[1]
    assert client.delete(f"/v1/contacts/{ANNA}", headers=header).status_code == 403
    assert client.post("/v1/events", json=[], headers=header).status_code == 403
    with database.reading() as connection:
        (entry,) = log.listed(connection, 10)
    assert (entry.who, entry.what, entry.outcome) == (who, "erase", "refused")
    assert entry.about == "DELETE /v1/contacts/{contact_id}"


def test_the_database_itself_keeps_the_log(database: Database) -> None:
    database.write(lambda c: log.add(c, Entry(1, "default", "local", "erase", "x")))
    for verb in ("UPDATE audit SET who = 'nobody'", "DELETE FROM audit"):
        with pytest.raises(StoreUnavailable):
            database.write(lambda c, verb=verb: c.execute(text(verb)))  # type: ignore[misc]
    assert entries(database) == [("local", "erase", "done")]


def test_nothing_is_exported_that_the_log_cannot_have(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.post("/v1/events", json=[touch("e1", ANNA)])

    def away(*_: object) -> None:
        raise StoreUnavailable("the event store does not answer; ask again in a moment")

    monkeypatch.setattr("features.store.audit.add", away)
    for method in ("GET", "DELETE"):
        assert client.request(method, f"/v1/contacts/{ANNA}").status_code == 503
    monkeypatch.undo()
    assert len(client.get(f"/v1/contacts/{ANNA}").json()["events"]) == 1


def test_keys_are_in_the_log(settings: ServiceSettings, database: Database) -> None:
    secret = run(settings, keys, "create", "--name", "x", "--scope", "read").stdout.strip()
    run(settings, keys, "revoke", secret[:11])
    found = [json.loads(line) for line in run(settings, audit, "--json").stdout.splitlines()]
    assert [(e["what"], e["about"]) for e in found] == [
        ("key made", f"key:{secret[3:11]}"), ("key revoked", f"key:{secret[3:11]}"),
    ]  # fmt: skip
    assert all(e["who"].startswith("command:") for e in found)
    assert secret not in repr(found)
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert run(settings, audit, "--json", "--since", soon).stdout == ""
    assert len(run(settings, audit, "--json", "--limit", "1").stdout.splitlines()) == 1


def test_another_file_of_rules_is_noted_once(
    decider: Decider, settings: ServiceSettings, database: Database, tmp_path: Path
) -> None:
    database.prepare()
    rules = tmp_path / "rules.yaml"
    counts = []
    for content in ("", "everyone: {}\n", "everyone: {}\n", "tenants: {}\n"):
        rules.write_text(content)
        own = settings.model_copy(update={"rules": rules})
        with TestClient(create_app(own, lambda: decider)):
            counts.append(len(entries(database)))
    assert counts == [0, 1, 1, 2]
    assert entries(database)[0] == ("settings", "rules", "done")


def test_who_made_a_version_champion_is_noted(
    settings: ServiceSettings, database: Database, tmp_path: Path
) -> None:
    database.prepare()
    assert note(settings, "promote", "3", NOW) == ""
    with database.reading() as connection:
        (entry,) = log.listed(connection, 10, tenant="north")
    assert (entry.tenant, entry.what, entry.about) == (EVERYONE, "promote", "model:3")
    assert note(ServiceSettings(home=tmp_path / "new"), "promote", "3", NOW) == ""
    assert not (tmp_path / "new").exists()
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "store.db").write_bytes(b"no database" * 100)
    said = note(ServiceSettings(home=broken), "promote", "3", NOW)
    assert "audit log does not say so" in said
