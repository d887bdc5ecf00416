"""People sign in on the page: with a password, for their tenant, as long as they may."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient
from sqlalchemy import text

from features.errors import BadInput, StoreUnavailable
from features.store import audit, users
from features.store.database import Database
from models.decide import Decider
from serving.access import passwords
from serving.access.people_command import users as command
from serving.app import create_app
from serving.settings import ServiceSettings
from tests.access import first_day, key_of
from tests.stored import touch

ANNA, PASSWORD = "anna@agency.example", "correct horse battery"


@pytest.fixture(scope="module")
def decider() -> Decider:
    return first_day()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that take less time, and so would be made anew with the usual settings."""
    hasher = passwords.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_HASHER", hasher)
    passwords._nobody.cache_clear()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    found = Database(f"sqlite:///{tmp_path}/store.db")
    found.prepare()
    yield found
    found.close()


def service(decider: Decider, home: Path, address: str = "http://testserver", **own: Any) -> Any:
    settings = ServiceSettings(home=home, **{"require_keys": True} | own)
    app = create_app(settings, lambda: decider)
    return TestClient(app, base_url=address, raise_server_exceptions=False, follow_redirects=False)


@pytest.fixture
def client(decider: Decider, store: Database, tmp_path: Path) -> Iterator[Any]:
    with service(decider, tmp_path) as found:
        yield found


def run(home: Path, *words: str, typed: str = PASSWORD) -> Any:
    return CliRunner().invoke(command, words, typed + "\n", env={"FINELINE_HOME": str(home)})


@pytest.fixture
def anna(tmp_path: Path, store: Database) -> None:
    """Anna of the north, who may do what recruiters do."""
    made = run(tmp_path, "create", ANNA.upper(), "--name", "Anna Arends", "--tenant", "north")
    assert made.exit_code == 0, made.output


def sign_in(client: Any, user: str = ANNA, password: str = PASSWORD, **more: str) -> Any:
    form = {"user": user, "password": password, "next": "/"} | more
    return client.post("/sign-in", data=form)


def said(database: Database) -> list[tuple[str, str, str]]:
    with database.reading() as connection:
        return [(e.who, e.what, e.outcome) for e in audit.listed(connection, 100)]


@pytest.mark.usefixtures("anna")
def test_somebody_signs_in_is_named_and_signs_out(client: Any, store: Database) -> None:
    away = client.get("/contacts/a%2Fb?campaign_id=r%26d")
    assert away.status_code == 303
    asked = client.get(away.headers["location"])
    assert asked.status_code == 200
    onward = re.findall(r'name="next" value="([^"]+)"', asked.text)[0].replace("&amp;", "&")
    assert onward == "/contacts/a%2Fb?campaign_id=r%26d"
    done = sign_in(client, next=onward)
    assert (done.status_code, done.headers["location"]) == (303, onward)
    cookie = done.headers["set-cookie"].lower()
    assert all(part in cookie for part in ("httponly", "samesite=lax", "path=/", "max-age=43200"))
    assert "secure" not in cookie
    page = client.get("/")
    assert page.status_code == 200
    assert "Anna Arends" in page.text
    assert client.post("/sign-out", data={}).headers["location"] == "/sign-in"
    assert client.get("/").status_code == 303
    assert said(store)[1:] == [(f"user:{ANNA}", "sign in", "done")]


@pytest.mark.usefixtures("anna")
def test_a_cookie_that_was_taken_is_useless_after_signing_out(client: Any) -> None:
    sign_in(client)
    taken = client.cookies["fineline"]
    client.post("/sign-out", data={})
    client.cookies.clear()
    answer = client.get("/", headers={"cookie": f"fineline={taken}"})
    assert answer.status_code == 303


@pytest.mark.usefixtures("anna")
def test_the_store_has_neither_passwords_nor_cookies(client: Any, store: Database) -> None:
    sign_in(client)
    with store.reading() as connection:
        kept = repr([connection.execute(text(f"SELECT * FROM {t}")).all()
                     for t in ("users", "sessions", "audit")])  # fmt: skip
    assert "$argon2id$" in kept
    assert PASSWORD not in kept
    assert client.cookies["fineline"] not in kept


@pytest.mark.usefixtures("anna")
@pytest.mark.parametrize(
    ("user", "password"),
    [(ANNA, "wrong horse battery"), ("nobody", PASSWORD), (ANNA, ""), ("", ""), (ANNA, "x" * 9999)],
)
def test_what_does_not_fit_is_refused_in_the_same_words(
    client: Any, user: str, password: str
) -> None:
    answer = sign_in(client, user, password)
    assert answer.status_code == 401
    assert "do not belong together" in answer.text
    assert "set-cookie" not in answer.headers
    assert password == "" or password not in answer.text


@pytest.mark.usefixtures("anna")
def test_guessing_is_slowed_down(client: Any, store: Database) -> None:
    statuses = [sign_in(client, password=f"guess {n} of many").status_code for n in range(8)]
    assert statuses == [401] * 5 + [429] * 3
    answer = sign_in(client)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert "too many attempts" in answer.text
    # Others at the same address may still try, and whoever knows the password is not counted.
    run_of = [sign_in(client, "ben", "guess") for _ in range(2)]
    assert [a.status_code for a in run_of] == [401, 401]
    assert said(store).count((f"user:{ANNA}", "sign in", "refused")) == 5


@pytest.mark.usefixtures("anna")
def test_who_knows_the_password_may_sign_in_often(client: Any) -> None:
    assert {sign_in(client).status_code for _ in range(12)} == {303}


@pytest.mark.usefixtures("anna")
def test_people_see_their_tenant_and_do_what_they_may(client: Any, store: Database) -> None:
    now = datetime.now(UTC)
    for tenant in ("north", "south"):
        header = key_of(store, tenant=tenant)
        sent = [touch("e1", f"ben-of-{tenant}", occurred_at=(now - timedelta(days=9)).isoformat())]
        assert client.post("/v1/events", json=sent, headers=header).status_code == 200
    sign_in(client)
    assert client.get("/contacts/ben-of-north").status_code == 200
    assert client.get("/contacts/ben-of-south").status_code == 404
    # The widget on our own pages asks the API with the same cookie.
    assert client.get("/v1/contacts/ben-of-north/hint").status_code == 200
    assert client.get("/v1/contacts/ben-of-south/hint").status_code == 404
    assert client.delete("/v1/contacts/ben-of-north").status_code == 403
    assert client.post("/v1/events", json=[]).status_code == 403
    form = {"act": "leave_alone", "reason": "They asked me to", "form_id": "a1"}
    assert client.post("/contacts/ben-of-north", data=form).status_code == 303


@pytest.mark.usefixtures("anna")
@pytest.mark.parametrize(
    "headers", [{"origin": "https://elsewhere.example"}, {"sec-fetch-site": "cross-site"}]
)
def test_other_sites_neither_use_nor_end_a_session(client: Any, headers: dict[str, str]) -> None:
    sign_in(client)
    form = {"act": "leave_alone", "reason": "They asked me to", "form_id": "a1"}
    for path in ("/contacts/ben", "/sign-out", "/v1/decisions/x/feedback"):
        assert client.post(path, data=form, headers=headers).status_code == 403
    assert client.get("/").status_code == 200
    signing = client.post("/sign-in", data={"user": ANNA, "password": PASSWORD}, headers=headers)
    assert signing.status_code == 403


@pytest.mark.usefixtures("anna")
def test_a_session_ends_by_itself(client: Any) -> None:
    sign_in(client)

    client.app.state.clock = lambda: datetime.now(UTC) + timedelta(hours=13)
    assert client.get("/").status_code == 303
    # Whoever signs in next finds the old ones gone.
    assert sign_in(client).status_code == 303
    assert client.get("/").status_code == 200


@pytest.mark.usefixtures("anna")
@pytest.mark.parametrize("words", [["disable", ANNA], ["password", ANNA]])
def test_who_is_disabled_or_has_another_password_is_signed_out(
    client: Any, tmp_path: Path, words: list[str]
) -> None:
    sign_in(client)
    assert client.get("/").status_code == 200
    done = run(tmp_path, *words, typed="another horse battery")
    assert done.exit_code == 0, done.output
    until = time.monotonic() + 10
    while client.get("/").status_code == 200:
        assert time.monotonic() < until
        time.sleep(0.1)
    assert sign_in(client).status_code == 401
    if words[0] == "disable":
        assert run(tmp_path, "enable", ANNA).exit_code == 0
        assert sign_in(client).status_code == 303
    else:
        assert sign_in(client, password="another horse battery").status_code == 303


@pytest.mark.usefixtures("anna")
def test_by_https_the_cookie_is_for_https_and_this_host(decider: Decider, tmp_path: Path) -> None:
    for address, public in (("https://testserver", ""), ("http://testserver", "https://f.example")):
        with service(decider, tmp_path, address, public_url=public) as client:
            cookie = sign_in(client).headers["set-cookie"]
        assert cookie.startswith("__Host-fineline=")
        assert "Secure" in cookie
        assert "Domain" not in cookie


@pytest.mark.usefixtures("anna")
@pytest.mark.parametrize("onward", ["https://elsewhere.example", "//elsewhere.example", "/\\x", ""])
def test_nobody_is_sent_elsewhere(client: Any, onward: str) -> None:
    assert sign_in(client, next=onward).headers["location"] == "/"


@pytest.mark.usefixtures("anna")
def test_a_store_that_is_away_is_a_page(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise StoreUnavailable("the event store does not answer; ask again in a moment")

    monkeypatch.setattr(client.app.state.database, "reading", away)
    answer = sign_in(client)
    assert (answer.status_code, answer.headers["content-type"][:9]) == (503, "text/html")
    answer = client.get("/", headers={"cookie": "fineline=unknown"})
    assert (answer.status_code, answer.headers["content-type"][:9]) == (503, "text/html")


@pytest.mark.usefixtures("anna")
def test_where_no_key_is_required_nobody_has_to_sign_in(decider: Decider, tmp_path: Path) -> None:
    with service(decider, tmp_path, require_keys=False) as client:
        page = client.get("/")
        assert page.status_code == 200
        assert "Sign out" not in page.text
        assert sign_in(client).status_code == 303
        assert "Anna Arends" in client.get("/").text


@pytest.mark.usefixtures("anna")
def test_an_old_hash_is_made_anew(client: Any, store: Database, monkeypatch: Any) -> None:
    def kept() -> str:
        with store.reading() as connection:
            return str(users.listed(connection)[0].password)

    before = kept()
    hasher = passwords.PasswordHasher(time_cost=2, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_HASHER", hasher)
    assert sign_in(client).status_code == 303
    assert kept() != before
    assert sign_in(client).status_code == 303


@pytest.mark.usefixtures("anna")
def test_people_are_listed_and_nobody_twice(tmp_path: Path, store: Database) -> None:
    listed = run(tmp_path, "list").stdout
    assert re.search(rf"{ANNA} +north +Anna Arends +read,feedback .* password .* good", listed)
    assert isinstance(run(tmp_path, "create", ANNA).exception, BadInput)
    assert run(tmp_path, "create", "ben", "--no-password").exit_code == 0
    assert "OpenID Connect" in run(tmp_path, "list", "--tenant", "default").stdout
    assert isinstance(run(tmp_path, "disable", "carl").exception, BadInput)
    run(tmp_path, "disable", "ben")
    assert "disabled" in run(tmp_path, "list").stdout
    assert [what for _, what, _ in said(store)] == ["user made", "user made", "user disabled"]


@pytest.mark.parametrize(
    ("words", "typed"),
    [
        (["create", "anna"], "short"),
        (["create", "anna"], "aaaaaaaaaaaaaaaa"),
        (["create", "anna arends"], PASSWORD),
        (["create", "anna", "--scope", "everything"], PASSWORD),
        (["create", "longlonganna"], "longlonganna"),
        (["create", "anna", "--tenant", "No Name"], PASSWORD),
    ],
)
def test_an_account_that_makes_no_sense_is_refused(
    tmp_path: Path, words: list[str], typed: str
) -> None:
    assert isinstance(run(tmp_path, *words, typed=typed).exception, BadInput)
