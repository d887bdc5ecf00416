"""What organisations have set for themselves, and who set what when: added, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, bindparam, insert, select

from features.store import threads
from features.store.tables import DIALS


@dataclass(frozen=True, slots=True)
class Setting:
    """Dials (JSON) as they were set; `number` counts a tenant's settings from 1, 0 is none."""

    number: int
    set_us: int
    who: str
    note: str
    dials: str


_FIELDS = tuple(DIALS.c[name] for name in Setting.__dataclass_fields__)
#: Made once: to put it together takes as long as to ask it.
_HISTORY = (
    select(*_FIELDS)
    .where(DIALS.c.tenant == bindparam("tenant"))
    .order_by(DIALS.c.number.desc())
    .limit(bindparam("most"))
)
#: Before anybody sets anything.
NONE = Setting(0, 0, "", "", "{}")


def latest(connection: Connection, tenant: str) -> Setting:
    """What is in force."""
    return next(iter(history(connection, tenant, 1)), NONE)


def find(connection: Connection, tenant: str, number: int) -> Setting | None:
    """A setting by its number, 0 being none; None if there never was one."""
    if number == 0:
        return NONE
    query = select(*_FIELDS).where(DIALS.c.tenant == tenant, DIALS.c.number == number)
    row = connection.execute(query).one_or_none()
    return None if row is None else Setting(*row)


def history(connection: Connection, tenant: str, most: int) -> Sequence[Setting]:
    """The latest settings, newest first."""
    rows = connection.execute(_HISTORY, {"tenant": tenant, "most": most})
    return [Setting(*row) for row in rows]


def add(connection: Connection, tenant: str, setting: Setting) -> bool:
    """Set dials, and have everybody with an open thread decided about anew.

    False, and nothing is done, unless `setting.number` is the next: somebody was quicker.
    """
    if threads.number_in_force(connection, tenant) != setting.number - 1:
        return False
    connection.execute(insert(DIALS), {"tenant": tenant, **asdict(setting)})
    threads.decide_anew(connection, tenant)
    return True
