"""A service killed under load, again and again: state is what the acknowledged events say."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from features.store.database import Database
from models.decide import Decider
from models.decision import ModelRef
from serving.stored.looking import look
from serving.stored.rebuild import rebuild
from tests.stored import TENANT, everything, touch
from training.train import model_of_base_rates

#: The service as it runs, but for a model that is quick to make.
_SERVES = """
import sys
import uvicorn
from models.decide import Decider
from models.decision import ModelRef
from serving.app import create_app
from serving.settings import ServiceSettings
from training.train import model_of_base_rates
decider = Decider(model_of_base_rates(), ModelRef("fineline", "1"))
settings = ServiceSettings(database_url=sys.argv[1], refresh_seconds=0.05)
uvicorn.run(create_app(settings, lambda: decider), port=int(sys.argv[2]), log_level="error")
"""
#: Who sends at once, how many events in a list, and about how many people.
_SENDERS, _LISTED, _PEOPLE = 3, 20, 12


@contextmanager
def service(url: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A service of its own process, killed at the end if not before."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVES, url, str(port)],
        cwd=Path(__file__).parent.parent, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    try:
        _wait(process, f"http://127.0.0.1:{port}")
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def _wait(process: subprocess.Popen[bytes], address: str) -> None:
    for _ in range(1200):
        assert process.poll() is None, "the service did not start"
        try:
            if httpx2.get(f"{address}/readyz").status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.1)
    raise AssertionError("the service does not answer")


def send(address: str, name: str, acknowledged: list[str], sent: list[str]) -> None:
    """Send lists of events, some of them twice, until nobody answers."""
    rng = random.Random(name)
    with httpx2.Client(base_url=address, timeout=10) as client:
        for number in range(100_000):
            # Every list names everybody, so that a service killed early has heard of all.
            others = [rng.randrange(_PEOPLE) for _ in range(_LISTED - _PEOPLE)]
            rows = [
                touch(f"{name}-{number}-{i}", f"c{person}")
                for i, person in enumerate([*range(_PEOPLE), *others])
            ]
            sent += [row["event_id"] for row in rows]
            try:
                for _ in range(rng.choice((1, 1, 2))):
                    answer = client.post("/v1/events", json=rows)
                    assert answer.status_code == 200
                    assert not answer.json()["refused"]
                    acknowledged += [item["id"] for item in answer.json()["items"]]
            except httpx2.TransportError:
                return


@pytest.mark.parametrize("kills", [pytest.param(1), pytest.param(10, marks=pytest.mark.soak)])
@pytest.mark.timeout(600)
def test_state_after_kills_is_what_was_acknowledged(database_url: str, kills: int) -> None:
    acknowledged: list[str] = []
    sent: list[str] = []
    for kill in range(kills):
        with service(database_url) as (process, address):
            before = len(acknowledged)
            names = [f"k{kill}-s{s}" for s in range(_SENDERS)]
            threads = [
                threading.Thread(target=send, args=(address, n, acknowledged, sent)) for n in names
            ]
            for thread in threads:
                thread.start()
            while len(acknowledged) == before:
                assert process.poll() is None
                time.sleep(0.01)
            time.sleep(random.Random(kill).uniform(0.0, 1.0))
            process.kill()
            for thread in threads:
                thread.join()
    database = Database(database_url)
    stored = everything(database)["event_id"].to_pylist()
    assert len(stored) == len(set(stored))
    assert set(acknowledged) <= set(stored) <= set(sent)
    # A list is stored whole or not at all.
    assert len(stored) % _LISTED == 0
    decider = Decider(model_of_base_rates(), ModelRef("fineline", "1"))
    now = datetime.now(UTC)
    look(database, decider, now, 10**6)
    found = rebuild(database, decider, TENANT, now)
    assert found.same
    assert found.threads == _PEOPLE
    database.close()
