"""How often a key may ask, and how much at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient

from features.errors import BadInput, BadSetting
from features.store import keys as stored
from features.store.database import Database
from models.settings import load_settings
from serving import schemas
from serving.access.commands import keys
from serving.app import create_app
from serving.examples import EVENTS
from serving.settings import ServiceSettings
from tests.access import first_day, key_of

MEGABYTE = 1_000_000
SCORE, BATCH = 1 * MEGABYTE, 2 * MEGABYTE
#: Most bytes of each route that takes a body.
BODIES = {
    ("POST", "/v1/score"): SCORE,
    ("POST", "/v1/scores"): BATCH,
    ("POST", "/v1/events"): BATCH,
    ("POST", "/v1/events/hubspot"): BATCH,
    ("POST", "/v1/events/salesforce"): BATCH,
    ("POST", "/v1/contacts"): BATCH,
    ("PUT", "/v1/contacts/anna"): SCORE,
    ("PUT", "/v1/campaigns/role"): SCORE,
    ("POST", "/v1/decisions/x/feedback"): SCORE,
    ("POST", "/contacts/anna"): 20_000,
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    found = Database(f"sqlite:///{tmp_path}/store.db")
    found.prepare()
    yield found
    found.close()


def service(home: Path, **own: Any) -> TestClient:
    settings = ServiceSettings(home=home, **own)
    return TestClient(create_app(settings, first_day), raise_server_exceptions=False)


def test_a_key_that_asks_too_often_has_to_wait(tmp_path: Path, store: Database) -> None:
    eager, other = key_of(store), key_of(store)
    with service(tmp_path, rate_limit="5/hour") as client:
        left = []
        for _ in range(5):
            answer = client.get("/v1/worklist", headers=eager)
            assert answer.status_code == 200
            assert answer.headers["ratelimit-policy"] == '"key";q=5;w=3600'
            left.append(answer.headers["ratelimit"].split(";")[1])
        assert left == ["r=4", "r=3", "r=2", "r=1", "r=0"]
        refused = client.get("/v1/worklist", headers=eager)
        assert refused.status_code == 429
        schemas.ProblemOut.model_validate_json(refused.content)
        wait = int(refused.headers["retry-after"])
        assert 1 <= wait <= 7200
        assert refused.headers["ratelimit"] == f'"key";r=0;t={wait}'
        assert client.get("/v1/worklist", headers=other).status_code == 200
        # Whoever sits at the machine is not counted.
        answers = [client.get("/v1/worklist") for _ in range(7)]
    assert {a.status_code for a in answers} == {200}
    assert "ratelimit" not in answers[0].headers


def test_a_limit_comes_to_its_end(tmp_path: Path, store: Database) -> None:
    eager = key_of(store)
    with service(tmp_path, rate_limit="2/second") as client:
        statuses = [client.get("/v1/model", headers=eager).status_code for _ in range(40)]
        assert 429 in statuses
        assert statuses[:2] == [200, 200]


def test_refusals_count_and_say_so_too(tmp_path: Path, store: Database) -> None:
    with service(tmp_path, rate_limit="1/hour") as client:
        header = key_of(store, "score")
        refused = client.get("/v1/worklist", headers=header)
        assert (refused.status_code, refused.headers["ratelimit"][:9]) == (403, '"key";r=0')
        assert client.get("/v1/worklist", headers=header).status_code == 429


def test_a_key_may_have_a_limit_of_its_own(tmp_path: Path, store: Database) -> None:
    few = key_of(store, rate="1/hour")
    with service(tmp_path, rate_limit="") as client:
        answer = client.get("/v1/model", headers=few)
        assert answer.headers["ratelimit-policy"] == '"key";q=1;w=3600'
        assert client.get("/v1/model", headers=few).status_code == 429
        free = client.get("/v1/model", headers=key_of(store))
        assert (free.status_code, "ratelimit" in free.headers) == (200, False)


def test_a_limit_is_given_with_a_key(tmp_path: Path) -> None:
    env = {"FINELINE_HOME": str(tmp_path)}
    words = ["create", "--name", "x", "--scope", "read", "--rate"]
    assert CliRunner().invoke(keys, [*words, "7/minute"], env=env).exit_code == 0
    database = Database(f"sqlite:///{tmp_path}/store.db")
    with database.reading() as connection:
        assert [k.rate for k in stored.listed(connection)] == ["7/minute"]
    database.close()
    for wrong in ("often", "0/minute", "7"):
        assert isinstance(CliRunner().invoke(keys, [*words, wrong], env=env).exception, BadInput)


@pytest.mark.parametrize("wrong", ["often", "0/minute", "5 per fortnight", "5/minute;1/second"])
def test_a_limit_that_makes_no_sense_is_refused(wrong: str) -> None:
    with pytest.raises(BadSetting, match="FINELINE_RATE_LIMIT"):
        load_settings(ServiceSettings, rate_limit=wrong)


@pytest.mark.parametrize("good", ["", "5/second", "100 / 5 minutes", "1000000/day"])
def test_a_limit_that_makes_sense_is_taken(good: str, tmp_path: Path) -> None:
    with service(tmp_path, rate_limit=good) as client:
        assert client.get("/healthz").status_code == 200


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    home = tmp_path_factory.mktemp("small")
    with service(home, max_body_mb=1, max_batch_body_mb=2, max_history=3) as client:
        yield client


def test_every_body_is_here(small: TestClient) -> None:
    paths = small.get("/openapi.json").json()["paths"]
    takes = {
        (method.upper(), path.format(contact_id="anna", decision_id="x", campaign_id="role"))
        for path, methods in paths.items()
        for method, route in methods.items()
        if "requestBody" in route
    }
    assert takes == set(BODIES) - {("POST", "/contacts/anna")}


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(("method", "path"), BODIES)
def test_no_route_reads_more_than_its_limit(
    small: TestClient, method: str, path: str, known: bool
) -> None:
    most = BODIES[method, path]
    form = path.startswith("/contacts")
    kind = "application/x-www-form-urlencoded" if form else "application/json"
    parts = (b" " * 10_000 for _ in range(most // 10_000 + 1))
    sent: Any = b"".join(parts) if known else parts
    answer = small.request(method, path, content=sent, headers={"content-type": kind})
    assert answer.status_code == 413, answer.text


def test_a_long_history_is_refused(small: TestClient) -> None:
    asked = {"contact": {"contact_id": "anna"}, "history": [EVENTS[0]] * 4}
    assert small.post("/v1/score", json=asked).status_code == 413
