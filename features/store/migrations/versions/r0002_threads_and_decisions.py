"""Open threads as last looked at, and decisions on record."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "threads",
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("contact_id", _ID, nullable=False),
        sa.Column("campaign_id", _ID, nullable=False),
        sa.Column("actor_id", sa.Text),
        sa.Column("touched_us", sa.BigInteger, nullable=False),
        sa.Column("hint", sa.Text, nullable=False),
        sa.Column("score", sa.Float(53), nullable=False),
        sa.Column("p_annoy", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "contact_id", "campaign_id", name="pk_threads"),
    )
    op.create_index("ix_threads_tenant_hint_score", "threads", ["tenant", "hint", "score"])
    op.create_table(
        "decisions",
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("decision_id", _ID, nullable=False),
        sa.Column("contact_id", _ID, nullable=False),
        sa.Column("thread", _ID, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("events", sa.BigInteger, nullable=False),
        sa.Column("live", sa.Boolean, nullable=False),
        sa.Column("made_us", sa.BigInteger, nullable=False),
        sa.Column("until_us", sa.BigInteger, nullable=False),
        sa.Column("model_name", sa.Text, nullable=False),
        sa.Column("model_version", sa.Text, nullable=False),
        sa.Column("campaign_id", sa.Text),
        sa.Column("hint", sa.Text, nullable=False),
        sa.Column("touch_number", sa.BigInteger),
        sa.Column("held", sa.Boolean, nullable=False),
        sa.Column("propensity", sa.Float(53), nullable=False),
        sa.Column("asked", sa.Text, nullable=False),
        sa.Column("features", sa.LargeBinary, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "decision_id", name="pk_decisions"),
    )
    op.create_index(
        "ix_decisions_tenant_contact_id_made_us", "decisions", ["tenant", "contact_id", "made_us"]
    )
    op.create_index("ix_decisions_made_us", "decisions", ["made_us"])
