"""A challenger in shadow: asked what the champion was asked, put on record, never answering.

It reads decisions that are on record and asks the challenger again what was asked then, about what
was stored then. Whoever waits for an answer never waits for it; what it fails on is counted.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import orjson

from features.errors import FinelineError
from features.moments import microseconds
from features.store import decisions, shadows
from features.store.database import Database
from features.store.shadows import Waiting
from models.decide import Decider
from models.registry import Version
from serving.champion import Champion
from serving.flight.metrics import ShadowMetrics
from serving.flight.source import Source
from serving.flight.watch import Watch
from serving.rounds import Pace, Rounds
from serving.stored.replay import replay

_log = logging.getLogger("fineline.api")
#: Decisions taken on at once, and the share of a core that asking about them may take.
AT_ONCE, SHARE = 50, 0.5


class _Place(Watch):
    """Watches who the challenger is; where nobody is named, or the one named is bad, nobody is."""

    def _follow(self, version: Version | None) -> None:
        if version is None:
            self._champion.leave()
            self._champion.report(None)
            self._answering = self._refused = None
        else:
            super()._follow(version)

    def _fall_back(self) -> None:
        """An earlier challenger is none any more."""


class Shadow:
    """A thread that asks the challenger, every `pause` seconds; 0 is never."""

    def __init__(
        self, database: Database, source: Source, metrics: ShadowMetrics, pause: float
    ) -> None:
        self.challenger = Champion(role="challenger")
        self.challenger.report(None)
        self._place = _Place(source, self.challenger, metrics, pause)
        self._database, self._metrics = database, metrics
        self._rounds = Rounds("shadow", self._look, pause, "asking the challenger failed", _log)
        self._pace = Pace(self._rounds.stopped, SHARE)

    def start(self) -> None:
        """Begin, unless it is switched off."""
        self._rounds.start()

    def stop(self) -> None:
        """End after the decision that is being asked about; a registry that hangs is left."""
        self._rounds.stop(5.0)

    def _look(self) -> None:
        self._place.look()
        while self._once() == AT_ONCE and not self._rounds.stopped.is_set():
            continue

    def _once(self) -> int:
        """Ask about some decisions made since the challenger came; how many they were."""
        decider, since = self.challenger.current, self.challenger.since
        if decider is None or since is None or decider.ref.version != self.challenger.named:
            return 0
        if not self._database.exists:
            return 0
        version, now = decider.ref.version, microseconds(datetime.now(UTC))
        taken = self._database.write(
            lambda c: shadows.claim(c, version, microseconds(since), now, AT_ONCE)
        )
        for one in taken:
            if not self._pace.rested():
                break
            with self._pace.working():
                self._ask(decider, one)
        return len(taken)

    def _ask(self, decider: Decider, one: Waiting) -> None:
        with self._database.reading() as connection:
            was = decisions.find(connection, one.tenant, one.decision_id)
        if was is None:
            return
        try:
            again = replay(self._database, one.tenant, was, decider).again
        except FinelineError:
            raise
        except Exception as error:
            self._metrics.failed.inc()
            _log.error("the challenger failed on %s", one.decision_id, exc_info=error)
            return
        written = orjson.dumps(again).decode()
        self._database.write(lambda c: shadows.answer(c, one, decider.ref.version, written))
        self._metrics.asked.labels("yes" if again["hint"] == was.hint else "no").inc()
