"""How senders and clients have fared since the model was trained, made anew in the background."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from weakref import WeakKeyDictionary

import pyarrow as pa
import pyarrow.compute as pc

from features.errors import FinelineError
from features.events.validate import encode
from features.histories import from_events
from features.matrix import party_states
from features.store import history
from features.store.database import Database
from models.fares import Fresh
from models.ledger import Ledger
from models.situation import microseconds
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


def ledger_of(events: pa.Table, as_of: int) -> Ledger:
    """A ledger of validated events as of a moment (microseconds)."""
    h = from_events(events)
    return Ledger.of(party_states(h, as_of), h.names["actor_id"], h.names["account_id"], as_of)


class Ledgers:
    """A thread that makes every tenant's ledger anew, every `pause` seconds; 0 is never.

    Ledgers are as of full pauses since 1970: processes beside each other come to the same.
    """

    def __init__(self, database: Database, pause: float, telemetry: Telemetry) -> None:
        self._database, self._pause, self._telemetry = database, pause, telemetry
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        #: How many events there were when a tenant's ledger was made of all of them, and the last.
        self._whole: dict[str, tuple[int, int]] = {}

    def start(self) -> None:
        """Begin, unless it is switched off."""
        if self._pause:
            self._stopped.clear()
            self._thread = threading.Thread(target=self._run, name="ledgers", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End after the ledger that is being made."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        pause = min(self._pause, _FIRST)
        while not self._stopped.wait(pause):
            began = time.monotonic()
            try:
                self.make(datetime.now(UTC))
            except FinelineError:
                # The store is away, and whoever needs it is told; the next round tries again.
                pass
            except Exception as error:
                _log.error("how senders and clients fare could not be made out", exc_info=error)
            least = _SHARE * (time.monotonic() - began)
            pause = least + self._pause - (time.time() + least) % self._pause

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
            if extent[0] <= MOST and not self._stopped.is_set():
                known[tenant] = Fresh(self._ledger(tenant, extent, as_of))
        self._telemetry.senders_known.set(as_of / 1e6)

    def _ledger(self, tenant: str, extent: tuple[int, int], as_of: int) -> Ledger:
        last = fares_of(self._database, tenant)
        if last is not None and self._whole.get(tenant) == extent:
            # Nothing has happened since, but time has passed, and what was recent is less so.
            return replace(last.ledger, as_of=as_of)
        with self._database.reading() as connection:
            events = history.all_events(connection, tenant)
        recorded = events.filter(pc.less_equal(events["recorded_at"].cast(pa.int64()), as_of))
        if len(recorded) == len(events):
            self._whole[tenant] = extent
        else:
            self._whole.pop(tenant, None)
        return ledger_of(encode(recorded), as_of)
