"""Keys: asked for of whoever comes from elsewhere, checked wherever one is given."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.testclient import TestClient
from sqlalchemy import text

from features.errors import BadInput, BadSetting, StoreUnavailable
from features.moments import microseconds
from features.store import keys as stored
from features.store.database import Database
from models.decide import Decider
from serving import schemas
from serving.access.caller import Allowed
from serving.access.commands import keys
from serving.access.scopes import SCOPES
from serving.access.tokens import new_token
from serving.app import create_app, from_environment
from serving.examples import EVENTS
from serving.schemas import SCORE_EXAMPLE, SCORES_EXAMPLE
from serving.settings import ServiceSettings
from tests.access import first_day, key_of
from tests.api import PROBLEM

#: What each route asks for; every other one has to be added here, or to OPEN.
NEEDS: list[tuple[str, str, str | None, Any]] = [
    ("POST", "/v1/score", "score", SCORE_EXAMPLE),
    ("POST", "/v1/scores", "score", SCORES_EXAMPLE),
    ("POST", "/v1/events", "ingest", EVENTS),
    ("POST", "/v1/events/hubspot", "ingest", []),
    ("POST", "/v1/events/salesforce", "ingest", []),
    ("POST", "/v1/contacts", "ingest", []),
    ("PUT", "/v1/contacts/{contact_id}", "ingest", {}),
    ("GET", "/v1/contacts/{contact_id}", "read", None),
    ("PUT", "/v1/campaigns/{campaign_id}", "ingest", {}),
    ("GET", "/v1/campaigns/{campaign_id}", "read", None),
    ("GET", "/v1/contacts/{contact_id}/hint", "read", None),
    ("GET", "/v1/worklist", "read", None),
    ("POST", "/v1/decisions/{decision_id}/feedback", "feedback", {"action": "followed"}),
    ("DELETE", "/v1/contacts/{contact_id}", "erase", None),
    ("GET", "/v1/model", None, None),
    ("GET", "/metrics", "read", None),
    ("GET", "/", "read", None),
    ("GET", "/contacts/{contact_id:path}", "read", None),
    ("POST", "/contacts/{contact_id:path}", "feedback", None),
    ("GET", "/demo", "read", None),
    ("GET", "/team", "read", None),
    ("GET", "/dials", "admin", None),
    ("POST", "/dials", "admin", None),
]
#: What tells nothing of anybody.
OPEN = {"/healthz", "/readyz", "/docs", "/openapi.json", "/assets/{name}", "/widget.js",
        "/embed/hint", "/sign-in", "/sign-out"}  # fmt: skip


@pytest.fixture(scope="module")
def decider() -> Decider:
    return first_day()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    found = Database(f"sqlite:///{tmp_path}/store.db")
    found.prepare()
    yield found
    found.close()


@pytest.fixture
def client(decider: Decider, store: Database, tmp_path: Path) -> Iterator[TestClient]:
    """Of a service that requires keys."""
    own = ServiceSettings(home=tmp_path, require_keys=True)
    with TestClient(create_app(own, lambda: decider), raise_server_exceptions=False) as found:
        yield found


def keyless(decider: Decider, home: Path, **options: Any) -> TestClient:
    return TestClient(create_app(ServiceSettings(home=home), lambda: decider), **options)


def ask(client: TestClient, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
    at = re.sub(r"{\w+(:path)?}", "anna", path)
    sent = {} if body is None else {"json": body}
    return client.request(method, at, headers=headers, follow_redirects=False, **sent)


@pytest.mark.parametrize(("method", "path", "scope", "body"), NEEDS)
def test_each_route_takes_the_scope_it_names_and_no_other(
    client: TestClient, store: Database, method: str, path: str, scope: str | None, body: Any
) -> None:
    is_page = not path.startswith(("/v1/", "/metrics"))
    refused = ask(client, method, path, body, {})
    if is_page:
        assert refused.status_code == 303
        assert refused.headers["location"].startswith("/sign-in?next=/")
    else:
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"] == 'Bearer realm="fineline"'
        schemas.ProblemOut.model_validate_json(refused.content)
    if scope is not None:
        others = set(SCOPES) - {scope, "admin"}
        refused = ask(client, method, path, body, key_of(store, *others))
        assert refused.status_code == 403
        assert refused.headers["content-type"].startswith("text/html" if is_page else PROBLEM)
        if not is_page:
            named = f'error="insufficient_scope", scope="{scope}"'
            assert named in refused.headers["www-authenticate"]
    for given in ((scope or "score"), "admin"):
        answer = ask(client, method, path, body, key_of(store, given))
        assert answer.status_code in (200, 404, 415), answer.text


def test_every_route_is_here(client: TestClient) -> None:
    app: Any = client.app
    needs: dict[tuple[str, str], set[str | None]] = {}
    for found in iter_route_contexts(app.routes):
        route = found.original_route
        if not isinstance(route, APIRoute):
            continue
        own = {d.call.scope for d in route.dependant.dependencies if isinstance(d.call, Allowed)}
        for method in route.methods:
            if not own:
                assert route.path in OPEN, f"{method} {route.path} does not say who may call it"
            else:
                needs[method, route.path] = own
    assert needs == {(method, path): {scope} for method, path, scope, _ in NEEDS}


@pytest.mark.parametrize("path", sorted(OPEN - {"/assets/{name}", "/sign-out"}))
def test_what_tells_nothing_of_anybody_is_open(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("given", ["Bearer x", "Basic YTpi", "", "Bearer", "Bearer fl_" + "a" * 52])
def test_what_is_given_is_checked_where_nothing_is_required(
    decider: Decider, tmp_path: Path, given: str
) -> None:
    with keyless(decider, tmp_path) as client:
        answer = client.get("/v1/worklist", headers={"authorization": given})
        assert answer.status_code == 401
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]
        assert client.get("/v1/worklist").status_code == 200


@pytest.mark.parametrize(
    ("options", "headers"),
    [
        ({"client": ("203.0.113.7", 5)}, {}),
        ({"base_url": "http://rebound.example"}, {}),
        ({"base_url": "http://192.0.2.1"}, {}),
        ({}, {"sec-fetch-site": "cross-site"}),
        ({}, {"origin": "https://elsewhere.example"}),
    ],
)
def test_without_a_key_nobody_from_elsewhere_is_answered(
    decider: Decider, tmp_path: Path, options: dict[str, Any], headers: dict[str, str]
) -> None:
    with keyless(decider, tmp_path, **options) as client:
        assert client.post("/v1/events", json=[], headers=headers).status_code in (401, 403)
    for address in ("http://localhost:8000", "http://127.0.0.1:8000", "http://[::1]:8000"):
        with keyless(decider, tmp_path, base_url=address, client=("127.0.0.1", 5)) as client:
            assert client.post("/v1/events", json=[]).status_code == 200


def test_a_revoked_and_an_expired_key_are_refused_within_seconds(
    client: TestClient, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon = microseconds(datetime.now(UTC) + timedelta(seconds=0.5))
    brief, lasting = key_of(store, expires_us=soon), key_of(store)
    for header in (brief, lasting):
        assert client.get("/v1/worklist", headers=header).status_code == 200
    with store.reading() as connection:
        key_id = stored.listed(connection)[-1].key_id
        assert key_id in {h["authorization"].split("_")[1] for h in (brief, lasting)}
    time.sleep(0.6)
    assert client.get("/v1/worklist", headers=brief).status_code == 401
    store.write(lambda c: stored.revoke(c, lasting["authorization"].split("_")[1], soon))
    until = time.monotonic() + 10
    while client.get("/v1/worklist", headers=lasting).status_code == 200:
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_key_with_another_secret_is_refused(client: TestClient, store: Database) -> None:
    header = key_of(store)["authorization"]
    wrong = header[:-43] + new_token().text[-43:]
    assert client.get("/v1/worklist", headers={"authorization": wrong}).status_code == 401


def test_known_keys_go_on_while_the_store_is_away(
    client: TestClient, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, unknown = key_of(store), key_of(store)
    assert client.post("/v1/score", json=SCORE_EXAMPLE, headers=known).status_code == 200
    app: Any = client.app

    def away() -> None:
        raise StoreUnavailable("the event store does not answer; ask again in a moment")

    monkeypatch.setattr(app.state.database, "reading", away)
    app.state.access.keys._known._fresh.clear()
    for _ in range(2):
        assert client.post("/v1/score", json=SCORE_EXAMPLE, headers=known).status_code == 200
    answer = client.post("/v1/score", json=SCORE_EXAMPLE, headers=unknown)
    assert answer.status_code == 503
    assert answer.headers["content-type"] == PROBLEM


def test_when_a_key_was_last_used_is_noted(client: TestClient, store: Database) -> None:
    header = key_of(store)
    for _ in range(2):
        assert client.get("/v1/model", headers=header).status_code == 200
    until = time.monotonic() + 10
    used = None
    while used is None and time.monotonic() < until:
        with store.reading() as connection:
            used = stored.listed(connection)[0].used_us
    assert used is not None
    assert abs(used - microseconds(datetime.now(UTC))) < 20_000_000


def run(home: Path, *words: str) -> Any:
    return CliRunner().invoke(keys, words, env={"FINELINE_HOME": str(home)})


def test_a_key_is_made_shown_once_listed_and_revoked(
    tmp_path: Path, decider: Decider, store: Database
) -> None:
    made = run(tmp_path, "create", "--name", "the crm", "--scope", "read", "--scope", "ingest",
               "--tenant", "north", "--days", "30")  # fmt: skip
    assert made.exit_code == 0, made.output
    secret = made.stdout.strip()
    listed = run(tmp_path, "list").stdout
    shown = secret[:11]
    assert re.search(rf"{shown} +north +the crm +ingest,read .* good", listed)
    assert secret not in listed
    with store.reading() as connection:
        kept = repr(connection.execute(text("SELECT * FROM api_keys")).all())
    assert secret[12:] not in kept
    own = ServiceSettings(home=tmp_path, require_keys=True)
    with TestClient(create_app(own, lambda: decider)) as client:
        header = {"authorization": f"Bearer {secret}"}
        assert client.get("/v1/worklist", headers=header).status_code == 200
    assert run(tmp_path, "revoke", shown).exit_code == 0
    assert " revoked" in run(tmp_path, "list", "--tenant", "north").stdout
    assert shown not in run(tmp_path, "list", "--tenant", "south").stdout
    assert isinstance(run(tmp_path, "revoke", shown).exception, BadInput)


@pytest.mark.parametrize(
    "wrong",
    [
        ["--scope", "everything"],
        ["--scope", "read", "--tenant", "No Such/Name"],
        ["--scope", "read", "--name", ""],
    ],
)
def test_a_key_that_makes_no_sense_is_refused(tmp_path: Path, wrong: list[str]) -> None:
    found = run(tmp_path, "create", "--name", "x", *wrong)
    assert isinstance(found.exception, BadInput)
    assert not (tmp_path / "store.db").exists()


@pytest.mark.parametrize(
    ("host", "required"), [("0.0.0.0", True), ("::", True), ("127.0.0.1", False), ("::1", False)]
)
def test_listening_beyond_this_machine_requires_keys_in_every_process(
    host: str, required: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from serving.commands import serve

    monkeypatch.setenv("FINELINE_HOME", str(tmp_path))
    monkeypatch.setenv("FINELINE_HOST", "127.0.0.1")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setattr("uvicorn.run", lambda *_, **__: None)
    monkeypatch.setattr("serving.commands._require_free", lambda *_: None)
    monkeypatch.setattr("serving.commands._leave_when_terminated", lambda _: None)
    said = CliRunner().invoke(serve, ["--host", host])
    assert said.exit_code == 0, said.output
    assert ("needs a key" in said.output) == required
    app = from_environment()
    assert app.state.settings.keys_required == required
    assert ({} in app.openapi()["paths"]["/v1/score"]["post"]["security"]) == (not required)


def test_the_host_cannot_be_nonsense(monkeypatch: pytest.MonkeyPatch) -> None:
    # Whatever is not known to be this machine is elsewhere.
    assert ServiceSettings(host="fineline.internal").keys_required
    monkeypatch.setenv("FINELINE_REQUIRE_KEYS", "perhaps")
    with pytest.raises(BadSetting):
        from_environment()
