"""The audit log: who did what, about whom, when, and what came of it. Added to, never changed.

People are in it by the keyed digest of their id (see features.store.suppression), so that it tells
nothing of anybody who was erased, and can still be asked about an id that is known.
"""

from __future__ import annotations

import getpass
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, insert, select

from features.store.suppression import ErasureKey, digest_of
from features.store.tables import AUDIT

#: The tenant of what concerns all of them, such as which model answers.
EVERYONE = "*"


@dataclass(frozen=True, slots=True)
class Entry:
    """`who` is `key:ID`, `user:NAME`, `local` (somebody at the machine, asking the
    service without a key), `command:ACCOUNT` or `settings`; `what` one word, such as
    `erase`.

    `about` is what it was done to: a contact's digest, a key, a user, a version. `outcome` is
    `done`, `refused` or `nothing` (there was nothing to do it to).
    """

    at_us: int
    tenant: str
    who: str
    what: str
    about: str
    outcome: str = "done"


_A = AUDIT.c
_FIELDS = tuple(_A[name] for name in Entry.__dataclass_fields__)


def add(connection: Connection, entry: Entry) -> None:
    """Add an entry, in the transaction of what it is about."""
    connection.execute(insert(AUDIT), asdict(entry))


def name_of(tenant: str, contact_id: str, key: ErasureKey) -> str:
    """How a person is named in the log."""
    return f"contact:{digest_of(key.read(), tenant, contact_id)}"


@dataclass(frozen=True, slots=True)
class By:
    """Who does something, in whose data, and when."""

    tenant: str
    who: str
    at_us: int

    def to_contact(self, what: str, contact_id: str, key: ErasureKey, found: bool) -> Entry:
        """The entry of something done to a person, of whom something was stored or not."""
        about = name_of(self.tenant, contact_id, key)
        outcome = "done" if found else "nothing"
        return Entry(self.at_us, self.tenant, self.who, what, about, outcome)


def by_command(tenant: str, what: str, about: str, at_us: int) -> Entry:
    """The entry of what somebody did at this machine's command line, by the name of the account."""
    try:
        account = getpass.getuser()
    except (OSError, KeyError):
        account = "unknown"
    return Entry(at_us, tenant, f"command:{account}", what, about)


def listed(
    connection: Connection,
    most: int,
    tenant: str | None = None,
    about: str | None = None,
    since_us: int | None = None,
) -> list[Entry]:
    """The latest entries, at most so many, the latest last."""
    query = select(*_FIELDS).order_by(_A.seq.desc()).limit(most)
    if tenant is not None:
        query = query.where(_A.tenant.in_((tenant, EVERYONE)))
    if about is not None:
        query = query.where(_A.about == about)
    if since_us is not None:
        query = query.where(_A.at_us >= since_us)
    return [Entry(*row) for row in connection.execute(query)][::-1]


def latest(connection: Connection, tenant: str, what: str) -> Entry | None:
    """The last entry about something that is done again and again."""
    query = select(*_FIELDS).where(_A.tenant == tenant, _A.what == what)
    row = connection.execute(query.order_by(_A.seq.desc()).limit(1)).one_or_none()
    return None if row is None else Entry(*row)
