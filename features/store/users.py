"""People who sign in: added, found by name, disabled and enabled, given another password."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, insert, select, update

from features.store import audit
from features.store.audit import Entry
from features.store.tables import SESSIONS, USERS


@dataclass(frozen=True, slots=True)
class User:
    """Who somebody is and what they may do.

    `user_id` is the name they sign in with, in small letters; `password` a slow hash, None for whom
    somebody else vouches: `subject` says who does and by which name, once they came. `scopes` are
    words with spaces between. Times are those of the store.
    """

    user_id: str
    tenant: str
    name: str
    scopes: str
    password: str | None
    created_us: int
    disabled_us: int | None = None
    subject: str | None = None


_U, _S = USERS.c, SESSIONS.c
_FIELDS = tuple(_U[name] for name in User.__dataclass_fields__)


def add(connection: Connection, user: User) -> bool:
    """Add somebody; False if the name is taken, in whichever tenant."""
    if find(connection, user.user_id) is not None:
        return False
    connection.execute(insert(USERS), asdict(user))
    return True


def find(connection: Connection, user_id: str) -> User | None:
    """Somebody by the name they sign in with, or None."""
    row = connection.execute(select(*_FIELDS).where(_U.user_id == user_id)).one_or_none()
    return None if row is None else User(*row)


def listed(connection: Connection, tenant: str | None = None) -> list[User]:
    """The people of a tenant, or all, by name."""
    query = select(*_FIELDS).order_by(_U.user_id)
    if tenant is not None:
        query = query.where(_U.tenant == tenant)
    return [User(*row) for row in connection.execute(query)]


def disable(connection: Connection, user_id: str, now_us: int) -> None:
    """Let nobody sign in under a name any more, and sign out whoever is."""
    connection.execute(update(USERS).where(_U.user_id == user_id).values(disabled_us=now_us))
    sign_out_everywhere(connection, user_id)


def enable(connection: Connection, user_id: str) -> None:
    """Let somebody sign in again."""
    connection.execute(update(USERS).where(_U.user_id == user_id).values(disabled_us=None))


def set_password(connection: Connection, user_id: str, password: str) -> None:
    """Keep another hash; see `sign_out_everywhere`."""
    connection.execute(update(USERS).where(_U.user_id == user_id).values(password=password))


def set_subject(connection: Connection, user_id: str, subject: str) -> None:
    """Remember under which name somebody else vouches for a user."""
    connection.execute(update(USERS).where(_U.user_id == user_id).values(subject=subject))


def sign_in(connection: Connection, user: User, digest: str, now_us: int, until_us: int) -> None:
    """Add a session, which holds until a moment; those that ended by themselves go.

    The audit log has it.
    """
    connection.execute(delete(SESSIONS).where(_S.until_us <= now_us))
    row = {"digest": digest, "user_id": user.user_id, "created_us": now_us, "until_us": until_us}
    connection.execute(insert(SESSIONS), row)
    who = f"user:{user.user_id}"
    audit.add(connection, Entry(now_us, user.tenant, who, "sign in", who))


def signed_in(connection: Connection, digest: str) -> tuple[User, int] | None:
    """Whose session this is, and until when it holds; None if there is none."""
    query = select(*_FIELDS, _S.until_us).join(SESSIONS, _S.user_id == _U.user_id)
    row = connection.execute(query.where(_S.digest == digest, _U.disabled_us.is_(None))).first()
    return None if row is None else (User(*row[:-1]), int(row[-1]))


def sign_out(connection: Connection, digest: str) -> None:
    """End a session."""
    connection.execute(delete(SESSIONS).where(_S.digest == digest))


def sign_out_everywhere(connection: Connection, user_id: str) -> None:
    """End all sessions of somebody."""
    connection.execute(delete(SESSIONS).where(_S.user_id == user_id))
