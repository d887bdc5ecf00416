"""Two organisations in one store: whatever one asks, nothing of the other is seen or changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient

from features.store.database import Database
from models.decide import Decider
from serving.app import create_app
from serving.commands import replay
from serving.page.acts import REASONS
from serving.settings import ServiceSettings
from serving.stored.looking import look
from serving.stored.worklist import Place
from tests.access import first_day, key_of
from tests.stored import everything, touch
from training import stored

NORTH, SOUTH = "north", "south"
ANNA, SECRET = "anna-of-north", "role-of-north"
Headers = dict[str, str]


def recent(**days_ago: int) -> list[dict[str, Any]]:
    """Touches by e-mail, by id."""
    now = datetime.now(UTC)
    return [
        touch(
            name,
            ANNA,
            occurred_at=(now - timedelta(days=ago)).isoformat(),
            campaign_id=SECRET,
            actor_id="recruiter-of-north",
        )
        for name, ago in days_ago.items()
    ]


@pytest.fixture(scope="module")
def decider() -> Decider:
    return first_day()


@pytest.fixture
def client(decider: Decider, database_url: str, tmp_path: Path) -> Iterator[TestClient]:
    own = ServiceSettings(database_url=database_url, home=tmp_path, require_keys=True)
    with TestClient(create_app(own, lambda: decider), raise_server_exceptions=False) as found:
        yield found


@pytest.fixture
def north(client: TestClient, database: Database, decider: Decider) -> Headers:
    """A key of north, which has stored all that can be stored about Anna."""
    header = key_of(database, tenant=NORTH)
    assert client.post("/v1/events", json=recent(e1=9, e2=5), headers=header).status_code == 200
    described = [{"contact_id": ANNA, "country": "DE", "attributes": {"level": SECRET}}]
    client.post("/v1/contacts", json=described, headers=header)
    look(database, decider, datetime.now(UTC), 10)
    given = {"action": "followed", "reason": SECRET}
    answer = client.post(f"/v1/decisions/{decision(client, header)}/feedback", json=given,
                         headers=header)  # fmt: skip
    assert answer.status_code == 200
    return header


@pytest.fixture
def south(database: Database) -> Headers:
    """A key of south, which may do everything there."""
    return key_of(database, tenant=SOUTH)


def decision(client: TestClient, header: Headers) -> str:
    return str(client.get(f"/v1/contacts/{ANNA}/hint", headers=header).json()["decision_id"])


def held(client: TestClient, header: Headers) -> Any:
    """All that is stored about Anna, but what asking for it adds."""
    return client.get(f"/v1/contacts/{ANNA}", headers=header).json()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/v1/contacts/{ANNA}", 404),
        (f"/v1/contacts/{ANNA}/hint", 404),
        (f"/v1/contacts/{ANNA}/hint?campaign_id={SECRET}&tenant={NORTH}", 404),
        ("/v1/worklist", 200),
        ("/v1/worklist?actor_id=recruiter-of-north", 200),
        ("/", 200),
        ("/?show=wait", 200),
        ("/?show=stop&actor=recruiter-of-north", 200),
        (f"/contacts/{ANNA}", 404),
        (f"/contacts/{ANNA}?campaign_id={SECRET}", 404),
        ("/demo", 200),
        ("/metrics", 200),
        ("/v1/model", 200),
    ],
)
def test_nothing_of_another_tenant_is_read(
    client: TestClient, north: Headers, south: Headers, path: str, status: int
) -> None:
    tries = south | {"x-tenant": NORTH, "x-forwarded-user": NORTH}
    answer = client.get(path, headers=tries)
    assert answer.status_code == status
    if "recruiter-of-north" not in path:
        assert "recruiter-of-north" not in answer.text
    assert SECRET not in answer.text
    if status != 404:
        assert ANNA not in answer.text


def test_pages_of_a_work_list_lead_to_nobody_elsewhere(
    client: TestClient, north: Headers, south: Headers
) -> None:
    for cursor in (Place((9.9, "", "")).cursor(), Place((9.9, ANNA, SECRET)).cursor()):
        answer = client.get("/v1/worklist", params={"cursor": cursor}, headers=south).json()
        assert (answer["items"], answer["pending"]) == ([], 0)


def test_feedback_on_another_tenants_decision_is_refused(
    client: TestClient, north: Headers, south: Headers
) -> None:
    before = held(client, north)["feedback"]
    answer = client.post(f"/v1/decisions/{decision(client, north)}/feedback",
                         json={"action": "overridden"}, headers=south)  # fmt: skip
    assert answer.status_code == 404
    assert held(client, north)["feedback"] == before


def test_nobody_erases_across(client: TestClient, north: Headers, south: Headers) -> None:
    before = held(client, north)
    assert client.delete(f"/v1/contacts/{ANNA}", headers=south).status_code == 404
    client.post("/v1/events", json=recent(mine=3), headers=south)
    assert client.delete(f"/v1/contacts/{ANNA}", headers=south).json()["events"] == 1
    assert held(client, north) == before
    assert client.delete(f"/v1/contacts/{ANNA}", headers=north).json()["events"] == 2


def test_the_same_ids_are_other_people_and_other_events(
    client: TestClient, database: Database, north: Headers, south: Headers
) -> None:
    before = held(client, north)
    (mine,) = recent(e1=2)
    mine |= {"channel": "sms", "campaign_id": "role-of-south"}
    answer = client.post("/v1/events", json=[mine], headers=south).json()
    assert (answer["accepted"], answer["duplicates"]) == (1, 0)
    client.put(f"/v1/contacts/{ANNA}", json={"country": "NL"}, headers=south)
    assert held(client, north) == before
    own = held(client, south)
    assert [e["channel"] for e in own["events"]] == ["sms"]
    assert own["contact"]["country"] == "NL"
    assert everything(database, NORTH).num_rows == 2
    assert everything(database, "default").num_rows == 0


def test_an_opt_out_is_one_tenants(client: TestClient, north: Headers, south: Headers) -> None:
    client.post("/v1/events", json=recent(mine=20), headers=south)
    out = touch("out", ANNA, kind="opt_out", channel=None)
    client.post("/v1/events", json=[out], headers=north)
    assert client.delete(f"/v1/contacts/{ANNA}", headers=north).json()["opt_out_kept"]

    def rules(header: Headers) -> list[str]:
        answer = client.get(f"/v1/contacts/{ANNA}/hint", headers=header).json()
        return [r["rule"] for r in answer["rules"]]

    assert "opted_out" in rules(north)
    assert "opted_out" not in rules(south)


def test_a_button_of_the_page_changes_ones_own_alone(
    client: TestClient, north: Headers, south: Headers
) -> None:
    before = held(client, north)
    form = {"act": "leave_alone", "reason": REASONS["leave_alone"][0], "form_id": "a1",
            "decision_id": decision(client, north), "campaign_id": SECRET}  # fmt: skip
    answer = client.post(f"/contacts/{ANNA}", data=form, headers=south, follow_redirects=False)
    assert answer.status_code == 404
    assert held(client, north) | {"decisions": []} == before | {"decisions": []}
    assert held(client, south)["events"][0]["kind"] == "opt_out"


def test_commands_are_about_the_tenant_they_name(
    client: TestClient, database_url: str, north: Headers, tmp_path: Path
) -> None:
    settings = ServiceSettings(database_url=database_url, home=tmp_path)
    found = stored.read(settings, NORTH)
    assert found.events.num_rows == 2
    found.database.close()
    for tenant in ("default", SOUTH):
        refused = CliRunner().invoke(
            replay, [decision(client, north), "--tenant", tenant],
            env={"FINELINE_DATABASE_URL": database_url, "FINELINE_HOME": str(tmp_path)},
        )  # fmt: skip
        assert "is on record" in str(refused.exception)
