"""API keys: added, found by the part of them that may be shown, revoked, never changed else."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, insert, select, update

from features.store.tables import API_KEYS


@dataclass(frozen=True, slots=True)
class Key:
    """Whose a key is and what it may do; `digest` is all that is kept of the secret.

    `scopes` are words with spaces between; `rate` is a limit such as `100/minute`, or None for that
    of the deployment. Times are those of the store.
    """

    key_id: str
    digest: str
    tenant: str
    name: str
    scopes: str
    rate: str | None
    created_us: int
    expires_us: int | None = None
    used_us: int | None = None
    revoked_us: int | None = None

    def good(self, now_us: int) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked_us is None and (self.expires_us is None or now_us < self.expires_us)


_K = API_KEYS.c
_FIELDS = tuple(_K[name] for name in Key.__dataclass_fields__)


def add(connection: Connection, key: Key) -> None:
    """Add a key."""
    connection.execute(insert(API_KEYS), asdict(key))


def find(connection: Connection, key_id: str) -> Key | None:
    """A key, or None."""
    row = connection.execute(select(*_FIELDS).where(_K.key_id == key_id)).one_or_none()
    return None if row is None else Key(*row)


def listed(connection: Connection, tenant: str | None = None) -> list[Key]:
    """The keys of a tenant, or all, the oldest first."""
    query = select(*_FIELDS).order_by(_K.created_us, _K.key_id)
    if tenant is not None:
        query = query.where(_K.tenant == tenant)
    return [Key(*row) for row in connection.execute(query)]


def revoke(connection: Connection, key_id: str, now_us: int) -> bool:
    """Make a key useless for good; False if there is none, or it was revoked before."""
    query = update(API_KEYS).where(_K.key_id == key_id, _K.revoked_us.is_(None))
    return connection.execute(query.values(revoked_us=now_us)).rowcount == 1


def used(connection: Connection, key_id: str, now_us: int) -> None:
    """Note when a key was last used."""
    connection.execute(update(API_KEYS).where(_K.key_id == key_id).values(used_us=now_us))
