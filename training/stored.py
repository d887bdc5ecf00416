"""Training data from the event store, and a note there of who learned from it."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from features.errors import BadInput
from features.events.validate import encode
from features.store import history, people, trainings
from features.store.database import Database
from features.store.opening import open_store
from features.store.tenants import DEFAULT_TENANT
from features.store.trainings import Training
from models.settings import Settings
from models.situation import microseconds


@dataclass(frozen=True, slots=True)
class Stored:
    """A tenant's events and contacts as files give them, as of the event number `until_seq`."""

    database: Database
    tenant: str
    events: pa.Table
    contacts: pa.Table | None
    until_seq: int

    def remember(self, name: str, version: str, now: datetime, cutoff_us: int | None) -> None:
        """Note that a model version learned from these, so that people can be told."""
        training = Training(name, version, microseconds(now))
        with closing(self.database) as database:
            database.write(
                lambda c: trainings.add(c, self.tenant, training, self.until_seq, cutoff_us)
            )


def read(settings: Settings, tenant: str = DEFAULT_TENANT) -> Stored:
    """All that a tenant has stored, in one state of it; raises BadInput if there is nothing."""
    database = open_store(settings)
    if not database.exists:
        raise BadInput("the event store is empty; POST /v1/events fills it")
    # Training takes minutes; the connection is not kept for the note at its end.
    with closing(database), database.reading() as connection:
        events = history.all_events(connection, tenant)
        contacts = people.contacts_table(connection, tenant)
        until_seq = trainings.last_seq(connection)
    if not events.num_rows:
        raise BadInput("the event store is empty; POST /v1/events fills it")
    return Stored(database, tenant, encode(events), contacts, until_seq)
