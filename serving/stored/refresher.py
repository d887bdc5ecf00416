"""Deciding anew about stored threads in the background, as events come and time passes."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from features.moments import microseconds
from features.store import decisions, threads
from features.store.database import Database
from serving.champion import Champion
from serving.rounds import Rounds
from serving.settings import ServiceSettings
from serving.stored.looking import AT_ONCE, look
from serving.stored.matured import matured
from serving.telemetry import Telemetry

_HOUR = timedelta(hours=1)
_log = logging.getLogger("fineline.api")


class Refresher:
    """A thread that looks at people whose time has come, every `refresh_seconds`; 0 is never.

    Once an hour it also removes decisions older than `retention_days`, and sees how those that are
    old enough have held.
    """

    def __init__(
        self, database: Database, champion: Champion, settings: ServiceSettings,
        telemetry: Telemetry,
    ) -> None:  # fmt: skip
        self._database, self._champion = database, champion
        self._retention = timedelta(days=settings.retention_days)
        self._hourly = datetime.min.replace(tzinfo=UTC)
        self._telemetry = telemetry
        self._rounds = Rounds(
            "refresher",
            self._once,
            settings.refresh_seconds,
            "deciding anew about stored threads failed",
            _log,
        )
        self._seen: str | None = None

    def start(self) -> None:
        """Begin, unless it is switched off."""
        self._rounds.start()

    def stop(self) -> None:
        """End after the people who are being looked at."""
        self._rounds.stop()

    def _once(self) -> None:
        """Look at everybody whose time has come."""
        if not self._database.exists:
            return
        self._each_hour(datetime.now(UTC))
        decider = self._champion.current
        if decider is None:
            return
        if decider.ref.version != self._seen:
            self._database.write(lambda c: threads.look_again(c, decider.ref.version))
            self._seen = decider.ref.version
        while not self._rounds.stopped.is_set():
            if look(self._database, decider, datetime.now(UTC), AT_ONCE) < AT_ONCE:
                return

    def _each_hour(self, now: datetime) -> None:
        if now - self._hourly < _HOUR:
            return
        before_us = microseconds(now - self._retention)
        if count := self._database.write(lambda c: decisions.expire(c, before_us)):
            _log.info("decisions removed, as they are older than the retention: %d", count)
        self._telemetry.matured(matured(self._database, now))
        self._hourly = now
