"""How Alembic reaches the database: by the connection that features.store.migrate hands over."""

from __future__ import annotations

from alembic import context

from features.store.migrate import VERSION_TABLE
from features.store.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()
