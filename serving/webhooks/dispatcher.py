"""Sending what the outbox holds, in the background of every server process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random

import httpx2

from features.errors import FinelineError
from features.moments import microseconds
from features.store import deliveries, outbox
from features.store.database import Database
from features.store.deliveries import Came, Due, settle
from serving.champion import Champion
from serving.rounds import Rounds
from serving.settings import ServiceSettings
from serving.telemetry import Telemetry
from serving.webhooks.delivery import TIMEOUT, Outcome, attempt, client, next_attempt
from serving.webhooks.signing import Seal, signed

#: Messages tried at once; another process may try them again if this one has died meanwhile.
AT_ONCE = 20
_CLAIM = TIMEOUT * 4
#: How long messages are kept, whatever became of them.
KEPT = timedelta(days=30)
_HOUR = timedelta(hours=1)
_log = logging.getLogger("fineline.webhooks")


class Dispatcher:
    """A thread that sends what is due, every `webhook_seconds`; 0 is never.

    It also tells of another version that answers, and removes messages that are a month old.
    """

    def __init__(
        self, database: Database, champion: Champion, settings: ServiceSettings,
        telemetry: Telemetry,
    ) -> None:  # fmt: skip
        self._database, self._champion, self._telemetry = database, champion, telemetry
        self._allowed = settings.networks
        self._seal, self._rng = Seal.of(settings), Random()
        self._expired = datetime.min.replace(tzinfo=UTC)
        self._rounds = Rounds(
            "dispatcher", self._once, settings.webhook_seconds, "sending webhooks failed", _log
        )
        self._told: tuple[str, str] | None = None

    def start(self) -> None:
        """Begin, unless it is switched off."""
        self._rounds.start()

    def stop(self) -> None:
        """End after the messages that are being sent."""
        self._rounds.stop()

    def _once(self) -> None:
        if not self._database.exists:
            return
        now = datetime.now(UTC)
        self._tell_champion(now)
        self._expire(now)
        while not self._rounds.stopped.is_set():
            if self.send(datetime.now(UTC)) < AT_ONCE:
                return

    def send(self, now: datetime) -> int:
        """Try what is due, and keep what came of it; how many messages were tried."""
        now_us, until_us = microseconds(now), microseconds(now + _CLAIM)
        with self._database.reading() as connection:
            if not deliveries.any_due(connection, now_us):
                return 0
        found = self._database.write(lambda c: deliveries.claim(c, now_us, until_us, AT_ONCE))
        if found:
            outcomes = asyncio.run(self._try(found, now))
            tried = [(d, self._came(d, o, now)) for d, o in zip(found, outcomes, strict=True)]
            self._database.write(lambda c: settle(c, tried))
            for due, came in tried:
                self._show(due, came)
        return len(found)

    async def _try(self, found: Sequence[Due], now: datetime) -> list[Outcome]:
        async with client() as http:
            return await asyncio.gather(*(self._deliver(http, due, now) for due in found))

    async def _deliver(self, http: httpx2.AsyncClient, due: Due, now: datetime) -> Outcome:
        try:
            headers = signed(self._seal.open(due.secret), due.message_id, due.body, now)
        except FinelineError as error:
            return Outcome(f"not sent: {error}")
        return await attempt(http, due.url, headers, due.body, self._allowed)

    def _came(self, due: Due, outcome: Outcome, now: datetime) -> Came:
        """Delivered; or waiting for the next attempt; or given up, at once by who is gone."""
        if outcome.delivered:
            return Came("delivered", outcome.said)
        if outcome.gone:
            return Came("dead", outcome.said, disabled_us=microseconds(now))
        paused_us = None if outcome.pause is None else microseconds(now + outcome.pause)
        wait = next_attempt(due.attempts + 1, outcome, self._rng)
        if wait is None:
            return Came("dead", outcome.said, paused_us=paused_us)
        return Came("waiting", outcome.said, microseconds(now + wait), paused_us)

    def _show(self, due: Due, came: Came) -> None:
        self._telemetry.webhooks.labels("failed" if came.state == "waiting" else came.state).inc()
        if came.state == "dead":
            _log.warning(
                "message %s to endpoint %s is given up: %s",
                due.message_id, due.endpoint_id, came.outcome,
            )  # fmt: skip

    def _tell_champion(self, now: datetime) -> None:
        decider = self._champion.current
        if decider is None or (ref := (decider.ref.name, decider.ref.version)) == self._told:
            return
        self._database.write(lambda c: outbox.champion(c, *ref, microseconds(now)))
        self._told = ref

    def _expire(self, now: datetime) -> None:
        if now - self._expired >= _HOUR:
            before_us = microseconds(now - KEPT)
            self._database.write(lambda c: outbox.expire(c, before_us))
            self._expired = now
