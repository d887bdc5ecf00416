"""Tenants: organisations that share a database and see nothing of each other."""

from __future__ import annotations

#: Whose data everything is where there is only one organisation.
DEFAULT_TENANT = "default"
