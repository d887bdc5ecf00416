"""How senders and clients have fared since the model was trained, made anew in the background."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from weakref import WeakKeyDictionary

from features.moments import microseconds
from features.store import people
from features.store.database import Database
from models.fares import Fresh
from serving.rounds import Pace, Rounds
from serving.stored.counted import Counted
from serving.telemetry import Telemetry

#: The first look waits this long at most (seconds), for the start to be over.
_FIRST = 60.0
#: Of a core's time: it rests twenty times as long as it works.
_SHARE = 1 / 21
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
        self._pace, self._counted = Pace(self._rounds.stopped, _SHARE), dict[str, Counted]()

    def start(self) -> None:
        """Begin, unless it is switched off."""
        self._rounds.start()

    def stop(self) -> None:
        """End after the ledger that is being made."""
        self._rounds.stop()

    def _once(self) -> float:
        self.make(datetime.now(UTC))
        return self._pause - time.time() % self._pause

    def make(self, now: datetime) -> None:
        """Bring every tenant's ledger up to `now`."""
        if not self._database.exists:
            return
        with self._database.reading() as connection:
            tenants = people.tenants(connection)
        known, now_us = _known.setdefault(self._database, {}), microseconds(now)
        as_of = now_us - now_us % max(round(self._pause * 1e6), 1)
        for tenant in self._counted.keys() - set(tenants):
            del self._counted[tenant]
            known.pop(tenant, None)
        for tenant in tenants:
            counted = self._counted.setdefault(tenant, Counted(self._database, tenant, self._pace))
            ledger = counted.bring(as_of)
            if self._rounds.stopped.is_set():
                return
            if ledger is not None:
                known[tenant] = Fresh(ledger)
        self._telemetry.senders_known.set(as_of / 1e6)
