"""What organisations set for themselves, and by which setting a decision was made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0022"

_ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table, and note of the decisions there are that none was in force."""
    op.create_table(
        "dials",
        sa.Column("tenant", _ID, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("set_us", sa.BigInteger, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("dials", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "number", name="pk_dials"),
    )
    op.add_column(
        "decisions", sa.Column("dials", sa.BigInteger, nullable=False, server_default="0")
    )
