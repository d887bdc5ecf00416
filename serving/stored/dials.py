"""What a tenant has set for itself, in force at once: every answer from the store looks it up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

from features.errors import FinelineError
from features.moments import microseconds
from features.store import dials as settings
from features.store.database import Database
from features.store.dials import NONE, Setting
from models.decide import Decider
from models.dials import Dials
from serving.stored.ledgers import fares_of

#: Answers to a history in the request go by what was in force so long ago at most, and where the
#: store is away by what was in force last.
_KEPT, _AFTER_FAILURE = timedelta(seconds=1), timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class _Seen:
    setting: Setting
    until: datetime


#: Deciders as tenants have set them, by the decider they were made of.
_set: WeakKeyDictionary[Decider, dict[tuple[str, int, str], Decider]] = WeakKeyDictionary()
_MOST_SET = 1000
#: Each of them as it was last told how senders and clients fare.
_told: WeakKeyDictionary[Decider, Decider] = WeakKeyDictionary()
_seen: WeakKeyDictionary[Database, dict[str, _Seen]] = WeakKeyDictionary()


def in_force(database: Database, tenant: str) -> Setting:
    """What is in force now. Raises StoreUnavailable."""
    with database.reading() as connection:
        return settings.latest(connection, tenant)


def by(decider: Decider, tenant: str, setting: Setting) -> Decider:
    """The decider under a tenant's rules and this setting; the same one each time."""
    own = _set.setdefault(decider, {})
    asked = (tenant, setting.number, setting.dials)
    if asked not in own:
        if len(own) >= _MOST_SET:
            own.clear()
        own[asked] = decider.for_tenant(tenant).under(Dials.read(setting.dials), setting.number)
    return own[asked]


def answering(database: Database, decider: Decider, tenant: str, setting: Setting) -> Decider:
    """The same, told how the tenant's senders and clients fare; the same one until that changes."""
    own, fares = by(decider, tenant, setting), fares_of(database, tenant)
    found = _told.get(own)
    if found is None or found.fares is not fares:
        found = _told[own] = own.knowing(fares)
    return found


def decider_of(database: Database, decider: Decider, tenant: str) -> Decider:
    """The decider as a tenant has set it. Raises StoreUnavailable."""
    return answering(database, decider, tenant, in_force(database, tenant))


def seen(database: Database, tenant: str, now: datetime) -> Setting | None:
    """What was in force at most a second ago, if that is known without asking the store."""
    found = _seen.setdefault(database, {}).get(tenant)
    return None if found is None or now >= found.until else found.setting


def look(database: Database, tenant: str, now: datetime) -> Setting:
    """What is in force, for those that do not need the store; what was last, while it is away."""
    own = _seen.setdefault(database, {})
    last, kept = own.get(tenant), _KEPT
    try:
        setting = in_force(database, tenant) if database.exists else NONE
    except FinelineError:
        setting, kept = NONE if last is None else last.setting, _AFTER_FAILURE
    own[tenant] = _Seen(setting, now + kept)
    return setting


def save(database: Database, tenant: str, after: int, dials: Dials, who: str, note: str,
         now: datetime) -> bool:  # fmt: skip
    """Set dials; False, and nothing is done, if others than number `after` are in force by now."""
    setting = Setting(after + 1, microseconds(now), who, note, dials.written())
    saved = database.write(lambda c: settings.add(c, tenant, setting))
    if saved:
        look(database, tenant, now)
    return saved
