"""PostgreSQL stopped and started under load: 503 while it is down, then everything as before."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest

from features.errors import StoreUnavailable
from features.store.database import Database
from models.decide import Decider
from serving import schemas
from serving.app import create_app
from serving.examples import EVENTS
from serving.schemas import SCORE_EXAMPLE
from serving.settings import ServiceSettings
from tests.api import PROBLEM
from tests.postgres import Server
from tests.served import served
from tests.stored import everything, touch


@dataclass
class Client:
    """One who asks the same kind of question again and again; what came back."""

    ask: Callable[[httpx2.Client, int], httpx2.Response]
    answers: list[httpx2.Response] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    def run(self, address: str) -> None:
        with httpx2.Client(base_url=address, timeout=30) as client:
            while not self.done.is_set():
                self.answers.append(self.ask(client, len(self.answers)))

    def statuses(self, since: int = 0) -> set[int]:
        return {a.status_code for a in self.answers[since:]}


def storing(client: httpx2.Client, number: int) -> httpx2.Response:
    rows = [touch(f"{number}-{i}", f"c{number % 9}") for i in range(10)]
    return client.post("/v1/events", json=rows)


def hint(client: httpx2.Client, number: int) -> httpx2.Response:
    return client.get("/v1/contacts/anna/hint")


def worklist(client: httpx2.Client, number: int) -> httpx2.Response:
    return client.get("/v1/worklist")


def score(client: httpx2.Client, number: int) -> httpx2.Response:
    return client.post("/v1/score", json=SCORE_EXAMPLE)


@contextmanager
def asking(address: str, clients: list[Client]) -> Iterator[None]:
    threads = [threading.Thread(target=one.run, args=(address,)) for one in clients]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for one in clients:
            one.done.set()
        for thread in threads:
            thread.join()


def eventually(clients: list[Client], status: int) -> None:
    """Wait until the newest answer of each client has a status."""
    for _ in range(1000):
        counts = [len(one.answers) for one in clients]
        time.sleep(0.03)
        fresh = [one.answers[n:] for one, n in zip(clients, counts, strict=True)]
        if all(new and new[-1].status_code == status for new in fresh):
            return
    raise AssertionError([one.answers[-1].status_code for one in clients])


def test_the_store_stopped_and_started_under_load(
    decider: Decider, postgres: Server, caplog: pytest.LogCaptureFixture
) -> None:
    url = postgres.create("under_load", "migrated")
    settings = ServiceSettings(database_url=url, refresh_seconds=0.1)
    writer, scorer = Client(storing), Client(score)
    needing = [writer, Client(hint), Client(worklist)]
    caplog.set_level(logging.WARNING)
    with (
        served(create_app(settings, lambda: decider)) as address,
        httpx2.Client(base_url=address) as operator,
    ):
        operator.post("/v1/events", json=EVENTS)
        with asking(address, [*needing, scorer]):
            eventually(needing, 200)
            assert operator.get("/readyz").json()["store_up"] is True
            postgres.stop()
            try:
                eventually(needing, 503)
                time.sleep(0.3)
                assert operator.get("/readyz").json()["store_up"] is False
                assert "fineline_store_up 0.0" in operator.get("/metrics").text
            finally:
                postgres.start()
            eventually(needing, 200)
    assert scorer.statuses() == {200}
    for one in needing:
        assert one.statuses() == {200, 503}
        for answer in one.answers:
            if answer.status_code == 503:
                assert answer.headers["content-type"] == PROBLEM
                assert answer.headers["retry-after"] == "5"
                schemas.ProblemOut.model_validate_json(answer.content)
    database = Database(url)
    stored = set(everything(database)["event_id"].to_pylist())
    database.close()
    assert {i for answer in writer.answers for i in accepted(answer)} <= stored
    said = [r.message for r in caplog.records if r.name == "fineline.store"]
    assert sum("failed" in m for m in said) <= 4, "the log says what changes, not every request"
    assert not any("anna" in r.getMessage() for r in caplog.records)


def accepted(answer: httpx2.Response) -> list[str]:
    """The events an answer acknowledged."""
    items: list[dict[str, Any]] = answer.json().get("items", [])
    return [i["id"] for i in items if i["status"] in ("accepted", "duplicate")]


def test_a_server_that_does_not_say_a_word_is_waited_for_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    patience = {"sqlite": 1, "pool": 10, "connect": 2}
    monkeypatch.setattr("features.store.database._PATIENCE", patience)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(8)
        database = Database(f"postgresql://fineline@127.0.0.1:{silent.getsockname()[1]}/fineline")
        for longest in (5.0, 0.5):
            started = time.monotonic()
            with pytest.raises(StoreUnavailable):
                database.prepare()
            assert time.monotonic() - started < longest
    assert database.up is False
