"""The tables of the event store, as the latest migration leaves them.

Times are microseconds since 1970 in UTC (`_us`): exact, and the same number in every database.
Ids compare by their bytes, so that both databases sort them alike.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
#: Only INTEGER numbers rows by itself in SQLite.
SERIAL = BigInteger().with_variant(Integer, "sqlite")
ID = Text().with_variant(Text(collation="C"), "postgresql")

#: What happened: rows are added, never changed, and leave only with the person (erasure).
#: `seq` counts up in order of storing; `number` within the contact, from 1 and without gaps.
EVENTS = Table(
    "events",
    METADATA,
    Column("seq", SERIAL, primary_key=True, autoincrement=True),
    Column("tenant", ID, nullable=False),
    Column("event_id", ID, nullable=False),
    Column("contact_id", ID, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("stored_us", BigInteger, nullable=False),
    Column("occurred_us", BigInteger, nullable=False),
    Column("recorded_us", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("channel", Text),
    Column("sentiment", Text),
    Column("actor_id", Text),
    Column("account_id", Text),
    Column("campaign_id", Text),
    Column("relevance", Float(53)),
    Column("personalized", Boolean),
    UniqueConstraint("tenant", "event_id"),
    UniqueConstraint("tenant", "contact_id", "number"),
    sqlite_autoincrement=True,
)

#: One row per contact: what is known of the person, and what makes their state stale.
#: `events` counts the stored ones; `version` every change of what is known; from `look_us` on the
#: person's threads have to be looked at again.
PEOPLE = Table(
    "people",
    METADATA,
    Column("tenant", ID, nullable=False),
    Column("contact_id", ID, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("look_us", BigInteger, nullable=False),
    Column("timezone", Text),
    Column("country", Text),
    Column("attributes", Text, nullable=False),
    PrimaryKeyConstraint("tenant", "contact_id"),
    Index(None, "tenant", "look_us"),
)
