"""What a challenger would have answered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0041"

_ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "shadows",
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("decision_id", _ID, nullable=False),
        sa.Column("model_version", sa.Text, nullable=False),
        sa.Column("contact_id", _ID, nullable=False),
        sa.Column("made_us", sa.BigInteger, nullable=False),
        sa.Column("answer", sa.Text),
        sa.PrimaryKeyConstraint("tenant", "decision_id", "model_version", name="pk_shadows"),
    )
    op.create_index("ix_shadows_tenant_contact_id", "shadows", ["tenant", "contact_id"])
    op.create_index("ix_shadows_model_version_made_us", "shadows", ["model_version", "made_us"])
