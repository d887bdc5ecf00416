"""How senders and clients have fared since the model was trained, made anew in the background."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from datetime import UTC, datetime
from weakref import WeakKeyDictionary

from features.events.known import known_by
from features.events.validate import encode
from features.store import history
from features.store.database import Database
from models.fares import Fresh
from models.ledger import Ledger
from models.situation import microseconds
from serving.rounds import Rounds
from serving.telemetry import Telemetry

#: Stores of more events than this leave it to training, which has a process of its own.
MOST = 2_000_000
#: No more than one part in so many of a core's time is spent on it.
_SHARE = 50
#: The first look waits this long at most (seconds), for the start to be over.
_FIRST = 60.0
_log = logging.getLogger("fineline.api")
_known: WeakKeyDictionary[Database, dict[str, Fresh]] = WeakKeyDictionary()


def fares_of(database: Database, tenant: str) -> Fresh | None:
    """How a tenant's senders and clients fare, as last made out; None before."""
    return _known.get(database, {}).get(tenant)


class Ledgers:
    """A thread that makes every tenant's ledger anew, every `pause` seconds; 0 is never.

    Ledgers are as of full pauses since 1970: processes beside each other come to the same.
    """

    def __init__(self, database: Database, pause: float, telemetry: Telemetry) -> None:
        self._database, self._pause, self._telemetry = database, pause, telemetry
        self._rounds = Rounds(
            "ledgers", self._once, pause,
            "how senders and clients fare could not be made out", _log, first=min(pause, _FIRST),
        )  # fmt: skip
        #: How many events there were when a tenant's ledger was made of all of them, and the last.
        self._whole: dict[str, tuple[int, int]] = {}

    def start(self) -> None:
        """Begin, unless it is switched off."""
        self._rounds.start()

    def stop(self) -> None:
        """End after the ledger that is being made."""
        self._rounds.stop()

    def _once(self) -> float:
        began = time.monotonic()
        self.make(datetime.now(UTC))
        least = _SHARE * (time.monotonic() - began)
        return least + self._pause - (time.time() + least) % self._pause

    def make(self, now: datetime) -> None:
        """Bring every tenant's ledger up to `now`."""
        if not self._database.exists:
            return
        with self._database.reading() as connection:
            extents = history.extents(connection)
        known, now_us = _known.setdefault(self._database, {}), microseconds(now)
        as_of = now_us - now_us % max(round(self._pause * 1e6), 1)
        for tenant in known.keys() - extents.keys():
            del known[tenant]
        for tenant, extent in extents.items():
            if extent[0] <= MOST and not self._rounds.stopped.is_set():
                known[tenant] = Fresh(self._ledger(tenant, extent, as_of))
        self._telemetry.senders_known.set(as_of / 1e6)

    def _ledger(self, tenant: str, extent: tuple[int, int], as_of: int) -> Ledger:
        last = fares_of(self._database, tenant)
        if last is not None and self._whole.get(tenant) == extent:
            # Nothing has happened since, but time has passed, and what was recent is less so.
            return replace(last.ledger, as_of=as_of)
        with self._database.reading() as connection:
            events = history.all_events(connection, tenant)
        recorded = known_by(events, as_of)
        if len(recorded) == len(events):
            self._whole[tenant] = extent
        else:
            self._whole.pop(tenant, None)
        return Ledger.counted(encode(recorded), as_of)
