"""Work in the background: a thread that goes round from the start to the end, and its rests."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from features.errors import FinelineError


class Rounds:
    """A thread that does `work` every `pause` seconds; 0 is never.

    `work` may return another number of seconds to pause before the next round, and looks at
    `stopped` where it takes long. A FinelineError means that the store or the registry is away:
    whoever needs it is told, and the next round tries again. `failed` is what the log `log` says of
    anything else.
    """

    def __init__(
        self, name: str, work: Callable[[], float | None], pause: float, failed: str,
        log: logging.Logger, first: float | None = None,
    ) -> None:  # fmt: skip
        self._name, self._work, self._pause = name, work, pause
        self._failed, self._log = failed, log
        self._first = pause if first is None else first
        self._thread: threading.Thread | None = None
        self.stopped = threading.Event()

    def start(self) -> None:
        """Begin, unless it is switched off."""
        if self._pause:
            self.stopped.clear()
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()

    def stop(self, patience: float | None = None) -> None:
        """End after the round that is being made, or when `patience` (seconds) is at its end."""
        self.stopped.set()
        if self._thread is not None:
            self._thread.join(patience)

    def _run(self) -> None:
        pause = self._first
        while not self.stopped.wait(pause):
            pause = self._pause
            try:
                pause = self._work() or pause
            except FinelineError:
                continue
            except Exception as error:
                self._log.error(self._failed, exc_info=error)


class Pace:
    """Rests between pieces of work that may take this `share` of a core's time, until `stopped`.

    Requests that are answered beside them hardly wait.
    """

    def __init__(self, stopped: threading.Event, share: float) -> None:
        self._stopped, self._rest, self._until = stopped, 1 / share - 1, 0.0

    def rested(self) -> bool:
        """Wait until the next piece may begin; False where everything is to stop."""
        return not self._stopped.wait(max(self._until - time.monotonic(), 0.0))

    @contextmanager
    def working(self) -> Iterator[None]:
        """Measure a piece of work."""
        began = time.thread_time()
        yield
        self._until = time.monotonic() + self._rest * (time.thread_time() - began)
