"""The model in service: loaded when the service starts, looked for again while there is none."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from features.errors import FinelineError, NoModel
from features.events.schema import EVENTS
from models.decide import Decider
from models.decision import Request

_log = logging.getLogger("fineline.api")
#: Seconds between two looks for a model while there is none.
PATIENCE = 5.0


class Champion:
    """Holds the decider that answers; `load` makes one or raises FinelineError."""

    def __init__(self, load: Callable[[], Decider]) -> None:
        self._load, self._lock = load, threading.Lock()
        self._decider: Decider | None = None
        self._failure: FinelineError = NoModel("no model has been loaded yet")
        self._looked = -PATIENCE

    def look(self) -> None:
        """Load a model if there is none and the last look is some seconds ago."""
        with self._lock:
            if self._decider is not None or time.monotonic() - self._looked < PATIENCE:
                return
            try:
                decider = self._load()
                _warm_up(decider)
                self._decider = decider
                _log.info("version %s answers", decider.ref.version)
            except FinelineError as error:
                self._failure = error
                _log.warning("no model: %s", error)
            self._looked = time.monotonic()

    def decider(self) -> Decider:
        """The decider in service; raises what stood in the way of loading one."""
        if self._decider is None:
            self.look()
        if self._decider is None:
            raise self._failure
        return self._decider


def _warm_up(decider: Decider) -> None:
    """Compile, and load what the first answer would otherwise wait for."""
    at = datetime(2024, 1, 3, 12, tzinfo=UTC)
    empty = EVENTS.empty_table()
    for country in (None, "US", "GB", "DE", "NL", "FR"):
        decider.decide(
            [Request("warm-up", at, empty, country=country, channels=("email", "phone"))]
        )
