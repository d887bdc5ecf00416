"""A small agency in a store, its open threads decided about, and the app that shows them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from fastapi import FastAPI
from fastapi.testclient import TestClient

from features.store.database import Database
from models.decide import Decider
from models.dials import Dials
from serving.app import create_app
from serving.sample import fill, moved_to
from serving.settings import ServiceSettings
from serving.stored.dials import save
from serving.stored.looking import look
from tests.stored import TENANT

NOW = datetime(2026, 6, 3, 14, 30, tzinfo=UTC)


def settings_of(home: Path) -> ServiceSettings:
    """Settings of a service whose store lies in `home`."""
    return ServiceSettings(home=home, database_url="", refresh_seconds=0)


def filled(
    home: Path, agency: tuple[pa.Table, pa.Table], decider: Decider, people: int,
    land: float = Dials().land,
) -> None:  # fmt: skip
    """Store the first `people` contacts, moved so that NOW is a day of theirs, and decide.

    What landing is worth says how many threads wait or are to be nudged: cold people are left
    alone.
    """
    events, contacts = agency
    some = contacts.slice(0, people)
    ids = pc.SetLookupOptions(value_set=some["contact_id"])
    known = events.filter(pc.is_in(events["contact_id"].cast(pa.string()), options=ids))
    database = Database(settings_of(home).store_url)
    fill(database, TENANT, moved_to(known, NOW), some, NOW)
    if land != Dials().land:
        assert save(database, TENANT, 0, Dials(land=land), "the tests", "", NOW)
    look(database, decider, NOW, 10**6)
    database.close()


def at_now(app: FastAPI) -> FastAPI:
    """The app with a clock that stands at NOW."""

    app.state.clock = lambda: NOW
    return app


@contextmanager
def page_client(home: Path, decider: Decider) -> Iterator[TestClient]:
    """A client of the app, at NOW."""
    with TestClient(at_now(create_app(settings_of(home), lambda: decider))) as client:
        yield client
