"""Events and people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "events",
        sa.Column("seq", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("event_id", _ID, nullable=False),
        sa.Column("contact_id", _ID, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("stored_us", sa.BigInteger, nullable=False),
        sa.Column("occurred_us", sa.BigInteger, nullable=False),
        sa.Column("recorded_us", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("channel", sa.Text),
        sa.Column("sentiment", sa.Text),
        sa.Column("actor_id", sa.Text),
        sa.Column("account_id", sa.Text),
        sa.Column("campaign_id", sa.Text),
        sa.Column("relevance", sa.Float(53)),
        sa.Column("personalized", sa.Boolean),
        sa.PrimaryKeyConstraint("seq", name="pk_events"),
        sa.UniqueConstraint("tenant", "event_id", name="uq_events_tenant_event_id"),
        sa.UniqueConstraint(
            "tenant", "contact_id", "number", name="uq_events_tenant_contact_id_number"
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "people",
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("contact_id", _ID, nullable=False),
        sa.Column("events", sa.BigInteger, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("look_us", sa.BigInteger, nullable=False),
        sa.Column("claimed_us", sa.BigInteger, nullable=False),
        sa.Column("looked_by", sa.Text, nullable=False),
        sa.Column("timezone", sa.Text),
        sa.Column("country", sa.Text),
        sa.Column("attributes", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "contact_id", name="pk_people"),
    )
    op.create_index("ix_people_look_us_tenant", "people", ["look_us", "tenant"])
