"""Where the decider that answers comes from."""

from __future__ import annotations

import logging
import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from features.errors import FinelineError, NoModel
from features.events.schema import EVENTS
from models import artifact, golden, registry
from models.decide import Decider
from models.decision import Request
from models.kept import Kept
from models.registry import Version
from models.settings import Settings

_log = logging.getLogger("fineline.api")


class Source(Protocol):
    """Names the version that should answer, loads versions, and recalls the last good one.

    `keeps`: whether there is one to recall, as far as can be told without opening it.
    """

    @property
    def keeps(self) -> bool: ...

    def named(self) -> Version | None:
        """The version that should answer, None while there is none."""

    def load(self, version: Version) -> Decider:
        """A decider that has passed its self-test, ready to answer."""

    def recall(self) -> tuple[Version, Decider] | None:
        """The last good version as it is kept here, None if nothing good is."""


class Fixed:
    """One decider, made by a function; never another."""

    keeps = False

    def __init__(self, make: Callable[[], Decider]) -> None:
        self._make = make

    def named(self) -> Version:
        """Always the same."""
        return Version("", "")

    def load(self, version: Version) -> Decider:  # noqa: ARG002
        """The decider."""
        decider = self._make()
        warm_up(decider)
        return decider

    def recall(self) -> None:
        """Nothing is kept."""


class Nobody:
    """No version, ever."""

    keeps = False

    def named(self) -> None:
        """Nobody is named."""

    def load(self, version: Version) -> Decider:
        """Nothing to load."""
        raise NoModel(f"there is no version {version.number}")

    def recall(self) -> None:
        """Nothing is kept."""


class Registry:
    """Versions of the registry, by alias; the last good artifact is kept under the home folder."""

    def __init__(self, settings: Settings, alias: str = registry.CHAMPION) -> None:
        self._settings, self._alias = settings, alias
        self._kept = Kept(settings.home.absolute() / "kept" / settings.model_name / alias)
        self._heard: tuple[object, Version | None] = (None, None)

    @property
    def keeps(self) -> bool:
        """Whether a version is kept that can be read."""
        version = self._kept.last()
        found = None if version is None else self._kept.find(version)
        return found is not None and artifact.readable(found)

    def named(self) -> Version | None:
        """The version that the alias names.

        A registry in a file that nobody has written to since is not asked again: the answers that
        are being made meanwhile would feel it.
        """
        stamp = registry.stamp(self._settings, time.time())
        if stamp is None or stamp != self._heard[0]:
            self._heard = (stamp, registry.named(self._settings, self._alias))
        return self._heard[1]

    def load(self, version: Version) -> Decider:
        """The decider on a version: of the artifact kept here, else of the registry's."""
        found = self._kept.find(version)
        if found is not None:
            try:
                decider = self._open(version, found)
                self._keep(version, found)
                return decider
            except (OSError, FinelineError, ValueError, KeyError) as error:
                _log.warning("the kept copy of version %s is bad: %s", version.number, error)
                self._kept.forget(version)
        with tempfile.TemporaryDirectory() as folder:
            path = registry.fetch(self._settings, version, Path(folder))
            decider = self._open(version, path)
            self._keep(version, path)
        return decider

    def recall(self) -> tuple[Version, Decider] | None:
        """The version kept last, if it is whole."""
        version = self._kept.last()
        found = None if version is None else self._kept.find(version)
        if version is None or found is None:
            return None
        try:
            return version, self._open(version, found)
        except Exception as error:
            _log.error("the kept copy of version %s is bad", version.number, exc_info=error)
            return None

    def _open(self, version: Version, folder: Path) -> Decider:
        model = artifact.load(folder)
        decider = registry.decider_of(self._settings, version.number, model)
        golden.check(decider, folder)
        warm_up(decider)
        return decider

    def _keep(self, version: Version, folder: Path) -> None:
        try:
            self._kept.keep(version, folder)
        except (OSError, shutil.Error) as error:
            _log.warning("version %s cannot be kept on this machine: %s", version.number, error)


def warm_up(decider: Decider) -> None:
    """Compile, and load what the first answer would otherwise wait for."""
    at = datetime(2024, 1, 3, 12, tzinfo=UTC)
    empty = EVENTS.empty_table()
    for country in (None, "US", "GB", "DE", "NL", "FR"):
        decider.decide(
            [Request("warm-up", at, empty, country=country, channels=("email", "phone"))]
        )
