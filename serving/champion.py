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
    """Holds the decider that answers.

    `load` makes one, or raises, preferably a FinelineError; `loaded` is told of it.
    """

    def __init__(
        self, load: Callable[[], Decider], loaded: Callable[[Decider], None] = lambda _: None
    ) -> None:
        self._load, self._loaded, self._lock = load, loaded, threading.Lock()
        self._failure: FinelineError = NoModel("a model is being loaded; ask again in a moment")
        self._looked = -PATIENCE
        self.current: Decider | None = None

    def look(self) -> None:
        """Load a model if there is none and the last look is some seconds ago.

        While one thread looks the others do not wait: a registry may take long to answer.
        """
        if not self._lock.acquire(blocking=False):
            return
        try:
            if self.current is None and time.monotonic() - self._looked >= PATIENCE:
                self._try()
                self._looked = time.monotonic()
        finally:
            self._lock.release()

    def decider(self) -> Decider:
        """The decider in service; raises FinelineError with what stood in the way of one."""
        if self.current is None:
            self.look()
        if self.current is None:
            raise self._failure
        return self.current

    def _try(self) -> None:
        try:
            decider = self._load()
            _warm_up(decider)
            self._loaded(decider)
        except FinelineError as error:
            self._failure = error
            _log.warning("no model: %s", error)
        except Exception as error:
            # A damaged artifact must not take down what says that it is damaged.
            self._failure = NoModel("the model could not be loaded; the server's log says why")
            _log.error("the model could not be loaded", exc_info=error)
        else:
            self.current = decider
            _log.info("version %s answers", decider.ref.version)


def _warm_up(decider: Decider) -> None:
    """Compile, and load what the first answer would otherwise wait for."""
    at = datetime(2024, 1, 3, 12, tzinfo=UTC)
    empty = EVENTS.empty_table()
    for country in (None, "US", "GB", "DE", "NL", "FR"):
        decider.decide(
            [Request("warm-up", at, empty, country=country, channels=("email", "phone"))]
        )
