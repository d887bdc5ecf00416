"""What the outbox holds arrives at a real receiver: signed, and again after a failure."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import select

from features.moments import microseconds
from features.store import deliveries, endpoints, outbox
from features.store.database import Database
from features.store.endpoints import Endpoint
from features.store.events import append
from features.store.notices import promoted
from features.store.tables import DELIVERIES
from models.decide import Decider
from serving.champion import Champion
from serving.settings import ServiceSettings
from serving.telemetry import Telemetry
from serving.webhooks.addresses import Address
from serving.webhooks.delivery import PAUSES, Outcome, attempt, client, next_attempt
from serving.webhooks.dispatcher import KEPT, Dispatcher
from serving.webhooks.signing import Seal, new_secret
from tests.receiver import Receiver, receiving
from tests.stored import TENANT, touch

SECRET = new_secret()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> ServiceSettings:
    return ServiceSettings(
        database_url=database_url, home=tmp_path, webhook_networks="127.0.0.0/8", webhook_seconds=0
    )


def worker(settings: ServiceSettings, database: Database) -> Dispatcher:
    """What a server process runs, round by round."""
    return Dispatcher(database, Champion(lambda: None), settings, Telemetry())  # type: ignore[arg-type, return-value]


@pytest.fixture
def one(settings: ServiceSettings, database: Database, receiver: Receiver) -> Dispatcher:
    """A worker, and an endpoint that is told everything."""
    register(database, settings, "end_1", receiver.address)
    return worker(settings, database)


def register(
    database: Database, settings: ServiceSettings, endpoint_id: str, url: str, *kinds: str
) -> None:
    sealed = Seal.of(settings).close(SECRET)
    database.write(lambda c: endpoints.add(c, TENANT, Endpoint(endpoint_id, url, kinds, sealed, 1)))


def opt_out(database: Database, contact: str = "anna") -> None:
    row = touch(f"out-{contact}", contact, kind="opt_out", channel=None)
    assert append(database, TENANT, [row], microseconds(datetime.now(UTC)))[0].status == "accepted"


def kept(database: Database) -> list[tuple[str, int, str | None]]:
    with database.reading() as connection:
        columns = (DELIVERIES.c.state, DELIVERIES.c.attempts, DELIVERIES.c.outcome)
        return [tuple(row) for row in connection.execute(select(*columns))]  # type: ignore[misc]


def test_a_message_arrives_signed(one: Dispatcher, database: Database, receiver: Receiver) -> None:
    opt_out(database)
    assert one.send(datetime.now(UTC)) == 1
    (said,) = receiver.verified(SECRET)
    assert said["type"] == "opt_out.recorded"
    assert said["data"] == {
        "contact_id": "anna", "kind": "opt_out", "occurred_at": "2026-03-02T09:00:00Z",
    }  # fmt: skip
    assert receiver.got[0][0]["content-type"] == "application/json"
    assert receiver.ids()[0].startswith("msg_")
    with pytest.raises(Exception, match="signature"):
        receiver.verified(new_secret())
    assert one.send(datetime.now(UTC)) == 0
    assert kept(database) == [("delivered", 1, "HTTP 200")]


def test_after_a_failure_it_is_sent_again_under_the_same_id(
    one: Dispatcher, database: Database, receiver: Receiver
) -> None:
    receiver.statuses = [500, 302]
    opt_out(database)
    now = datetime.now(UTC)
    assert one.send(now) == 1
    assert one.send(now + timedelta(seconds=3)) == 0
    assert one.send(now + timedelta(seconds=7)) == 1
    assert one.send(now + timedelta(seconds=60)) == 1
    assert len(receiver.got) == 3
    assert len(set(receiver.ids())) == 1
    assert kept(database) == [("delivered", 3, "HTTP 200")]


def test_an_endpoint_that_is_busy_is_left_alone(
    one: Dispatcher, database: Database, receiver: Receiver
) -> None:
    receiver.statuses, receiver.headers = [429], {"retry-after": "100"}
    opt_out(database)
    now = datetime.now(UTC)
    assert one.send(now) == 1
    opt_out(database, "ben")
    assert one.send(now + timedelta(seconds=90)) == 0
    assert one.send(now + timedelta(seconds=101)) == 2


def test_who_is_gone_is_told_no_more(
    one: Dispatcher, database: Database, receiver: Receiver
) -> None:
    receiver.statuses = [410]
    opt_out(database)
    assert one.send(datetime.now(UTC)) == 1
    opt_out(database, "ben")
    assert one.send(datetime.now(UTC) + timedelta(days=1)) == 0
    assert kept(database) == [("dead", 1, "HTTP 410")]
    with database.reading() as connection:
        found = endpoints.find(connection, TENANT, "end_1")
    assert found is not None
    assert found.disabled_us is not None


def test_after_a_day_it_is_given_up_and_can_be_sent_again(
    one: Dispatcher, database: Database, receiver: Receiver
) -> None:
    receiver.statuses = [500] * (len(PAUSES) + 1)
    opt_out(database)
    now = datetime.now(UTC)
    for _ in range(len(PAUSES) + 1):
        assert one.send(now) == 1
        now += timedelta(hours=10)
    assert one.send(now) == 0
    assert kept(database) == [("dead", len(PAUSES) + 1, "HTTP 500")]
    with database.reading() as connection:
        (failed,) = deliveries.failed(connection, TENANT, 10)
    assert (failed.endpoint_id, failed.outcome) == ("end_1", "HTTP 500")
    assert (
        database.write(lambda c: deliveries.again(c, TENANT, "end_1", None, microseconds(now))) == 1
    )
    assert one.send(now) == 1
    assert kept(database) == [("delivered", 1, "HTTP 200")]
    assert len(set(receiver.ids())) == 1


def test_pauses_grow_for_about_a_day_and_come_apart() -> None:
    rng, failure = Random(1), Outcome("HTTP 500", 500)
    waits = [next_attempt(k, failure, rng) for k in range(1, len(PAUSES) + 1)]
    assert timedelta(hours=16) < sum((w for w in waits if w), timedelta()) < timedelta(hours=26)
    assert next_attempt(len(PAUSES) + 1, failure, rng) is None
    assert len({next_attempt(3, failure, rng) for _ in range(20)}) == 20
    asked = Outcome("HTTP 503", 503, timedelta(hours=1))
    assert next_attempt(1, asked, rng) == timedelta(hours=1)


def test_several_workers_send_nothing_twice(
    settings: ServiceSettings, database: Database, one: Dispatcher, receiver: Receiver
) -> None:
    for i in range(60):
        opt_out(database, f"c{i}")
    others = [Database(settings.database_url) for _ in range(3)]
    workers = [one, *(worker(settings, database) for database in others)]
    now = datetime.now(UTC)

    def run(own: Dispatcher) -> None:
        while own.send(now):
            pass

    threads = [threading.Thread(target=run, args=(own,)) for own in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(receiver.ids()) == len(set(receiver.ids())) == 60
    for other in others:
        other.close()


#: Claims what is due, says so, and hangs: a worker that dies between claim and delivery.
_DIES = """
import sys, time
from features.store import deliveries
from features.store.database import Database
database, now = Database(sys.argv[1]), time.time_ns() // 1000
print(len(database.write(lambda c: deliveries.claim(c, now, now + 60_000_000, 20))), flush=True)
time.sleep(600)
"""


def test_a_worker_that_is_killed_loses_nothing(
    settings: ServiceSettings, database: Database, one: Dispatcher, receiver: Receiver
) -> None:
    opt_out(database)
    process = subprocess.Popen(
        [sys.executable, "-c", _DIES, settings.database_url], stdout=subprocess.PIPE, text=True,
        cwd=Path(__file__).parent.parent, env=dict(os.environ),
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "1\n"
    process.kill()
    process.wait()
    process.stdout.close()
    now = datetime.now(UTC)
    assert one.send(now) == 0
    assert one.send(now + timedelta(seconds=61)) == 1
    assert len(receiver.verified(SECRET)) == 1


def test_each_endpoint_gets_what_it_wants(
    settings: ServiceSettings, database: Database, receiver: Receiver
) -> None:
    register(database, settings, "end_1", f"{receiver.address}?a", "model.promoted")
    register(database, settings, "end_2", f"{receiver.address}?b", "opt_out.recorded")
    opt_out(database)
    note = promoted("fineline", "2", "1", microseconds(datetime.now(UTC)))
    assert database.write(lambda c: outbox.put(c, TENANT, [note], 1)) == 1
    assert database.write(lambda c: outbox.put(c, "other", [note], 1)) == 0
    assert worker(settings, database).send(datetime.now(UTC)) == 2
    assert {m["type"] for m in receiver.verified(SECRET)} == {"model.promoted", "opt_out.recorded"}


def test_the_background_tells_of_another_champion_once(
    settings: ServiceSettings, database: Database, receiver: Receiver, decider: Decider,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    register(database, settings, "end_1", receiver.address)
    champion = Champion()
    champion.swap(decider, datetime.now(UTC))
    running = settings.model_copy(update={"webhook_seconds": 0.02})
    workers = [Dispatcher(database, champion, running, Telemetry()) for _ in range(2)]
    for one in workers:
        one.start()
    for _ in range(500):
        if receiver.got:
            break
        threading.Event().wait(0.02)
    for one in workers:
        one.stop()
    (said,) = receiver.verified(SECRET)
    assert said["data"] == {"name": "fineline", "version": "1", "previous": None}
    assert database.write(lambda c: outbox.champion(c, "fineline", "2", 5))
    assert not database.write(lambda c: outbox.champion(c, "fineline", "2", 6))
    assert database.write(lambda c: outbox.champion(c, "fineline", "1", 7))


def test_old_messages_are_removed(one: Dispatcher, database: Database) -> None:
    opt_out(database)
    later = datetime.now(UTC) + KEPT + timedelta(minutes=1)
    assert database.write(lambda c: outbox.expire(c, microseconds(later - KEPT))) == 1
    assert kept(database) == []
    assert one.send(later) == 0


def test_a_slow_endpoint_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, one: Dispatcher, database: Database
) -> None:
    async def hangs(*_: object) -> list[Address]:
        await asyncio.sleep(60)
        return []

    monkeypatch.setattr("serving.webhooks.delivery.resolve", hangs)
    monkeypatch.setattr("serving.webhooks.delivery.TIMEOUT", timedelta(seconds=0.1))
    opt_out(database)
    assert one.send(datetime.now(UTC)) == 1
    assert kept(database) == [("waiting", 1, "no answer within 0.1 seconds")]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://10.1.2.3/x", "not public"),
        ("https://[::ffff:10.1.2.3]/x", "not public"),
        ("https://169.254.169.254/latest", "not public"),
        ("http://127.0.0.1:9/x", "no connection"),
        ("https://nowhere.invalid/x", "could not be resolved"),
        ("http://example.com/x", "is not https"),
    ],
)
def test_what_may_not_be_reached_is_a_failure_in_words(
    settings: ServiceSettings, url: str, said: str
) -> None:
    async def tried() -> Outcome:
        async with client() as http:
            return await attempt(http, url, {}, "{}", settings.networks)

    outcome = asyncio.run(tried())
    assert said in outcome.said
    assert not outcome.delivered
    assert outcome.pause is not None


def test_a_secret_kept_under_another_key_is_a_failure(
    settings: ServiceSettings, database: Database, one: Dispatcher, receiver: Receiver
) -> None:
    opt_out(database)
    other = settings.model_copy(update={"home": settings.home / "other"})
    assert worker(other, database).send(datetime.now(UTC)) == 1
    assert receiver.got == []
    assert "FINELINE_WEBHOOK_KEY" in str(kept(database)[0][2])


def test_no_secret_and_nobody_is_in_the_log(
    one: Dispatcher, database: Database, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.statuses = [410]
    opt_out(database, "anna-Xyzzy")
    with caplog.at_level("DEBUG", logger="fineline"):
        one.send(datetime.now(UTC))
    assert "given up" in caplog.text
    assert "anna-Xyzzy" not in caplog.text
    assert SECRET not in caplog.text
