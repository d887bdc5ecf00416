"""How senders and clients fare is known between trainings, and said only where it is known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings

from features.catalog.columns import COLUMNS, POSITION
from features.histories import from_events
from features.matrix import build, party_states
from features.moments import microseconds
from features.store.database import Database
from features.store.events import append
from models.decide import Decider
from models.fares import PARTIES, Asked, Fresh, read
from models.ledger import Ledger
from serving.app import create_app
from serving.batch import fares_by, open_threads
from serving.settings import ServiceSettings
from serving.stored.ledgers import Ledgers, fares_of
from serving.stored.replay import on_record, replay
from serving.telemetry import Telemetry
from tests.api import asked, post
from tests.factories import agency, histories, table
from tests.stored import TENANT, everything, touch

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
WHO = ("actor-1", "client-1")


@pytest.fixture
def client(decider: Decider, database_url: str) -> Iterator[TestClient]:
    app = create_app(ServiceSettings(database_url=database_url), lambda: decider)
    app.state.clock = lambda: NOW
    with TestClient(app) as found:
        yield found


def landed(number: int) -> list[dict[str, Any]]:
    """So many people whom `WHO` wrote to in the last weeks, and who all agreed to a meeting."""
    actor, account = WHO
    found = []
    for i in range(number):
        at = NOW - timedelta(days=20, hours=-i)
        who = {"contact_id": f"lucky-{i}", "campaign_id": "role-a", "actor_id": actor,
               "account_id": account}  # fmt: skip
        found += [
            touch(f"t{i}", occurred_at=at.isoformat(), **who),
            {**touch(f"m{i}", occurred_at=(at + timedelta(days=1)).isoformat(), **who),
             "kind": "meeting"},
        ]  # fmt: skip
    return found


def ignored() -> list[dict[str, Any]]:
    """People whom another sender wrote to for another client, and who never answered."""
    at = (NOW - timedelta(days=20)).isoformat()
    return [
        touch(f"i{i}", occurred_at=at, contact_id=f"silent-{i}", actor_id="actor-0",
              account_id="client-0")
        for i in range(4)
    ]  # fmt: skip


def places(ledger: Ledger, at: datetime) -> tuple[Asked, np.ndarray[Any, Any]]:
    """A question about `WHO`, and what a model with `ledger` knows of them."""
    one = Asked([WHO[0]], [WHO[1]], ["anna"], np.array([microseconds(at)]))
    return one, read(ledger, one.places(ledger), one.at, len(COLUMNS))


@settings(deadline=None)
@given(histories())
def test_the_last_states_are_those_of_the_whole_fold(events: pa.Table) -> None:
    h = from_events(events)
    until = int(h.recorded.max(initial=0)) + 1
    mine, batch = party_states(h, until), build(h, until).parties
    for part in ("actors", "accounts", "organisation"):
        assert getattr(mine, part).tobytes() == getattr(batch, part).tobytes()


def test_a_ledger_reads_as_the_row_of_a_touch_made_now() -> None:
    """As training sees a touch, as of what was recorded by then, late recordings included."""
    events = agency(3)
    now = int(pc.quantile(pc.cast(events["occurred_at"], pa.int64()), 0.8)[0].as_py())
    moment = datetime.fromtimestamp(now / 1e6, UTC).isoformat()
    row = touch("now", "somebody", occurred_at=moment, actor_id=WHO[0], account_id=WHO[1])
    more = pa.concat_tables([events, table([row])])
    matrix = build(h := from_events(more), int(h.recorded.max()))
    here = more["event_id"].take(pa.array(matrix.event)).to_pylist().index("now")
    before = events.filter(pc.less_equal(pc.cast(events["recorded_at"], pa.int64()), now))
    _, found = places(Ledger.counted(before, now), datetime.fromtimestamp(now / 1e6, UTC))
    assert found[0, POSITION["actor_touches"]] > 0
    np.testing.assert_array_equal(found[0, PARTIES], matrix.x[here, PARTIES])


def test_what_landed_since_counts_at_once_and_replays(client: TestClient, decider: Decider) -> None:
    database: Database = client.app.state.database  # type: ignore[attr-defined]
    post(client, [touch("a", actor_id=WHO[0], account_id=WHO[1])], "/v1/events")
    body = asked(next_touch={"actor_id": WHO[0], "account_id": WHO[1]})
    stored = {"at": NOW.isoformat()}
    before = post(client, body).json()
    hint = client.get("/v1/contacts/anna/hint", params=stored).json()
    post(client, landed(300), "/v1/events")
    assert post(client, body).json() == before
    Ledgers(database, 1, Telemetry()).make(NOW)
    after = post(client, body).json()
    anew = client.get("/v1/contacts/anna/hint", params=stored).json()
    assert after["if_nudged"]["p_land"] > before["if_nudged"]["p_land"]
    assert anew["if_nudged"]["p_land"] > hint["if_nudged"]["p_land"]
    for said in (hint, anew):
        was = on_record(database, TENANT, said["decision_id"])
        assert replay(database, TENANT, was, decider).same


def test_it_counts_from_its_moment_on_and_where_it_has_seen_as_much() -> None:
    """Of the model's eight touches nothing was known to have come."""
    before = microseconds(NOW - timedelta(days=1))
    known = Ledger.counted(table(landed(8)[::2] + ignored()), before)
    fewer, as_many, older = (
        Fresh(Ledger.counted(table(landed(n) + ignored()), microseconds(at)))
        for n, at in ((7, NOW), (8, NOW), (8, NOW - timedelta(days=2)))
    )
    for fresh, at, better in (
        (fewer, NOW, False),
        (as_many, NOW, True),
        (as_many, NOW - timedelta(seconds=1), False),
        (older, NOW, False),
    ):
        one, row = places(known, at)
        was = row.copy()
        fresh.fill(row, one, known, one.places(known))
        for who in ("actor", "account"):
            column = POSITION[f"{who}_touch_land_excess"]
            assert bool(row[0, column] > was[0, column]) is better
        assert np.array_equal(row[0, : PARTIES.start], was[0, : PARTIES.start])


def test_each_tenant_has_its_own(database: Database) -> None:
    ledgers = Ledgers(database, 1, Telemetry())
    ledgers.make(NOW)
    assert fares_of(database, TENANT) is None
    append(database, "other", landed(2), microseconds(NOW))
    ledgers.make(NOW)
    assert fares_of(database, TENANT) is None
    first = fares_of(database, "other")
    assert first is not None
    assert first.ledger.actor(WHO[0]) != Ledger.NOBODY
    ledgers.make(NOW + timedelta(hours=1))
    later = fares_of(database, "other")
    assert later is not None
    assert later.ledger.states is first.ledger.states
    assert later.ledger.as_of - first.ledger.as_of == 3_600_000_000


def test_what_is_recorded_later_is_counted_when_it_is(database: Database) -> None:
    """Also where nothing else was stored meanwhile; ledgers are as of full pauses."""
    ledgers, second = Ledgers(database, 300, Telemetry()), timedelta(seconds=1)
    made = (NOW + 10 * second).isoformat()
    one = touch("late", occurred_at=made, recorded_at=made, actor_id=WHO[0])
    append(database, TENANT, [one], microseconds(NOW))
    for now, touches in ((NOW + 20 * second, 0), (NOW + 320 * second, 1), (NOW + 620 * second, 1)):
        ledgers.make(now)
        fresh = fares_of(database, TENANT)
        assert fresh is not None
        assert fresh.ledger.as_of == microseconds(now - 20 * second)
        assert fresh.ledger.states["touches"][fresh.ledger.ORGANISATION] == touches


def test_the_metrics_say_how_fresh_it_is(database: Database) -> None:
    append(database, TENANT, landed(2), microseconds(NOW))
    telemetry = Telemetry()
    Ledgers(database, 1, telemetry).make(NOW)
    name = "fineline_senders_known_timestamp_seconds"
    assert telemetry.registry.get_sample_value(name) == NOW.timestamp()


def test_it_is_made_in_the_background_whatever_happens(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(database, TENANT, landed(2), microseconds(NOW))
    assert len(everything(database)) == 4
    telemetry, rounds = Telemetry(), []
    ledgers = Ledgers(database, 0.01, telemetry)
    made = Ledgers.make

    def failing_first(self: Ledgers, now: datetime) -> None:
        rounds.append(now)
        if len(rounds) == 1:
            raise ValueError("once")
        made(self, now)
        self._rounds.stopped.set()

    monkeypatch.setattr(Ledgers, "make", failing_first)
    ledgers.start()
    assert ledgers._rounds.stopped.wait(30)
    ledgers.stop()
    assert len(rounds) == 2
    assert fares_of(database, TENANT) is not None


def test_files_that_are_counted_answer_as_the_store_does(
    client: TestClient, decider: Decider
) -> None:
    rows = [*landed(300), touch("a", actor_id=WHO[0], account_id=WHO[1])]
    post(client, rows, "/v1/events")
    Ledgers(client.app.state.database, 1, Telemetry()).make(NOW)  # type: ignore[attr-defined]
    hint = client.get("/v1/contacts/anna/hint", params={"at": NOW.isoformat()}).json()
    late = touch("late", "x", recorded_at=(NOW + timedelta(days=1)).isoformat(), actor_id=WHO[0])
    events = table([*rows, late])
    (asked_about,) = open_threads(events, None, NOW)
    (by_model,) = decider.decide([asked_about])
    (counted,) = decider.knowing(fares_by(events, NOW)).decide([asked_about])
    assert counted.if_nudged.p_land == hint["if_nudged"]["p_land"] != by_model.if_nudged.p_land
    assert counted.if_nudged.p_annoy == hint["if_nudged"]["p_annoy"]
