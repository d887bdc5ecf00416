"""Ledgers counted part by part are those of all events, whatever comes and goes meanwhile."""

from __future__ import annotations

import random
import threading
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.events.known import known_by
from features.events.validate import encode
from features.moments import microseconds
from features.state import PARTY
from features.store import erasure
from features.store.audit import By
from features.store.database import Database
from features.store.events import append
from models.ledger import Ledger
from serving.rounds import Pace
from serving.stored import counted
from serving.stored.counted import Counted
from tests.factories import Shape, agency, histories
from tests.stored import TENANT, everything, rows_of

NOW = datetime(2024, 7, 9, 10, tzinfo=UTC)
WIDE = Shape(contacts=12, actors=(None, "actor-1", "actor-2", "contact-3"))


def assert_same(one: Ledger, other: Ledger) -> None:
    """Counts and moments to the last, what decays to the last digits."""
    assert one.as_of == other.as_of
    assert (one.actors.keys(), one.accounts.keys()) == (other.actors.keys(), other.accounts.keys())
    places = [0, 1, 2, 3]
    mine = (
        places + [one.actors[k] for k in other.actors] + [one.accounts[k] for k in other.accounts]
    )
    theirs = places + list(other.actors.values()) + list(other.accounts.values())
    for name in PARTY.names or ():
        a, b = one.states[name][mine], other.states[name][theirs]
        if a.dtype.kind == "i":
            np.testing.assert_array_equal(a, b, err_msg=name)
        else:
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14, err_msg=name)


@settings(deadline=None)
@given(histories(WIDE), st.integers(1, 4), st.integers(0, 99))
def test_ledgers_of_different_people_add_up(events: pa.Table, parts: int, seed: int) -> None:
    as_of = microseconds(NOW)
    names = sorted(set(events["contact_id"].to_pylist()))
    chance = random.Random(seed)
    part_of = {name: chance.randrange(parts) for name in names}
    of = [part_of[name] for name in events["contact_id"].to_pylist()]
    several = [
        Ledger.counted(events.filter(pa.array([k == part for k in of])), as_of)
        for part in range(parts)
    ]
    assert_same(Ledger.merged(several, as_of), Ledger.counted(events, as_of))


def whole(database: Database, as_of: int) -> Ledger:
    return Ledger.counted(encode(known_by(everything(database), as_of)), as_of)


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counted, "AT_ONCE", 20)


class Watched(Counted):
    """Notes which parts are counted; fails once if told to."""

    fails_at = 0

    def __init__(self, database: Database) -> None:
        super().__init__(database, TENANT, Pace(threading.Event(), 1))
        self.done: list[str] = []

    def _count(self, part: counted.Part, as_of: int) -> counted.Part:
        self.done.append(part.first)
        if len(self.done) == self.fails_at:
            self.fails_at = 0
            raise ValueError("once")
        return super()._count(part, as_of)

    def anew(self, at: datetime) -> tuple[Ledger | None, list[str]]:
        """The ledger, and the parts that were counted for it."""
        self.done = []
        return self.bring(microseconds(at)), self.done


@pytest.mark.usefixtures("small_parts")
def test_only_what_has_changed_is_counted_anew(database: Database) -> None:
    rows = rows_of(agency(5, Shape(contacts=30)))
    later = [r for r in rows if r["contact_id"] == "contact-7"]
    append(database, TENANT, [r for r in rows if r not in later], microseconds(NOW))
    mine = Watched(database)
    first, parts = mine.anew(NOW)
    assert len(parts) > 3
    assert parts[0] == ""
    assert first is not None
    assert_same(first, whole(database, microseconds(NOW)))
    hour = NOW + timedelta(hours=1)
    same, nothing = mine.anew(hour)
    assert nothing == []
    assert same is not None
    assert same.states is first.states
    append(database, TENANT, later, microseconds(hour))
    then, one = mine.anew(hour)
    assert len(one) == 1
    assert then is not None
    assert_same(then, whole(database, microseconds(hour)))
    database.write(lambda c: erasure.erase(c, By(TENANT, "local", 0), "contact-7", database.key))
    gone, same_one = mine.anew(hour)
    assert same_one == one
    assert gone is not None
    assert_same(gone, whole(database, microseconds(hour)))


@pytest.mark.usefixtures("small_parts")
def test_whatever_comes_and_goes_it_is_that_of_all_events(database: Database) -> None:
    """Late, ahead of its time, in any order, from a dozen people to many more."""
    chance = random.Random(7)
    rows = rows_of(agency(6, Shape(contacts=80)))
    chance.shuffle(rows)
    mine, at = Watched(database), NOW - timedelta(days=60)
    sizes = set()
    while rows:
        some = [rows.pop() for _ in range(min(len(rows), chance.randrange(1, 60)))]
        append(database, TENANT, some, microseconds(at))
        if chance.random() < 0.3:
            who = some[0]["contact_id"]
            database.write(
                lambda c: erasure.erase(c, By(TENANT, "local", 0), who, database.key)  # noqa: B023
            )
        ledger, _ = mine.anew(at)
        if ledger is None:
            assert len(everything(database)) == 0
        else:
            assert_same(ledger, whole(database, microseconds(at)))
        sizes.add(len(mine._parts))
        at += timedelta(hours=chance.randrange(200))
    assert len(sizes) > 1


@pytest.mark.usefixtures("small_parts")
def test_what_was_broken_off_is_gone_on_with(database: Database) -> None:
    append(database, TENANT, rows_of(agency(5, Shape(contacts=30))), microseconds(NOW))
    stopped = threading.Event()
    mine = Watched(database)
    mine._pace = Pace(stopped, 1)
    mine.fails_at = 3
    with pytest.raises(ValueError, match="once"):
        mine.bring(microseconds(NOW))
    before = mine.done[:-1]
    stopped.set()
    assert mine.bring(microseconds(NOW)) is None
    stopped.clear()
    ledger, rest = mine.anew(NOW)
    assert ledger is not None
    assert_same(ledger, whole(database, microseconds(NOW)))
    assert len(before) == 2
    assert not set(before) & set(rest)


def test_it_rests_twenty_times_as_long_as_it_works() -> None:
    stopped = threading.Event()
    pace = Pace(stopped, 1 / 21)
    with pace.working():
        sum(range(300_000))
    assert pace._until > 0
    stopped.set()
    assert not pace.rested()
