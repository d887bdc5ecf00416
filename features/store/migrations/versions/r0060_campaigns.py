"""When roles close."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0050"

_ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the table, the column that says what a decision went by, and a way to the threads."""
    op.create_table(
        "campaigns",
        sa.Column("seq", _SERIAL, primary_key=True, autoincrement=True),
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("campaign_id", _ID, nullable=False),
        sa.Column("set_us", sa.BigInteger, nullable=False),
        sa.Column("closes_us", sa.BigInteger),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_campaigns_tenant_campaign_id_seq", "campaigns", ["tenant", "campaign_id", "seq"]
    )
    op.add_column("decisions", sa.Column("closes_us", sa.BigInteger))
    op.create_index("ix_threads_tenant_campaign_id", "threads", ["tenant", "campaign_id"])
