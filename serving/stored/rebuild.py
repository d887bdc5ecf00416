"""State per thread and person made anew from the events, and compared with what was kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from features.moments import microseconds
from features.store import recount, threads
from features.store.database import Database
from models.decide import Decider
from serving.stored.looking import AT_ONCE, look


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What came out: `threads` open; `miscounted` people and `differing` threads were otherwise.

    People who were due to be looked at anyway are not compared.
    """

    threads: int
    miscounted: int
    differing: int

    @property
    def same(self) -> bool:
        """Whether what was kept equals what the events say."""
        return not self.miscounted and not self.differing


def rebuild(
    database: Database,
    decider: Decider,
    tenant: str,
    now: datetime,
    progress: Callable[[int], object] = lambda _: None,
) -> Rebuilt:
    """Forget what is derived, derive it again, and compare.

    A service may go on meanwhile. Raises StoreUnavailable; asked again, it goes on.
    """
    now_us = microseconds(now)
    with database.reading() as connection:
        kept = recount.settled(connection, tenant, now_us)
        due = recount.waiting_contacts(connection, tenant, now_us)
    miscounted = database.write(lambda c: recount.recount(c, tenant))
    database.write(lambda c: threads.rebuild(c, tenant))
    while done := look(database, decider, now, AT_ONCE, tenant):
        progress(done)
    with database.reading() as connection:
        again = recount.settled(connection, tenant, now_us)
    differing = sum(
        kept.get(thread) != again.get(thread) for thread in {*kept, *again} if thread[0] not in due
    )
    return Rebuilt(len(again), miscounted, differing)
