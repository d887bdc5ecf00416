"""Events by when they occurred: what senders have sent lately is asked often."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the index."""
    op.create_index("ix_events_tenant_occurred_us", "events", ["tenant", "occurred_us"])
