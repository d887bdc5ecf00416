"""Complaints by sender's domain over the last days, as requests carry them to the rules."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

from features.moments import microseconds
from features.store.complaints import complaints_of_senders
from features.store.database import Database
from models.rulebook import domain_of

#: As in models/rulebook.yaml; an old count is good enough for so long.
_DAYS, _KEPT = timedelta(days=30), timedelta(minutes=1)

Rates = Mapping[str, tuple[int, int]]
_counted: WeakKeyDictionary[Database, dict[str, tuple[datetime, Rates]]] = WeakKeyDictionary()
_lock = threading.Lock()


def complaint_rates(database: Database, tenant: str, now: datetime) -> Rates:
    """`(e-mails, complaints)` of each domain of which anybody complained in the last 30 days."""
    with _lock:
        at, rates = _counted.setdefault(database, {}).get(tenant, (None, {}))
    if at is not None and timedelta() <= now - at < _KEPT:
        return rates
    rates = _counts(database, tenant, now)
    with _lock:
        _counted[database][tenant] = (now, rates)
    return rates


def _counts(database: Database, tenant: str, now: datetime) -> Rates:
    with database.reading() as connection:
        senders = complaints_of_senders(
            connection, tenant, microseconds(now - _DAYS), microseconds(now)
        )
    found: dict[str, tuple[int, int]] = {}
    for actor, sent in senders.items():
        domain = domain_of(actor)
        if domain is not None:
            touches, complaints = found.get(domain, (0, 0))
            found[domain] = (touches + sent.touches, complaints + sent.complaints)
    return {domain: counts for domain, counts in sorted(found.items()) if counts[1]}
