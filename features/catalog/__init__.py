"""The catalog: every feature, in the order of the columns."""

from __future__ import annotations

from features.catalog import candidate, party, person, thread
from features.catalog.columns import COLUMNS, CONTACT_COLUMNS, PARTIES, PARTY_COLUMNS, Column
from features.catalog.registry import Feature, Moment

__all__ = [
    "COLUMNS",
    "CONTACT_COLUMNS",
    "PARTIES",
    "PARTY_COLUMNS",
    "Column",
    "Feature",
    "Moment",
    "candidate",
    "party",
    "person",
    "thread",
]
