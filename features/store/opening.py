"""The store that settings name."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from pydantic import SecretStr

from features.store.database import Database
from features.store.suppression import ErasureKey


class StoreSettings(Protocol):
    """What has to be known to open the store."""

    home: Path
    erasure_key: SecretStr

    @property
    def store_url(self) -> str:
        """The URL of the database."""


def open_store(settings: StoreSettings) -> Database:
    """The store, connected to when it is first used."""
    key = ErasureKey(settings.erasure_key.get_secret_value(), settings.home / "erasure.key")
    return Database(settings.store_url, key)
