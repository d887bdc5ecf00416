"""A tenant's ledger, counted part by part, so that only what has changed is counted anew."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace

import pyarrow as pa

from features.events.known import known_by
from features.events.validate import encode
from features.store import history, people
from features.store.database import Connection, Database
from features.store.threads import NEVER
from models.ledger import Ledger
from serving.rounds import Pace

#: Events counted in one go, about, unless that made more parts than this.
AT_ONCE, MOST_PARTS = 50_000, 256
#: Parts may grow so many times as large as they were meant before people are divided anew.
_GROWN = 4


@dataclass(frozen=True, slots=True)
class Part:
    """The people whose ids lie from `first` to before `until`: their ledger, of so many `events`.

    From `ahead_us` on more of them is known than was counted.
    """

    first: str
    until: str | None
    ledger: Ledger
    events: int = 0
    ahead_us: int = 0


class Counted:
    """Counts how a tenant's senders and clients have fared."""

    def __init__(self, database: Database, tenant: str, pace: Pace) -> None:
        self._database, self._tenant, self._pace = database, tenant, pace
        self._parts: list[Part] = []
        self._stale: set[int] = set()
        self._last = 0
        self._whole: Ledger | None = None

    def bring(self, as_of: int) -> Ledger | None:
        """The ledger as of `as_of` (microseconds); None where nothing is stored, or all is to stop.

        Whatever ends it, the next time goes on from there.
        """
        self._look(as_of)
        for k in sorted(self._stale):
            if not self._pace.rested():
                return None
            with self._pace.working():
                self._parts[k] = self._count(self._parts[k], as_of)
            self._stale.discard(k)
            self._whole = None
        if self._whole is None and self._parts:
            self._whole = Ledger.merged([part.ledger for part in self._parts], as_of)
        # Where nothing has happened since, time has passed: what was recent is less so.
        return None if self._whole is None else replace(self._whole, as_of=as_of)

    def _look(self, as_of: int) -> None:
        """Note which parts have to be counted: what came and what went, and what is known by now.

        Events that were being stored while others were counted have lower numbers than those and
        are told by how many there are.
        """
        with self._database.reading() as connection:
            there = [
                people.events_in_range(connection, self._tenant, part.first, part.until)
                for part in self._parts
            ]
            grown = sum(there) > _GROWN * AT_ONCE * len(there)
            if not there or (grown and len(there) < MOST_PARTS):
                self._divide(connection)
                return
            whose, self._last = history.whose_since(connection, self._tenant, self._last)
        firsts = [part.first for part in self._parts]
        self._stale |= {bisect_right(firsts, contact) - 1 for contact in whose}
        self._stale |= {
            k
            for k, (part, events) in enumerate(zip(self._parts, there, strict=True))
            if events != part.events or part.ahead_us <= as_of
        }

    def _divide(self, connection: Connection) -> None:
        """Make parts of about as many events each; all have to be counted."""
        counts = people.counts(connection, self._tenant)
        total = sum(counts.values())
        most = max(AT_ONCE, total // MOST_PARTS + 1)
        firsts, mine = [""], 0
        for contact, events in counts.items():
            if mine >= most:
                firsts.append(contact)
                mine = 0
            mine += events
        ends = zip(firsts, [*firsts[1:], None], strict=True)
        self._parts = [Part(*some, Ledger.empty()) for some in ends] if total else []
        self._stale = set(range(len(self._parts)))
        self._last = history.last_number(connection, self._tenant)

    def _count(self, part: Part, as_of: int) -> Part:
        with self._database.reading() as connection:
            events = history.events_of_range(connection, self._tenant, part.first, part.until)
        known = known_by(events, as_of)
        recorded = events["recorded_at"].cast(pa.int64()).to_numpy()
        return Part(
            part.first, part.until, Ledger.counted(encode(known), as_of), len(events),
            int(recorded[recorded > as_of].min(initial=NEVER)),
        )  # fmt: skip
