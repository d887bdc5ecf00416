"""State per thread and person, kept up to date event by event, equals one made from the events."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from features.store.database import Database
from features.store.events import append
from features.store.tables import PEOPLE, THREADS
from models.decide import Decider
from models.decision import ModelRef
from serving.stored.looking import look
from serving.stored.rebuild import rebuild
from tests.factories import agency
from tests.stored import TENANT, rows_of
from training.train import model_of_base_rates

NOW = datetime(2024, 7, 9, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def first_day() -> Decider:
    return Decider(model_of_base_rates(), ModelRef("fineline", "1"))


def state(database: Database) -> tuple[set[tuple[object, ...]], set[tuple[object, ...]]]:
    """All that is kept per thread, and per person."""
    with database.reading() as connection:
        own = connection.execute(select(THREADS)).all()
        people = connection.execute(
            select(PEOPLE.c.contact_id, PEOPLE.c.events, PEOPLE.c.look_us, PEOPLE.c.looked_by)
        ).all()
    return {tuple(row) for row in own}, {tuple(row) for row in people}


@pytest.fixture
def filled(database: Database, first_day: Decider) -> Database:
    """A store that an agency came into list by list, out of order, looked at between."""
    rows = rows_of(agency(5))
    random.Random(5).shuffle(rows)
    for start in range(0, len(rows), 40):
        append(database, TENANT, rows[start : start + 40], 1)
        look(database, first_day, NOW, 10**6)
    return database


def test_kept_up_to_date_equals_rebuilt(filled: Database, first_day: Decider) -> None:
    before = state(filled)
    assert len(before[0]) > 20
    found = rebuild(filled, first_day, TENANT, NOW)
    assert found.same
    assert found.threads == len(before[0])
    assert state(filled) == before


def test_what_was_otherwise_is_found_and_mended(filled: Database, first_day: Decider) -> None:
    before = state(filled)
    contact = min(row[1] for row in before[0])
    with filled.writing() as connection:
        connection.execute(
            update(THREADS).where(THREADS.c.contact_id == contact).values(touched_us=1)
        )
        connection.execute(
            update(PEOPLE).where(PEOPLE.c.contact_id == contact).values(events=PEOPLE.c.events + 1)
        )
    found = rebuild(filled, first_day, TENANT, NOW)
    own = sum(row[1] == contact for row in before[0])
    assert (found.miscounted, found.differing, found.same) == (1, own, False)
    assert state(filled) == before
