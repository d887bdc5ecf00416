"""Watching the registry: a new champion is tried beside the old one, and swapped in if it is good.

All of it happens on a thread of its own: no answer waits for the registry.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from features.errors import FinelineError, NoModel, RegistryUnavailable, UnsoundModel
from models.decide import Decider
from models.registry import Version
from serving.champion import Champion
from serving.flight.metrics import FlightMetrics
from serving.flight.source import Source

_log = logging.getLogger("fineline.api")
#: Seconds until a refused version is tried again, doubled with each refusal up to the most.
_FIRST_RETRY, _LAST_RETRY = 30.0, 900.0
#: Seconds between two looks at a registry that is away, if the pause is not longer.
_AWAY = 5.0
#: Seconds that the service's start waits: for the registry to say a word (with and without a copy
#: kept here that can answer meanwhile), for a model to load.
_HEARING_KEPT, _HEARING, _LOADING = 1.0, 5.0, 60.0
_NONE = "no model has become champion yet; run `fineline train` first"
_GONE = "the registry names no champion any more; the last one goes on answering"


@dataclass(frozen=True, slots=True)
class _Refused:
    """A version that may not answer, and when (monotonic seconds) it is tried again."""

    version: Version
    again: float
    pause: float


class Watch:
    """Looks at the registry every `pause` seconds, and keeps the champion's holder current."""

    def __init__(
        self, source: Source, champion: Champion, metrics: FlightMetrics, pause: float
    ) -> None:
        self._source, self._champion, self._metrics = source, champion, metrics
        self._pause = pause
        self._answering: Version | None = None
        self._refused: _Refused | None = None
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._heard, self._looked = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin with what is kept here, and with what the registry names once it has been heard.

        A registry that answers quickly is waited for, so that nothing older answers first.
        """
        self._stopped.clear()
        self._thread = threading.Thread(target=self._run, name="champion", daemon=True)
        self._thread.start()
        hearing = _HEARING_KEPT if self._source.keeps else _HEARING
        if not (self._heard.wait(hearing) and self._looked.wait(_LOADING)):
            self._fall_back()

    def stop(self) -> None:
        """End; a registry that hangs is not waited for."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(1.0)

    def look(self) -> bool:
        """One look; False if the registry did not answer."""
        try:
            version = self._source.named()
            self._heard.set()
            self._follow(version)
            self._metrics.registry_up.set(1)
        except RegistryUnavailable as error:
            self._metrics.registry_up.set(0)
            self._fall_back()
            self._champion.report(error)
            return False
        finally:
            self._heard.set()
            self._metrics.champion_answers.set(1 if self._champion.trouble is None else 0)
        return True

    def _run(self) -> None:
        while not self._stopped.is_set():
            answered = False
            try:
                answered = self.look()
            except Exception as error:
                _log.error("looking for the champion failed", exc_info=error)
            self._looked.set()
            self._stopped.wait(self._pause if answered else max(self._pause, _AWAY))

    def _follow(self, version: Version | None) -> None:
        """Bring the version into service that the registry names."""
        self._champion.named = None if version is None else version.number
        if version is None:
            self._fall_back()
            self._champion.report(NoModel(_NONE if self._champion.current is None else _GONE))
        elif version == self._answering:
            self._refused, self._champion.kept = None, False
            self._champion.report(None)
        elif self._may_try(version):
            self._try(version)

    def _may_try(self, version: Version) -> bool:
        refused = self._refused
        return refused is None or refused.version != version or time.monotonic() >= refused.again

    def _try(self, version: Version) -> None:
        try:
            decider = self._source.load(version)
        except RegistryUnavailable:
            raise
        except FinelineError as error:
            self._refuse(version, error)
        except Exception as error:
            # A damaged artifact must not take down what says that it is damaged.
            _log.error("version %s could not be loaded", version.number, exc_info=error)
            self._refuse(version, UnsoundModel("could not be loaded; the server's log says why"))
        else:
            self._refused = None
            self._swap(version, decider)
            self._champion.report(None)

    def _refuse(self, version: Version, error: FinelineError) -> None:
        before = self._refused
        again = before is not None and before.version == version
        pause = min(before.pause * 2, _LAST_RETRY) if before and again else _FIRST_RETRY
        self._refused = _Refused(version, time.monotonic() + pause, pause)
        self._metrics.refusals.inc()
        self._fall_back()
        named = f"version {version.number} was refused: " if version.number else ""
        self._champion.report(type(error)(f"{named}{error}"))

    def _fall_back(self) -> None:
        """Answer with the copy kept here, where nothing answers yet."""
        if self._champion.current is not None:
            return
        found = self._source.recall()
        if found is not None:
            self._swap(*found, kept=True)

    def _swap(self, version: Version, decider: Decider, *, kept: bool = False) -> None:
        with self._lock:
            if kept and self._champion.current is not None:
                return
            self._champion.swap(decider, datetime.now(UTC), kept=kept)
            self._answering = version
        self._metrics.swaps.inc()
