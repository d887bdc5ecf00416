"""The date that a reply asks to be contacted from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    """Add the column."""
    op.add_column("events", sa.Column("come_back_us", sa.BigInteger))
