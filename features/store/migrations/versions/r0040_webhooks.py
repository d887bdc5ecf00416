"""Where others are told of what happens here, what they are told, and how far that has come."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0030"

_SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the tables."""
    _make_endpoints()
    _make_messages()
    _make_deliveries()
    op.create_table(
        "champions",
        sa.Column("model_name", _ID, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("since_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("model_name", name="pk_champions"),
    )


def _make_endpoints() -> None:
    op.create_table(
        "endpoints",
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("endpoint_id", _ID, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("kinds", sa.Text, nullable=False),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("paused_us", sa.BigInteger, nullable=False),
        sa.Column("disabled_us", sa.BigInteger),
        sa.PrimaryKeyConstraint("tenant", "endpoint_id", name="pk_endpoints"),
    )


def _make_messages() -> None:
    op.create_table(
        "messages",
        sa.Column("seq", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("message_id", _ID, nullable=False),
        sa.Column("key", _ID, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("contact_id", _ID),
        sa.Column("made_us", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_messages"),
        sa.UniqueConstraint("tenant", "message_id", name="uq_messages_tenant_message_id"),
        sa.UniqueConstraint("tenant", "key", name="uq_messages_tenant_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_messages_tenant_contact_id", "messages", ["tenant", "contact_id"])
    op.create_index("ix_messages_made_us", "messages", ["made_us"])


def _make_deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("message_id", _ID, nullable=False),
        sa.Column("endpoint_id", _ID, nullable=False),
        sa.Column("contact_id", _ID),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.BigInteger, nullable=False),
        sa.Column("due_us", sa.BigInteger, nullable=False),
        sa.Column("claimed_us", sa.BigInteger, nullable=False),
        sa.Column("outcome", sa.Text),
        sa.PrimaryKeyConstraint("tenant", "message_id", "endpoint_id", name="pk_deliveries"),
    )
    for columns in (["tenant", "endpoint_id"], ["tenant", "contact_id"], ["state", "due_us"]):
        op.create_index(f"ix_deliveries_{'_'.join(columns)}", "deliveries", columns)
