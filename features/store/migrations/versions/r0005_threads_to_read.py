"""What a person reads of an open thread: client, channel, best moment, and a line of reason."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

#: Later than any moment an event can have: nothing of this person is open.
_NEVER = 1 << 62


def upgrade() -> None:
    """Add the columns, and have everybody with an open thread looked at anew."""
    for name, kind in (
        ("account_id", sa.Text), ("channel", sa.Text), ("nudge_us", sa.BigInteger),
        ("p_land", sa.Float(53)), ("why", sa.Text),
    ):  # fmt: skip
        op.add_column("threads", sa.Column(name, kind))
    op.create_index("ix_threads_tenant_hint_nudge_us", "threads", ["tenant", "hint", "nudge_us"])
    op.execute(f"UPDATE people SET look_us = 0 WHERE look_us < {_NEVER}")
