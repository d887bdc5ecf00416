"""Feedback on decisions, opt-outs of erased people, and what models were trained on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "feedback",
        sa.Column("seq", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("decision_id", _ID, nullable=False),
        sa.Column("contact_id", _ID, nullable=False),
        sa.Column("given_us", sa.BigInteger, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("actor_id", sa.Text),
        sa.PrimaryKeyConstraint("seq", name="pk_feedback"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_feedback_tenant_decision_id", "feedback", ["tenant", "decision_id"])
    op.create_index("ix_feedback_tenant_contact_id", "feedback", ["tenant", "contact_id"])
    op.create_table(
        "suppressed",
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("digest", _ID, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("occurred_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "digest", name="pk_suppressed"),
    )
    op.create_table(
        "trainings",
        sa.Column("seq", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("model_name", sa.Text, nullable=False),
        sa.Column("model_version", sa.Text, nullable=False),
        sa.Column("trained_us", sa.BigInteger, nullable=False),
        sa.Column("until_seq", sa.BigInteger, nullable=False),
        sa.Column("cutoff_us", sa.BigInteger),
        sa.PrimaryKeyConstraint("seq", name="pk_trainings"),
        sqlite_autoincrement=True,
    )
