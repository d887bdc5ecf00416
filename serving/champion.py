"""The model in service, and what is known of the one that should be."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from features.errors import FinelineError, NoModel
from models.decide import Decider

_log = logging.getLogger("fineline.api")


class Champion:
    """Holds the decider that answers; `swapped` is told of each that begins to.

    Whoever answers a request takes `decider()` once and keeps it: a swap is one assignment, so
    that no answer is of two models.
    """

    def __init__(
        self, swapped: Callable[[Decider], None] = lambda _: None, role: str = "champion"
    ) -> None:
        self._swapped, self._role = swapped, role
        self.current: Decider | None = None
        #: Why no model answers, or why not the one that should; None while all is well.
        self.trouble: FinelineError | None = NoModel(
            "a model is being loaded; ask again in a moment"
        )
        #: The version the registry names as champion, as far as is known; since when `current`
        #: answers, and whether it comes from the copy kept on this machine.
        self.named: str | None = None
        self.since: datetime | None = None
        self.kept = False

    def decider(self) -> Decider:
        """The decider in service; raises FinelineError with what stood in the way of one."""
        current = self.current
        if current is None:
            raise self.trouble or NoModel("no model is loaded; ask again in a moment")
        return current

    def swap(self, decider: Decider, now: datetime, *, kept: bool = False) -> None:
        """Let another decider answer from now on."""
        self.current, self.since, self.kept = decider, now, kept
        _log.info("version %s is the %s here", decider.ref.version, self._role)
        self._swapped(decider)

    def leave(self) -> None:
        """Have nobody in place."""
        self.current = self.since = self.named = None

    def report(self, trouble: FinelineError | None) -> None:
        """Say what is in the way; the log hears of it when it changes."""
        if trouble is not None and str(trouble) != str(self.trouble):
            _log.warning("the %s: %s", self._role, trouble)
        self.trouble = trouble

    def status(self) -> dict[str, str | datetime | bool | None]:
        """What readiness and `/v1/model` tell, JSON-ready."""
        return {
            "champion": self.named,
            "since": self.since,
            "kept_copy": self.kept,
            "trouble": None if self.trouble is None else str(self.trouble),
        }
