"""A process that is killed while it stores loses nothing it acknowledged, and doubles nothing."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.compute as pc
import pytest

from features.store import history, people
from features.store.database import Database
from tests.stored import TENANT, everything

#: Stores lists of 20 events for as long as it lives, and says which are acknowledged.
_STORES = """
import sys
from features.store.database import Database
from features.store.events import append
from tests.stored import TENANT, touch
database, first = Database(sys.argv[1]), int(sys.argv[2])
for n in range(first, first + 10_000):
    rows = [touch(f"e{n}-{i}", f"c{(n + i) % 7}") for i in range(20)]
    receipts = append(database, TENANT, rows, 1)
    assert {r.status for r in receipts} <= {"accepted", "duplicate"}
    print(n, flush=True)
"""


def store_until_killed(url: str, first: int, seconds: float) -> list[int]:
    """The numbers of the lists that were acknowledged before the process was killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", _STORES, url, str(first)],
        stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent,
    )  # fmt: skip
    assert process.stdout is not None
    told = [process.stdout.readline()]
    time.sleep(seconds)
    process.kill()
    told += process.stdout.read().splitlines()
    process.stdout.close()
    process.wait()
    return [int(line) for line in told if line.strip()]


@pytest.mark.parametrize(
    "times", [pytest.param(2), pytest.param(10, marks=pytest.mark.soak)]
)  # fmt: skip
def test_nothing_acknowledged_is_lost(database_url: str, times: int) -> None:
    acknowledged: list[int] = []
    for kill in range(times):
        # The next process begins where this one may have been in the middle of a list.
        first = max(acknowledged, default=-1) + 1
        seconds = random.Random(kill).uniform(0.05, 0.5)
        acknowledged += store_until_killed(database_url, first, seconds)
    database = Database(database_url)
    stored = everything(database)
    ids = stored["event_id"].to_pylist()
    assert len(ids) == len(set(ids))
    assert {f"e{n}-{i}" for n in acknowledged for i in range(20)} <= set(ids)
    assert stored.num_rows % 20 == 0
    assert stored.num_rows <= 20 * (len(acknowledged) + times)
    contacts = pc.unique(stored["contact_id"]).to_pylist()
    with database.reading() as connection:
        counted = people.persons(connection, TENANT, contacts)
        own = history.histories(connection, TENANT, contacts)
    assert {c: counted[c].events for c in contacts} == {c: own[c].num_rows for c in contacts}
    database.close()
