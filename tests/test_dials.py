"""What a tenant sets for itself: in force at once, on record with each decision, never looser."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from features.store import dials as settings
from features.store import threads
from features.store.database import Database
from features.store.dials import Setting
from models.decide import Decider
from models.decision import Utility
from models.dials import Dials, tightened
from models.rules import Rulebook
from serving.app import create_app
from serving.settings import ServiceSettings
from serving.stored.dials import save
from serving.stored.looking import look, look_at
from serving.stored.replay import on_record, replay
from tests.api import asked, post
from tests.stored import TENANT, touch

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
NEVER_TOUCH = Dials(touch=50.0)
REST = Dials(1000.0, 0.0, 0.0, gap_hours=24.0 * 100)
KEEN = Dials(1000.0, 0.0, 0.0)


@pytest.fixture
def client(decider: Decider, database_url: str) -> Iterator[TestClient]:
    app = create_app(ServiceSettings(database_url=database_url), lambda: decider)

    app.state.clock = lambda: NOW
    with TestClient(app, raise_server_exceptions=False) as found:
        post(found, [touch("a"), touch("b", "ben")], "/v1/events")
        yield found


def hint(client: TestClient, contact: str = "anna") -> dict[str, str]:
    found: dict[str, str] = client.get(f"/v1/contacts/{contact}/hint").json()
    return found


def set_to(database: Database, dials: Dials, after: int = 0) -> bool:
    return save(database, TENANT, after, dials, "eve", "", NOW)


def looked_at(database: Database) -> list[str]:
    with database.reading() as connection:
        return [t.hint for h in ("nudge", "wait", "stop")
                for t in threads.ranked(connection, TENANT, h, 10)]  # fmt: skip


def test_dials_are_written_and_read_again() -> None:
    dials = Dials(annoy=4.0, gap_hours=48.0, week_cap=2, email_hours="09:00-17:00")
    assert Dials.read(dials.written()) == dials
    assert Dials.read("{}") == Dials()
    assert Dials.read('{"land": 3.0, "of a newer version": 1}') == Dials(land=3.0)
    assert Dials().utility == Utility()


def test_rules_become_stricter_and_never_looser() -> None:
    book = Rulebook.load()
    dials = Dials(gap_hours=48, rest_days=30, week_cap=2, month_cap=4, email_hours="09:00-17:00")
    own = tightened(book, dials).settings
    assert (own.minimum_gap.hours, own.come_back.days) == (48, 30)
    assert {c.days: c.touches for c in own.caps} == {7: 2, 30: 4}
    assert [h.channels for h in own.hours[len(book.settings.hours) :]] == [("email", "other")]
    assert tightened(book, Dials(annoy=9.0)) is book
    # A rulebook that has become stricter since goes on being so.
    strict = book.tightened({"minimum_gap_hours": 72, "caps": [{"touches": 1, "days": 7}]})
    both = tightened(strict, dials).settings
    assert both.minimum_gap.hours == 72
    assert {c.days: c.touches for c in both.caps} == {7: 1, 30: 4}


def test_hours_hold_on_top_of_the_rulebooks(decider: Decider) -> None:
    early = NOW.replace(hour=7, minute=15)
    book = tightened(Rulebook.load(), Dials(email_hours="10:00-16:00", ringing_hours="09:00-20:00"))
    for channel, opens in (("email", 10), ("phone", 9), ("linkedin", 8)):
        found = book.next_allowed(channel, ("Europe/London",), "GB", early, ())[0]
        assert found == early.replace(hour=opens, minute=0)
    saturday = datetime(2026, 3, 7, 11, tzinfo=UTC)
    found = book.next_allowed("email", ("Europe/London",), "GB", saturday, ())[0]
    assert found == datetime(2026, 3, 9, 10, tzinfo=UTC)


@pytest.mark.parametrize("dials", [NEVER_TOUCH, REST])
def test_what_is_set_counts_at_once_and_comes_out_again(
    client: TestClient, database: Database, decider: Decider, dials: Dials
) -> None:
    before = hint(client)
    assert hint(client) == before
    assert set_to(database, dials)
    after = hint(client)
    assert after["decision_id"] != before["decision_id"]
    assert after["hint"] == ("stop" if dials is NEVER_TOUCH else "wait")
    assert hint(client) == after
    for one, number in ((before, 0), (after, 1)):
        was = on_record(database, TENANT, one["decision_id"])
        assert was.dials == number
        found = replay(database, TENANT, was, decider)
        assert found.same, found.differences


def test_open_threads_are_decided_about_anew(
    client: TestClient, database: Database, decider: Decider
) -> None:
    set_to(database, KEEN)
    look(database, decider, NOW, 10)
    assert "stop" not in looked_at(database)
    with database.reading() as connection:
        assert threads.waiting(connection, TENANT, 0) == 0
    set_to(database, NEVER_TOUCH, 1)
    with database.reading() as connection:
        assert threads.waiting(connection, TENANT, 0) == 2
    assert client.get("/v1/worklist").json()["items"] == []
    assert looked_at(database) == ["stop", "stop"]


def test_a_look_under_the_dials_before_is_not_kept(
    client: TestClient, database: Database, decider: Decider
) -> None:
    class Slow(Decider):
        """Dials are set while it decides."""

        def decide(self, requests):  # type: ignore[no-untyped-def]
            set_to(database, NEVER_TOUCH)
            return super().decide(requests)

    look_at(database, Slow(decider.model, decider.ref), TENANT, ["anna"], NOW)
    assert looked_at(database) == []
    look(database, decider, NOW, 10)
    assert looked_at(database) == ["stop", "stop"]


def test_a_request_goes_by_the_dials_and_its_own_utility_wins(
    client: TestClient, database: Database
) -> None:
    def hinted(utility: dict[str, float] | None) -> str:
        body = asked(utility=utility, channels=None)
        (item,) = post(client, {"items": [body]}, "/v1/scores").json()["items"]
        one: dict[str, str] = post(client, body).json()
        assert one == item
        return one["hint"]

    keen = {"land": 1000.0, "annoy": 0.0, "touch": 0.0}
    assert hinted(keen) != "stop"
    set_to(database, NEVER_TOUCH)
    assert hinted(None) == hinted({"annoy": 2.0}) == "stop"
    assert hinted(keen) != "stop"


def test_tenants_do_not_share_dials(client: TestClient, database: Database) -> None:
    save(database, TENANT, 0, KEEN, "eve", "", NOW)
    save(database, "another", 0, NEVER_TOUCH, "eve", "", NOW)
    assert hint(client)["hint"] != "stop"


def test_whoever_comes_second_sets_nothing(database: Database) -> None:
    assert set_to(database, REST)
    assert not set_to(database, NEVER_TOUCH)
    assert save(database, TENANT, 1, Dials(), "adam", "as before", NOW + timedelta(hours=1))
    with database.reading() as connection:
        kept = settings.history(connection, TENANT, 10)
        assert settings.find(connection, TENANT, 3) is None
        assert settings.find(connection, TENANT, 0) == settings.NONE
    assert [(s.number, s.who, s.note) for s in kept] == [(2, "adam", "as before"), (1, "eve", "")]
    assert isinstance(kept[0], Setting)
    assert Dials.read(kept[1].dials) == REST


def test_without_the_store_requests_go_by_what_was_set_last(
    decider: Decider, database_url: str
) -> None:
    from serving.stored import dials

    database = Database(database_url)
    set_to(database, REST)
    last = dials.seen(database, TENANT, NOW)
    assert last is not None
    later = NOW + timedelta(seconds=2)
    assert dials.seen(database, TENANT, later) is None
    with database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE dials RENAME TO gone")
    assert dials.look(database, TENANT, later) == last
    assert dials.seen(database, TENANT, later) == last
    database.close()
